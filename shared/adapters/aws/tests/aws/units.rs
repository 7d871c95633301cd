//! Recorded usage: the units of a scan's writes determine its price.

use std::collections::BTreeSet;

use bytes::Bytes;
use riffle_ports::{
    Attempt, Clock as _, Counts, Frozen, Ids, Lease, Message, ObjectStore as _, ResultBody, ScanLedger as _,
    Sealed, Session, SessionId, StoredResult, Transition, Usage, WorkQueue as _,
};
use riffle_runtime::{RandomIds, SystemClock};
use riffle_topology::scan;

use crate::world::World;

impl World {
    /// Returns the usage recorded since the last call.
    fn used(&self) -> Usage {
        self.meter.take(SystemClock.now())
    }
}

fn writes(table_write_units: u64) -> Usage {
    Usage { table_write_units, ..Usage::default() }
}

fn reads(table_read_half_units: u64) -> Usage {
    Usage { table_read_half_units, ..Usage::default() }
}

fn result(body: String) -> StoredResult {
    StoredResult { failed: false, matches: 3, bytes: 11_396, pages: 2, body: ResultBody::Inline(body) }
}

#[tokio::test]
async fn a_file_of_a_scan() {
    let world = World::new().await;
    let ledger = world.aws.ledger(&world.scan_table().await);
    let now = SystemClock.now();
    let id = SessionId(RandomIds.fresh());
    let request = format!("{{\"codes_digest\":\"{}\",\"codes\":500}}", "0123456789abcdef".repeat(4));
    let session = Session::new(id.clone(), "tenant".to_owned(), request, now, now);
    ledger.create(session.clone()).await.expect("create");
    assert_eq!(world.used(), writes(3), "a creation writes the session and both its indexes");
    ledger.create(session).await.expect("create");
    assert_eq!(world.used(), writes(1), "a refused write is billed too");

    let sealed = Sealed {
        attempt: RandomIds.fresh(),
        digest: "0123456789abcdef".repeat(4),
        total: 6_600,
        chunk_size: 100,
    };
    ledger.transition(&id, Transition::Seal { sealed, now }).await.expect("seal");
    ledger.transition(&id, Transition::Run { now }).await.expect("run");
    assert_eq!(world.used(), writes(2), "these transitions write no index");
    ledger.transition(&id, Transition::Run { now }).await.expect("run again");
    assert_eq!(world.used(), writes(1), "a refused transition is billed");

    ledger.put_result(&id, 0, 1, result("{}".to_owned())).await.expect("put_result");
    assert_eq!(world.used(), writes(1), "a small result costs one unit");
    ledger.put_result(&id, 0, 1, result("{\"other\":1}".to_owned())).await.expect("put_result");
    assert_eq!(world.used(), writes(1), "a duplicate is billed");
    let found =
        "{\"code\":126,\"place\":{\"page\":1},\"snippet\":\"drilling. 4. PLUG CB-96-D4 WITH SET SCREW\"}";
    ledger.put_result(&id, 0, 2, result(found.repeat(40))).await.expect("put_result");
    assert_eq!(world.used(), writes(1), "3 KB of JSON fit in one unit when compressed");

    for chunk in 0..66 {
        let indices: BTreeSet<u32> = (chunk * 100..chunk * 100 + 100).collect();
        ledger.add_done(&id, chunk, &indices).await.expect("add_done");
        assert_eq!(world.used(), writes(1), "the set of a whole chunk costs one unit");
        let counts = Counts { processed: 100, failed: 3, matches: 1_234 };
        let usage = Usage { invocations: 10, megabyte_milliseconds: 12_345_678, ..writes(151) };
        ledger.add_progress(&id, &BTreeSet::from([chunk]), counts, usage).await.expect("add_progress");
        assert_eq!(world.used(), writes(1), "progress after {chunk} chunks");
    }
    let progress = Transition::Progress {
        now: now + chrono::TimeDelta::seconds(2),
        not_since: now + chrono::TimeDelta::seconds(1),
    };
    ledger.transition(&id, progress).await.expect("progress");
    assert_eq!(world.used(), writes(1), "the claim of a progress frame");

    ledger.session(&id).await.expect("session");
    assert_eq!(world.used(), reads(2), "a consistent read of less than 4 KB costs two half units");
    ledger.results(&id, 0).await.expect("results");
    assert_eq!(world.used(), reads(2), "a page of results costs two half units");
    ledger.open_sessions().await.expect("open_sessions");
    assert_eq!(world.used(), reads(1), "an eventually consistent read of the index costs one half unit");

    let attempt = Attempt { receipt: "1".to_owned(), at: now };
    ledger.record_attempt(&id, 7, attempt.clone()).await.expect("record_attempt");
    ledger.record_attempt(&id, 7, attempt).await.expect("record_attempt");
    ledger.forget_attempt(&id, 7, "1").await.expect("forget_attempt");
    ledger.forget_attempt(&id, 7, "1").await.expect("forget_attempt");
    assert_eq!(world.used(), writes(4), "each call about attempts costs one unit");

    let token = "a token".to_owned();
    let lease = Lease { token: token.clone(), until: now };
    ledger.transition(&id, Transition::Lease { lease, now }).await.expect("lease");
    let frozen = Frozen { finished_at: now, receipt: "{}".to_owned() };
    ledger.transition(&id, Transition::Freeze { token: token.clone(), frozen }).await.expect("freeze");
    assert_eq!(world.used(), writes(2), "lease and freeze");
    let report = format!("reports/{id}.xlsx");
    let complete = Transition::Complete { token, counts: Counts::default(), report };
    ledger.transition(&id, complete).await.expect("complete");
    assert_eq!(world.used(), writes(2), "the end removes the session from the index of open sessions");
}

#[tokio::test]
async fn objects_and_messages() {
    let world = World::new().await;
    let objects = world.aws.objects(&world.bucket().await);
    objects.put("a/b", Bytes::from_static(b"1")).await.expect("put");
    objects.put_if_absent("a/b", Bytes::from_static(b"2")).await.expect("put_if_absent");
    objects.get("a/b").await.expect("get");
    objects.get("a/c").await.expect("get");
    objects.delete("a/b").await.expect("delete");
    assert_eq!(world.used(), Usage { object_writes: 2, object_reads: 2, ..Usage::default() });

    let queues = world.aws.queues(world.queue_urls().await);
    let message = |len| Message { group: "g".to_owned(), body: "x".repeat(len) };
    let messages: Vec<Message> = (0..25).map(|_| message(100)).collect();
    assert_eq!(queues.send(scan::WORK, &messages).await, Ok(Vec::new()));
    assert_eq!(
        world.used(),
        Usage { queue_requests: 3, ..Usage::default() },
        "ten messages fit in one request"
    );
    assert_eq!(queues.send(scan::WORK, &[message(65 * 1_024)]).await, Ok(Vec::new()));
    assert_eq!(
        world.used(),
        Usage { queue_requests: 2, ..Usage::default() },
        "messages of 64 KB are counted per 64 KB"
    );
}
