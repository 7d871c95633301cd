//! Lists of transactions for people: newest first over all accounts, or in the order of a file; filtered and paged.

use std::collections::BinaryHeap;
use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use riffle_contracts::{NoCursor, number};
use riffle_ports::{Failure, FileId, Month, Transaction, TransactionKey};
use rust_decimal::Decimal;

use crate::Statements;
use crate::state::file::FileState;

/// Transactions of one account read in one call, at most and at least: with many accounts, a page shows few of each.
const PAGE: u32 = 200;
const SMALL_PAGE: u32 = 16;
/// Bytes of a page, at most, as [`in_answer`] counts them: a Lambda function's response is limited to 6 MB.
pub(crate) const PAGE_BYTES: usize = 4_000_000;
/// Sorts after every identity.
const LAST_IDENTITY: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

/// Which transactions to show. All fields that are set must match.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    pub account: Option<String>,
    pub category: Option<String>,
    pub uncategorised: bool,
    /// Part of a description, the counterparty's name or the reference, in any case.
    pub text: Option<String>,
    /// The first and last day, both included.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    /// Of the signed amount, both included.
    pub min: Option<Decimal>,
    pub max: Option<Decimal>,
    /// Only transactions of this file, in its order.
    pub file: Option<FileId>,
}

/// The cursor belongs to another list: it is of a file's transactions where all are listed, or the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherList;

/// A page of transactions.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionListing {
    pub transactions: Vec<Transaction>,
    /// The cursor of the next page. `None` at the end.
    pub next: Option<TransactionCursor>,
}

/// The position at which a list continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionCursor {
    /// After this transaction. As text: its day (counted from the year 1), occurrence, identity and account.
    Key(TransactionKey),
    /// At this part of the file, and this row of the part.
    Part(u32, usize),
}

impl TransactionCursor {
    /// A regular expression that exactly the texts of cursors match.
    pub const PATTERN: &str =
        r"^([0-9]{1,9}\.[0-9]{1,9}|[0-9]{1,7}\.[0-9]{1,9}\.[0-9a-f]{2,64}\.[^\u0000-\u001f\u007f-\u009f]*)$";
}

impl fmt::Display for TransactionCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => {
                let day = key.date.num_days_from_ce();
                write!(f, "{day}.{}.{}.{}", key.occurrence, key.identity, key.account)
            }
            Self::Part(part, row) => write!(f, "{part}.{row}"),
        }
    }
}

impl FromStr for TransactionCursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        Self::read(text).ok_or(NoCursor)
    }
}

impl TransactionCursor {
    fn read(text: &str) -> Option<Self> {
        let (first, rest) = text.split_once('.')?;
        let Some((occurrence, rest)) = rest.split_once('.') else {
            return Some(Self::Part(number(first, 9)?, number(rest, 9)?));
        };
        let date = NaiveDate::from_num_days_from_ce_opt(number(first, 7)?)?;
        let (identity, account) = rest.split_once('.')?;
        let hex = (2..=64).contains(&identity.len())
            && identity.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            && !account.contains(char::is_control);
        let (account, identity) = (account.to_owned(), identity.to_owned());
        let occurrence = number(occurrence, 9)?;
        hex.then_some(Self::Key(TransactionKey { account, date, identity, occurrence }))
    }
}

/// The position of a transaction in a list, newest first: descending by day, then by account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Position {
    date: NaiveDate,
    account: String,
    identity: String,
    occurrence: u32,
}

impl From<&TransactionKey> for Position {
    fn from(key: &TransactionKey) -> Self {
        let key = key.clone();
        Self { date: key.date, account: key.account, identity: key.identity, occurrence: key.occurrence }
    }
}

/// The position of an account's next transaction, and the transactions read ahead.
struct AccountAhead {
    position: Position,
    /// In reverse order: the next one is the last.
    rest: Vec<Transaction>,
    /// Whether the store may have more.
    more: bool,
}

impl PartialEq for AccountAhead {
    fn eq(&self, other: &Self) -> bool {
        self.position == other.position
    }
}

impl Eq for AccountAhead {}

impl PartialOrd for AccountAhead {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for AccountAhead {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.position.cmp(&other.position)
    }
}

/// Returns the largest number of bytes that a text takes in a response. The response is a JSON text within another one:
/// a quote becomes `\\\"`, and a control character `\\u0000`.
pub(crate) fn in_answer(text: &str) -> usize {
    let byte = |byte| match byte {
        b'"' | b'\\' => 4,
        0..=0x1f | 0x7f => 7,
        _ => 1,
    };
    text.bytes().map(byte).sum()
}

