//! The contract suite for usage counters.

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use riffle_ports::{CountedUse, Ids, UsageCounters};

use super::ok;

/// Checks everything that [`UsageCounters`] promises.
///
/// # Panics
/// If a promise is broken.
pub async fn usage_counters(counters: &dyn UsageCounters, ids: &dyn Ids) {
    let tenant = ids.fresh();
    let start = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(30_000);
    let window = (start, start + TimeDelta::days(1));
    let add = async |tenant: &str, used, amount, limit| {
        ok(counters.add(tenant, used, window, amount, limit).await, "add")
    };
    assert!(
        !add(&tenant, CountedUse::Scans, 4, 3).await,
        "the first amount is refused if it exceeds the limit"
    );
    assert!(add(&tenant, CountedUse::Scans, 2, 3).await);
    assert!(!add(&tenant, CountedUse::Scans, 2, 3).await, "an amount that exceeds the remainder is refused");
    assert!(add(&tenant, CountedUse::Scans, 1, 3).await, "a refused amount is not counted");
    assert!(!add(&tenant, CountedUse::Scans, 1, 3).await);
    assert!(add(&tenant, CountedUse::Scans, 1, 4).await, "a limit can be raised");
    assert!(!add(&tenant, CountedUse::Scans, 1, 1).await, "a limit can be lowered");

    assert!(add(&tenant, CountedUse::Requests, 1, 1).await, "another kind of use is counted separately");
    assert!(add(&ids.fresh(), CountedUse::Scans, 1, 1).await, "another tenant is counted separately");
    let later = (window.1, window.1 + TimeDelta::days(1));
    assert!(
        ok(counters.add(&tenant, CountedUse::Scans, later, 3, 3).await, "add"),
        "another window is counted separately"
    );

    let large = u64::MAX >> 1;
    assert!(add(&tenant, CountedUse::UploadBytes, large, large).await, "large amounts are counted");
    assert!(!add(&tenant, CountedUse::UploadBytes, 1, large).await);

    let at_once = join_all((0..20).map(|_| add(&tenant, CountedUse::OcrPages, 1, 7))).await;
    assert_eq!(
        at_once.iter().filter(|added| **added).count(),
        7,
        "of concurrent calls exactly those within the limit succeed"
    );
}
