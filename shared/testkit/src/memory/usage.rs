//! Usage counters of tenants, in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{CountedUse, PortError, UsageCounters};

use super::lock;

/// [`UsageCounters`] in memory.
#[derive(Debug, Default)]
pub struct MemoryUsage(Mutex<BTreeMap<UsageKey, u64>>);

/// A tenant, the counted use, and the start of the period.
type UsageKey = (String, CountedUse, DateTime<Utc>);

#[async_trait]
impl UsageCounters for MemoryUsage {
    async fn add(
        &self,
        tenant: &str,
        used: CountedUse,
        (start, _): (DateTime<Utc>, DateTime<Utc>),
        amount: u64,
        limit: u64,
    ) -> Result<bool, PortError> {
        let mut counts = lock(&self.0);
        let count = counts.entry((tenant.to_owned(), used, start)).or_default();
        let fits = count.checked_add(amount).is_some_and(|sum| sum <= limit);
        if fits {
            *count += amount;
        }
        Ok(fits)
    }
}
