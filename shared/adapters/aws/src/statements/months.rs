//! Notes of the months that contain rows.
//!
//! A batch of rows is stored on the condition that its months are noted. An empty month is removed in three steps: it
//! is marked as closing, checked once more, and its note is deleted only if the mark is still the same. So a batch
//! stored before is seen, and a later batch is refused and notes the month again. The first figures of a month are
//! stored on the same condition, and do not note it.

use aws_sdk_dynamodb::types::ReturnValue;
use riffle_ports::{Month, PortError, TransactionKey};

use super::transaction_item::partition;
use crate::change::ItemChange;
use crate::item::{Item, ItemReader, number, text};
use crate::records::own;
use crate::table::{KeyRange, PK, SK, Table, UpdateResult, key};
use crate::transact::TransactStep;

/// The number of times the month was closed: it identifies the mark.
const CLOSED: &str = "cl";
/// The closing mark.
const CLOSING: &str = "cg";

/// A month that is being closed.
pub(super) struct Closing {
    note: Item,
    by: u64,
}

pub(super) fn of(tenant: &str) -> String {
    format!("M#{}", own(tenant))
}

fn note(tenant: &str, account: &str, month: Month) -> Item {
    key(of(tenant), format!("{month}#{account}"))
}

/// Notes the month of a row; a month that is being closed becomes open again.
pub(super) async fn open(table: &Table, tenant: &str, of: &TransactionKey) -> Result<(), PortError> {
    let mut change = ItemChange::default();
    change.remove(CLOSING);
    table.update(note(tenant, &of.account, of.month()), change, ReturnValue::None).await?;
    Ok(())
}

/// Removes the closing mark of a month that holds transactions: the process that set it may have crashed. `false`: the
/// month is empty, or has no note.
pub(super) async fn reopen(
    table: &Table,
    tenant: &str,
    account: &str,
    month: Month,
) -> Result<bool, PortError> {
    if is_empty(table, tenant, account, month).await? {
        return Ok(false);
    }
    let mut change = ItemChange::default();
    let there = change.is_present(PK);
    change.require(there);
    change.remove(CLOSING);
    let opened = table.update(note(tenant, account, month), change, ReturnValue::None).await?;
    Ok(matches!(opened, UpdateResult::Applied(_)))
}

/// The condition that the month has a note without a closing mark.
pub(super) fn check_open(tenant: &str, account: &str, month: Month) -> TransactStep {
    let mut open = ItemChange::default();
    let (there, closing) = (open.is_present(PK), open.is_absent(CLOSING));
    open.require(there);
    open.require(closing);
    TransactStep::Check(note(tenant, account, month), open)
}

async fn is_empty(table: &Table, tenant: &str, account: &str, month: Month) -> Result<bool, PortError> {
    let any = KeyRange { limit: Some(1), ..KeyRange::of(None, PK, partition(tenant, account, month)) };
    Ok(table.query(any).await?.is_empty())
}

/// Closes a month. `None` if it contains rows; it is then open.
pub(super) async fn close(
    table: &Table,
    tenant: &str,
    account: &str,
    month: Month,
) -> Result<Option<Closing>, PortError> {
    let note = note(tenant, account, month);
    let mut change = ItemChange::default();
    change.add(CLOSED, number(1));
    change.set(CLOSING, text("1"));
    let UpdateResult::Applied(item) = table.update(note.clone(), change, ReturnValue::AllNew).await? else {
        return Err(PortError::Broken("a month cannot be closed".to_owned()));
    };
    let by = ItemReader { item: &item, what: "a month" }.number(CLOSED)?;
    if is_empty(table, tenant, account, month).await? {
        return Ok(Some(Closing { note, by }));
    }
    let mut reopen = closed_by(by);
    reopen.remove(CLOSING);
    // A refusal means that another process has opened or closed it.
    table.update(note, reopen, ReturnValue::None).await?;
    Ok(None)
}

/// Removes the note of a closed month, unless it was opened since. Returns whether the note is gone.
pub(super) async fn forget(table: &Table, closing: Closing) -> Result<bool, PortError> {
    Ok(match table.delete_if(closing.note, closed_by(closing.by)).await? {
        UpdateResult::Applied(_) => true,
        UpdateResult::Refused(found) => found.is_none(),
    })
}

fn closed_by(by: u64) -> ItemChange {
    let mut condition = ItemChange::if_equal(CLOSED, number(by));
    let closing = condition.is_present(CLOSING);
    condition.require(closing);
    condition
}

/// Returns the account and month of a note.
pub(super) fn decode(item: &Item) -> Result<(String, Month), PortError> {
    let sort = ItemReader { item, what: "a month" }.text(SK)?;
    let (month, account) = sort.split_once('#').unwrap_or_default();
    let month = month.parse().map_err(|_| PortError::Broken("a month under an invalid key".to_owned()))?;
    Ok((account.to_owned(), month))
}
