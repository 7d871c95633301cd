//! One transaction: converts the values inside `STMTTRN` to a row.

use rust_decimal::Decimal;

use super::{AccountContext, Inside, account, currency, day};
use crate::number::{Absurd, Scanned};
use crate::readable::clean;
use crate::{DecimalMark, Identity, Row, RowPlace, repeats};

/// Ids that banks give to every transaction, so that they identify none.
const NO_IDS: [&str; 6] = ["0", "NONE", "N/A", "NA", "NULL", "-"];

/// The values as written in the file.
#[derive(Debug)]
pub(super) struct OfxEntry {
    pub place: RowPlace,
    pub kind: String,
    pub amount: String,
    posted: String,
    available: String,
    id: String,
    name: String,
    payee: String,
    memo: String,
    check: String,
    other_account: String,
    currency: Option<String>,
}

impl OfxEntry {
    pub fn new(place: RowPlace) -> Self {
        Self {
            place,
            kind: String::new(),
            amount: String::new(),
            posted: String::new(),
            available: String::new(),
            id: String::new(),
            name: String::new(),
            payee: String::new(),
            memo: String::new(),
            check: String::new(),
            other_account: String::new(),
            currency: None,
        }
    }

    /// Stores a value of the transaction. If a value occurs twice, the first one counts.
    pub fn value(&mut self, inside: Option<Inside>, name: &str, text: &str) {
        let field = match (inside, name) {
            (Some(Inside::Currency), "CURSYM") => {
                self.currency = currency(text);
                return;
            }
            (Some(Inside::Payee), "NAME") => &mut self.payee,
            (Some(Inside::OtherAccount), "ACCTID") => &mut self.other_account,
            (Some(Inside::Aside | Inside::Currency | Inside::Payee | Inside::OtherAccount), _) => return,
            (_, "TRNTYPE") => &mut self.kind,
            (_, "DTPOSTED") => &mut self.posted,
            (_, "DTAVAIL") => &mut self.available,
            (_, "TRNAMT") => &mut self.amount,
            (_, "FITID") => &mut self.id,
            (_, "NAME") => &mut self.name,
            // The extended name, which some banks use.
            (_, "EXTDNAME") => &mut self.payee,
            (_, "MEMO") => &mut self.memo,
            (_, "CHECKNUM") => &mut self.check,
            _ => return,
        };
        if field.is_empty() {
            field.push_str(text);
        }
    }

    fn reference(&self) -> Option<&str> {
        let id = self.id.trim();
        let none = id.is_empty() || NO_IDS.iter().any(|none| none.eq_ignore_ascii_case(id));
        (!none).then_some(id)
    }

    /// Returns the fields that form the identity if the bank gives no id.
    fn fields(&self) -> [&[u8]; 8] {
        let own = self.currency.as_deref().unwrap_or_default();
        [&self.posted, &self.amount, &self.kind, &self.name, &self.payee, &self.memo, &self.check, own]
            .map(str::as_bytes)
    }

    /// Returns the key of the transaction, which is the same for rows of the same identity.
    pub fn key(&self) -> u64 {
        match self.reference() {
            Some(reference) => repeats::key([reference.as_bytes()]),
            None => repeats::key(self.fields()),
        }
    }

    /// Returns the row, and whether its amount uses a different decimal mark than the file; or a description of the
    /// fault.
    pub fn row(
        &self,
        owner: &AccountContext,
        mark: DecimalMark,
        by_kind: bool,
    ) -> Result<(Row, bool), String> {
        let date = day(&self.posted).ok_or_else(|| match &*self.posted {
            "" => "skipped: the transaction has no date".to_owned(),
            posted => format!("skipped: {posted:?} is not a date"),
        })?;
        let value = Scanned::of(&self.amount).map(|amount| amount.value(mark));
        let value = match value {
            Some(Ok(value)) => value,
            Some(Err(Absurd)) => return Err(format!("skipped: the amount {:?} is too large", self.amount)),
            None if self.amount.is_empty() => {
                return Err("skipped: the transaction has no amount".to_owned());
            }
            None => return Err(format!("skipped: {:?} is not an amount", self.amount)),
        };
        let outgoing = by_kind && self.kind.eq_ignore_ascii_case("DEBIT");
        let amount: Decimal = if outgoing { -value.amount } else { value.amount };
        let currency = self.currency.clone().or_else(|| owner.currency.clone());
        let account_id = owner.account.as_deref();
        let identity = match self.reference() {
            Some(reference) => {
                Identity::of_reference(account_id, reference, date, amount, currency.as_deref())
            }
            None => Identity::of_fields(account_id, self.fields()),
        };
        let description = self.description();
        let row = Row {
            place: self.place,
            account: owner.account.clone(),
            date,
            value_date: day(&self.available),
            amount,
            currency,
            clean: clean(&description),
            description,
            counterparty: self.counterparty(),
            balance: None,
            kind: some(&self.kind),
            reference: self.reference().map(str::to_owned),
            identity,
            occurrence: 1,
        };
        Ok((row, value.odd))
    }

    /// Returns name and memo. If the memo begins with the name, the name is not repeated.
    fn description(&self) -> String {
        let name = if self.name.is_empty() { &self.payee } else { &self.name };
        match (&**name, &*self.memo) {
            ("", "") if !self.check.is_empty() => self.check.clone(),
            ("", "") => self.kind.clone(),
            (name, "") => name.to_owned(),
            ("", memo) => memo.to_owned(),
            (name, memo) if memo.starts_with(name) => memo.to_owned(),
            (name, memo) => format!("{name} {memo}"),
        }
    }

    fn counterparty(&self) -> Option<String> {
        some(&self.payee).or_else(|| some(&self.name)).or_else(|| account(&self.other_account))
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
