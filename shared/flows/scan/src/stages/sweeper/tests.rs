use std::sync::Arc;

use chrono::TimeDelta;
use futures::executor::block_on;
use riffle_contracts::DispatchJob;
use riffle_ports::{Clock, Lease, ScanLedger};
use riffle_testkit::memory::{
    ManualClock, MemoryConnections, MemoryLedger, MemoryNotifier, MemoryObjects, MemoryQueue, QueuePlace,
    SeededIds,
};
use riffle_topology::scan::DISPATCH;

use super::*;
use crate::{ScanPorts, ScanSettings};

/// Creates sessions and applies these transitions to them. The dispatcher has been called for none of them.
fn world(sessions: &[(&str, &[Transition])]) -> (Scan, Arc<MemoryQueue>) {
    let clock = Arc::new(ManualClock::new());
    let ledger = Arc::new(MemoryLedger::new());
    let now = clock.now();
    for (name, transitions) in sessions {
        let id = SessionId((*name).to_owned());
        let session =
            Session::new(id.clone(), "acme".to_owned(), "{}".to_owned(), now, now + TimeDelta::days(1));
        assert_eq!(block_on(ledger.create(session)), Ok(None));
        for transition in *transitions {
            let outcome = block_on(ledger.transition(&id, transition.clone()));
            assert!(matches!(outcome, Ok(TransitionResult::Applied(_))), "{transition:?}");
        }
    }
    let queue = Arc::new(MemoryQueue::new(Arc::clone(&clock) as _, chrono::TimeDelta::minutes(3)));
    let ports = ScanPorts {
        ledger,
        objects: Arc::new(MemoryObjects::new()),
        queue: Arc::clone(&queue) as _,
        connections: Arc::new(MemoryConnections::new()),
        notifier: Arc::new(MemoryNotifier::new()),
        clock,
        ids: Arc::new(SeededIds::new(1)),
        meter: Arc::default(),
    };
    (Scan::new(ports, ScanSettings::default()), queue)
}

/// Returns the sessions that the dispatcher was called for.
fn called(queue: &MemoryQueue) -> Vec<String> {
    let ids = queue.visible(QueuePlace::of(DISPATCH));
    let received = queue.receive_these(QueuePlace::of(DISPATCH), &ids).into_iter();
    let job = |body: &str| serde_json::from_str::<DispatchJob>(body).expect("a job");
    let mut called: Vec<String> = received.map(|received| job(&received.message.body).session_id).collect();
    called.sort();
    called
}

#[test]
fn sessions_that_no_message_names_are_handed_to_the_dispatcher() {
    let now = ManualClock::new().now();
    let sealed = Sealed { attempt: "a".to_owned(), digest: "d".to_owned(), total: 1, chunk_size: 1 };
    let seal = Transition::Seal { sealed, now };
    let run = [seal.clone(), Transition::Run { now }];
    let lease = Transition::Lease { lease: Lease { token: "t".to_owned(), until: now }, now };
    let finalizing = [run[0].clone(), run[1].clone(), lease];
    let delete = [Transition::Cancel, Transition::Delete { request: "{}".to_owned(), now }];
    let (scan, queue) = world(&[
        ("listing", &[]),
        ("dispatching", std::slice::from_ref(&seal)),
        ("named", &[]),
        ("running", &run),
        ("finalizing", &finalizing),
        ("cancelled", &[Transition::Cancel]),
        ("deleting", &delete),
    ]);
    let is_named = async |id: &SessionId| Ok(id.as_ref() == "named");
    assert_eq!(block_on(scan.revive(is_named)), Ok(()));
    assert_eq!(called(&queue), ["dispatching", "listing"]);
}

#[test]
fn nobody_is_called_where_the_queue_cannot_tell() {
    let (scan, queue) = world(&[("listing", &[])]);
    let away = PortError::Unavailable("out of reach".to_owned());
    let failed = block_on(scan.revive(async |_: &SessionId| Err(away.clone())));
    assert_eq!(failed, Err(Failure::from(away)));
    assert_eq!(called(&queue), [""; 0]);
}
