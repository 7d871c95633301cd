//! Tenants' usage: one item for each count of one time window, which the table removes some time after the window.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::ReturnValue;
use chrono::{DateTime, Utc};
use riffle_ports::{CountedUse, PortError, UsageCounters};

use crate::change::ItemChange;
use crate::item::number;
use crate::table::{EXPIRES_AT, Table, UpdateResult, key};

const COUNT: &str = "count";

/// The counts, in `SCAN_TABLE`.
#[derive(Debug, Clone)]
pub struct DynamoUsage {
    pub(crate) table: Table,
}

#[async_trait]
impl UsageCounters for DynamoUsage {
    async fn add(
        &self,
        tenant: &str,
        used: CountedUse,
        (start, end): (DateTime<Utc>, DateTime<Utc>),
        amount: u64,
        limit: u64,
    ) -> Result<bool, PortError> {
        let Some(room) = limit.checked_sub(amount) else { return Ok(false) };
        let mut change = ItemChange::default();
        let absent = change.is_absent(COUNT);
        let fits = change.compare(COUNT, "<=", number(room));
        change.require(format!("{absent} OR {fits}"));
        change.add(COUNT, number(amount));
        change.set(EXPIRES_AT, number(end.timestamp() + 1));
        let item = key(format!("Q#{tenant}"), format!("{}#{}", used.name(), start.timestamp()));
        Ok(matches!(self.table.update(item, change, ReturnValue::None).await?, UpdateResult::Applied(_)))
    }
}
