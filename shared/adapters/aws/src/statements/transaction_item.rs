//! A transaction as an item.
//!
//! The data from the file is one attribute, stored only if it is absent: the first file to store a row defines it. The
//! files that show the row are a set, so that none is counted twice. A missing category is `NULL`, so that a row whose
//! category was removed differs from a new one.

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::NaiveDate;
use riffle_ports::{Category, FileId, Month, PortError, Transaction, TransactionKey};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::change::ItemChange;
use crate::compression::long;
use crate::item::{Item, ItemReader, text};
use crate::records::own;
use crate::table::key;

pub(super) const FILES: &str = "fs";
pub(super) const CATEGORY: &str = "ca";
const ROW_FIELDS: &str = "ro";

/// The data from a file, with short names: most rows are below a kilobyte, for which a write bills one unit.
#[derive(Serialize, Deserialize)]
struct RowFields<'a> {
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    value_date: Option<NaiveDate>,
    #[serde(rename = "a", with = "rust_decimal::serde::str")]
    amount: Decimal,
    #[serde(rename = "u")]
    currency: CowText<'a>,
    #[serde(rename = "d")]
    description: CowText<'a>,
    /// Left out if it equals the description.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    clean: Option<CowText<'a>>,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    counterparty: Option<CowText<'a>>,
    #[serde(
        rename = "b",
        default,
        skip_serializing_if = "Option::is_none",
        with = "rust_decimal::serde::str_option"
    )]
    balance: Option<Decimal>,
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    kind: Option<CowText<'a>>,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    reference: Option<CowText<'a>>,
    #[serde(rename = "f")]
    file: CowText<'a>,
    #[serde(rename = "w")]
    place: CowText<'a>,
}

type CowText<'a> = std::borrow::Cow<'a, str>;

/// Returns the partition of an account's month.
pub(super) fn partition(tenant: &str, account: &str, month: Month) -> String {
    format!("T#{}#{month}#{account}", own(tenant))
}

/// Returns a sort key; it sorts as the keys of one account do.
pub(super) fn sort_key(key: &TransactionKey) -> String {
    format!("{}#{}#{:010}", key.date.format("%Y-%m-%d"), key.identity, key.occurrence)
}

pub(super) fn row_key(tenant: &str, of: &TransactionKey) -> Item {
    key(partition(tenant, &of.account, of.month()), sort_key(of))
}

/// Adds `file` to the files that show `row`, and stores the row unless it exists.
pub(super) fn show(row: &Transaction, file: &FileId) -> Result<ItemChange, PortError> {
    let fields = RowFields {
        value_date: row.value_date,
        amount: row.amount,
        currency: row.currency.as_str().into(),
        description: row.description.as_str().into(),
        clean: (row.clean != row.description).then(|| row.clean.as_str().into()),
        counterparty: row.counterparty.as_deref().map(Into::into),
        balance: row.balance,
        kind: row.kind.as_deref().map(Into::into),
        reference: row.reference.as_deref().map(Into::into),
        file: file.0.as_str().into(),
        place: row.place.as_str().into(),
    };
    let fields = serde_json::to_string(&fields)
        .map_err(|error| PortError::Broken(format!("a transaction: {error}")))?;
    let mut change = ItemChange::default();
    change.set_once(ROW_FIELDS, long(&fields));
    change.set_once(CATEGORY, category(row.category.as_ref())?);
    change.add(FILES, AttributeValue::Ss(vec![file.0.clone()]));
    Ok(change)
}

pub(super) fn category(category: Option<&Category>) -> Result<AttributeValue, PortError> {
    let Some(category) = category else { return Ok(AttributeValue::Null(true)) };
    let kept = (&category.name, &category.source, category.confidence);
    let json = serde_json::to_string(&kept);
    json.map(text).map_err(|error| PortError::Broken(format!("a category: {error}")))
}

pub(super) fn decode(key: TransactionKey, item: &Item) -> Result<Transaction, PortError> {
    let what = "a stored transaction";
    let reading = ItemReader { item, what };
    let broken = |error: serde_json::Error| PortError::Broken(format!("{what}: {error}"));
    let fields = reading.long(ROW_FIELDS)?;
    let fields: RowFields = serde_json::from_str(&fields).map_err(broken)?;
    let category = match item.get(CATEGORY) {
        None | Some(AttributeValue::Null(_)) => None,
        Some(_) => {
            let kept = reading.text(CATEGORY)?;
            let (name, source, confidence) = serde_json::from_str(&kept).map_err(broken)?;
            Some(Category { name, source, confidence })
        }
    };
    let description = fields.description.into_owned();
    Ok(Transaction {
        key,
        value_date: fields.value_date,
        amount: fields.amount,
        currency: fields.currency.into_owned(),
        clean: fields.clean.map_or_else(|| description.clone(), CowText::into_owned),
        description,
        counterparty: fields.counterparty.map(CowText::into_owned),
        balance: fields.balance,
        kind: fields.kind.map(CowText::into_owned),
        reference: fields.reference.map(CowText::into_owned),
        file: FileId(fields.file.into_owned()),
        place: fields.place.into_owned(),
        category,
    })
}

/// Restores the key from an item of an account's month.
pub(super) fn key_of(account: &str, sort: &str) -> Option<TransactionKey> {
    let (date, rest) = sort.split_once('#')?;
    let (identity, occurrence) = rest.rsplit_once('#')?;
    Some(TransactionKey {
        account: account.to_owned(),
        date: date.parse().ok()?,
        identity: identity.to_owned(),
        occurrence: occurrence.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(day: u32, identity: &str, occurrence: u32) -> TransactionKey {
        let date = NaiveDate::from_ymd_opt(2026, 1, day).expect("a day");
        TransactionKey { account: "a".to_owned(), date, identity: identity.to_owned(), occurrence }
    }

    #[test]
    fn keys_sort_and_come_back() {
        let ascending = [
            key(1, "ff", 1),
            key(2, "a", 9),
            key(2, "aa", 1),
            key(2, "aa", 2),
            key(2, "aa", 10),
            key(2, "aa0", 1),
            key(10, "0", u32::MAX),
        ];
        let sorts: Vec<String> = ascending.iter().map(sort_key).collect();
        assert!(ascending.is_sorted() && sorts.is_sorted(), "{sorts:?}");
        let back: Vec<TransactionKey> = sorts.iter().filter_map(|sort| key_of("a", sort)).collect();
        assert_eq!(back, ascending);
        assert_eq!(key_of("a", "2026-01-01#x"), None);
    }

    #[test]
    fn no_tenant_reaches_into_anothers_account() {
        let month = Month::of(NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day"));
        let (one, two) = (partition("a", "b#2026-01#c", month), partition("a#2026-01#b", "c", month));
        assert_ne!(one, two);
        assert_ne!(partition("a%23", "", month), partition("a#", "", month));
    }
}