/// The transactions found for a page.
struct FoundTransactions<'f> {
    filter: &'f Filter,
    limit: usize,
    transactions: Vec<Transaction>,
    bytes: usize,
}

impl<'f> FoundTransactions<'f> {
    fn new(filter: &'f Filter, limit: usize) -> Self {
        Self { filter, limit, transactions: Vec::new(), bytes: 0 }
    }

    fn look_at(&mut self, transaction: Transaction) {
        if self.filter.lets_through(&transaction) {
            self.bytes += bytes(&transaction);
            self.transactions.push(transaction);
        }
    }

    fn is_full(&self) -> bool {
        self.transactions.len() >= self.limit || self.bytes >= PAGE_BYTES
    }
}

/// Returns the number of bytes that a transaction takes in a response, at most.
fn bytes(transaction: &Transaction) -> usize {
    /// Bytes of the names of fields, dates, amounts and ids.
    const OTHERS: usize = 700;
    let texts = [
        Some(&transaction.key.account),
        Some(&transaction.description),
        Some(&transaction.clean),
        transaction.counterparty.as_ref(),
        transaction.kind.as_ref(),
        transaction.reference.as_ref(),
        transaction.category.as_ref().map(|category| &category.name),
    ];
    OTHERS + texts.into_iter().flatten().map(|text| in_answer(text)).sum::<usize>()
}

impl Filter {
    fn lets_through(&self, transaction: &Transaction) -> bool {
        let category = transaction.category.as_ref().map(|category| category.name.as_str());
        let amount = transaction.amount;
        let date = transaction.key.date;
        self.account.as_ref().is_none_or(|account| *account == transaction.key.account)
            && self.category.as_deref().is_none_or(|wanted| category == Some(wanted))
            && (!self.uncategorised || category.is_none())
            && self.from.is_none_or(|from| date >= from)
            && self.to.is_none_or(|to| date <= to)
            && self.min.is_none_or(|min| amount >= min)
            && self.max.is_none_or(|max| amount <= max)
            && self.text.as_deref().is_none_or(|text| holds(transaction, text))
    }
}

fn holds(transaction: &Transaction, text: &str) -> bool {
    let text = text.to_lowercase();
    [
        Some(&transaction.description),
        Some(&transaction.clean),
        transaction.counterparty.as_ref(),
        transaction.reference.as_ref(),
    ]
    .into_iter()
    .flatten()
    .any(|field| field.to_lowercase().contains(&text))
}

impl Statements {
    /// Returns at most `limit` transactions. A page may be short, even empty, without being the last one, because the
    /// rows that one request looks at and the bytes of a response are limited.
    pub async fn list(
        &self,
        tenant: &str,
        filter: &Filter,
        after: Option<TransactionCursor>,
        limit: usize,
    ) -> Result<Result<TransactionListing, OtherList>, Failure> {
        match (&filter.file, after) {
            (Some(file), None) => self.list_file(tenant, file, filter, (0, 0), limit).await.map(Ok),
            (Some(file), Some(TransactionCursor::Part(part, row))) => {
                self.list_file(tenant, file, filter, (part, row), limit).await.map(Ok)
            }
            (None, None) => self.list_all(tenant, filter, None, limit).await.map(Ok),
            (None, Some(TransactionCursor::Key(key))) => {
                self.list_all(tenant, filter, Some(Position::from(&key)), limit).await.map(Ok)
            }
            _ => Ok(Err(OtherList)),
        }
    }

    async fn list_all(
        &self,
        tenant: &str,
        filter: &Filter,
        after: Option<Position>,
        limit: usize,
    ) -> Result<TransactionListing, Failure> {
        let mut months = self.transactions.months(tenant).await?;
        months.retain(|(account, month)| {
            filter.account.as_ref().is_none_or(|wanted| wanted == account)
                && filter.from.is_none_or(|from| *month >= Month::of(from))
                && filter.to.is_none_or(|to| *month <= Month::of(to))
                && after.as_ref().is_none_or(|after| *month <= Month::of(after.date))
        });
        months.sort_by(|(one, this), (other, that)| (that, one).cmp(&(this, other)));
        let (mut found, mut looked) = (FoundTransactions::new(filter, limit), 0);
        let mut months = months.as_slice();
        while let Some((_, month)) = months.first() {
            let of_month = months.iter().take_while(|(_, other)| other == month).count();
            let (now, later) = months.split_at(of_month);
            months = later;
            let share = u32::try_from(2 * limit / of_month).unwrap_or(PAGE).clamp(SMALL_PAGE, PAGE);
            let mut heap = BinaryHeap::new();
            for (account, month) in now {
                let from = after.as_ref().map(|after| bound(account, after));
                if let Some(ahead) = self.ahead(tenant, account, *month, from.as_ref(), share).await? {
                    heap.push(ahead);
                }
            }
            while let Some(AccountAhead { position, mut rest, more }) = heap.pop() {
                let next = rest.pop().expect("an entry on the heap has a transaction");
                looked += 1;
                if rest.is_empty() && more {
                    let account = &next.key.account;
                    if let Some(ahead) = self.ahead(tenant, account, *month, Some(&next.key), PAGE).await? {
                        heap.push(ahead);
                    }
                } else if let Some(following) = rest.last() {
                    heap.push(AccountAhead { position: Position::from(&following.key), rest, more });
                }
                found.look_at(next);
                if found.is_full() || looked >= self.settings.look_at_most {
                    let Position { date, account, identity, occurrence } = position;
                    let next = (!heap.is_empty() || !months.is_empty()).then_some(TransactionCursor::Key(
                        TransactionKey { account, date, identity, occurrence },
                    ));
                    return Ok(TransactionListing { transactions: found.transactions, next });
                }
            }
        }
        Ok(TransactionListing { transactions: found.transactions, next: None })
    }

