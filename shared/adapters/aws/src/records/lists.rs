//! Items found through indexes and read from the table, because indexes are eventually consistent.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use riffle_ports::PortError;

use super::{LIST, LISTED_AT, OPEN_SHARD};
use crate::item::{Item, ItemReader, sortable};
use crate::table::{KeyRange, PK, SK, Table, key};

/// The partition key and sort key of an item.
pub(super) type Keys = (String, String);

/// An index, and its partition key.
#[derive(Clone, Copy)]
pub(super) struct Index(&'static str, &'static str);

pub(super) const OPEN: Index = Index("open", OPEN_SHARD);
pub(super) const LISTED: Index = Index("listed", LIST);

/// A range of one partition of an index: from one place, up to but not including another.
#[derive(Default)]
pub(super) struct Stretch {
    pub partition: String,
    pub from: Option<String>,
    pub to: Option<String>,
    pub newest_first: bool,
}

/// Returns the beginning of a time in an index. No item is exactly there, because ids follow the time.
pub(super) fn moment(time: DateTime<Utc>) -> String {
    sortable(time)
}

/// Returns the place right after `at`: ids contain no control characters.
pub(super) fn behind(at: &str) -> String {
    format!("{at}\u{1}")
}

/// Returns at most `limit` keys in the order of the index, and the last place read if there may be more.
pub(super) async fn page(
    table: &Table,
    Index(index, partition): Index,
    stretch: Stretch,
    limit: usize,
) -> Result<(Vec<Keys>, Option<String>), PortError> {
    let part = KeyRange::of(Some(index), partition, stretch.partition);
    let part = match (stretch.from, stretch.to) {
        (None, None) => part,
        (Some(from), None) => part.and(LISTED_AT, ">=", from),
        (None, Some(to)) => part.and(LISTED_AT, "<", to),
        (Some(from), Some(to)) if from >= to => return Ok((Vec::new(), None)),
        // BETWEEN includes both ends, but no item is at `to`: it is a bare time.
        (Some(from), Some(to)) => part.between(LISTED_AT, from, to),
    };
    let part = KeyRange { descending: stretch.newest_first, limit: Some(limit), ..part };
    let listed = table.query(part).await?;
    let last = listed.last().filter(|_| listed.len() >= limit);
    let last = last.map(|item| ItemReader { item, what: "a listed item" }.text(LISTED_AT)).transpose()?;
    Ok((listed.iter().map(keys_of).collect::<Result<_, _>>()?, last))
}

/// Returns the items of these keys, each once, in the order of `wanted`. Items that no longer exist are left out.
pub(super) async fn fetch(table: &Table, wanted: Vec<Keys>) -> Result<Vec<Item>, PortError> {
    let distinct: BTreeSet<&Keys> = wanted.iter().collect();
    let distinct = distinct.into_iter().map(|(pk, sk)| key(pk.as_str(), sk.as_str()));
    let found = table.get_all(distinct.collect()).await?;
    let mut by_keys = HashMap::with_capacity(found.len());
    for item in found {
        by_keys.insert(keys_of(&item)?, item);
    }
    // The batch read returned them in no order.
    Ok(wanted.iter().filter_map(|keys| by_keys.remove(keys)).collect())
}

fn keys_of(item: &Item) -> Result<Keys, PortError> {
    let reading = ItemReader { item, what: "a listed item" };
    Ok((reading.text(PK)?, reading.text(SK)?))
}