    async fn ahead(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        after: Option<&TransactionKey>,
        page: u32,
    ) -> Result<Option<AccountAhead>, Failure> {
        let mut rest = self.transactions.month(tenant, account, month, true, after, page).await?;
        let more = rest.len() >= page as usize;
        rest.reverse();
        Ok(rest.last().map(|next| Position::from(&next.key)).map(|position| AccountAhead {
            position,
            rest,
            more,
        }))
    }

    async fn list_file(
        &self,
        tenant: &str,
        file: &FileId,
        filter: &Filter,
        (mut part, mut row): (u32, usize),
        limit: usize,
    ) -> Result<TransactionListing, Failure> {
        let record = self.file(tenant, file).await?.filter(|file| file.state != FileState::Deleted);
        let Some(record) = record else {
            return Ok(TransactionListing { transactions: Vec::new(), next: None });
        };
        let (first, parts) = (record.findings.first_part, record.parts);
        if part < first {
            (part, row) = (first, 0);
        }
        let (mut found, mut looked) = (FoundTransactions::new(filter, limit), 0);
        while part < parts {
            let keys = self.part(tenant, file, part).await?.unwrap_or_default();
            let rest = keys.get(row..).unwrap_or_default();
            for batch in rest.chunks(self.transactions.batch().clamp(1, limit.max(1))) {
                for transaction in self.transactions.get(tenant, batch).await? {
                    row += 1;
                    looked += 1;
                    if let Some(transaction) = transaction {
                        found.look_at(transaction);
                    }
                    if found.is_full() || looked >= self.settings.look_at_most {
                        let next = if row < keys.len() { (part, row) } else { (part + 1, 0) };
                        let next = (next.0 < parts).then_some(TransactionCursor::Part(next.0, next.1));
                        return Ok(TransactionListing { transactions: found.transactions, next });
                    }
                }
            }
            (part, row) = (part + 1, 0);
        }
        Ok(TransactionListing { transactions: found.transactions, next: None })
    }
}

/// Returns the key after which `account` continues in a list that has reached `after`.
fn bound(account: &str, after: &Position) -> TransactionKey {
    use std::cmp::Ordering;
    let (identity, occurrence) = match account.cmp(&after.account) {
        Ordering::Equal => (after.identity.clone(), after.occurrence),
        // Its transactions of that day are still to be listed.
        Ordering::Less => (LAST_IDENTITY.to_owned(), u32::MAX),
        // Its transactions of that day have been listed.
        Ordering::Greater => (String::new(), 0),
    };
    TransactionKey { account: account.to_owned(), date: after.date, identity, occurrence }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_trip_and_nonsense_does_not() {
        let key = TransactionKey {
            account: "DE02 1203.0000 ä".to_owned(),
            date: NaiveDate::from_ymd_opt(2024, 2, 29).expect("a day"),
            identity: LAST_IDENTITY.to_owned(),
            occurrence: 2,
        };
        for cursor in [TransactionCursor::Key(key), TransactionCursor::Part(3, 4_999)] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        let last = format!("9999999.999999999.{LAST_IDENTITY}.");
        assert!(last.parse::<TransactionCursor>().is_ok(), "the last that fits");
        let (long, control) = (format!("1.1.{LAST_IDENTITY}0.a"), format!("1.1.{LAST_IDENTITY}.a\nb"));
        for text in ["", "1", "1.", "+1.1", "1.1.1", "1.1.1.a", &long, &control] {
            assert_eq!(text.parse::<TransactionCursor>(), Err(NoCursor), "{text}");
        }
    }
}
