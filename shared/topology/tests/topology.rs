//! Proves that the topology is consistent and that the exported JSON matches it.

use std::collections::BTreeSet;

use riffle_topology::{
    Consumed, Consumers, Flow, QueueSpec, RIFFLE, Stage, Then, Topology, Trigger, export, scan, url_output,
};

const GOLDEN: &str = include_str!("../../contracts/golden/topology.v1.json");

#[test]
fn others_read_the_same() {
    let exported = serde_json::to_string_pretty(&export::document(RIFFLE)).expect("plain data");
    assert_eq!(GOLDEN.trim_end(), exported, "run scripts/contracts");
}

#[test]
fn names_are_given_once() {
    let queues: Vec<String> = RIFFLE.queue_names().collect();
    assert_eq!(queues.iter().collect::<BTreeSet<_>>().len(), queues.len());
    let functions: Vec<&str> = RIFFLE.functions().collect();
    assert_eq!(functions.iter().collect::<BTreeSet<_>>().len(), functions.len());
    for flow in RIFFLE.0 {
        for Consumed { queue, .. } in RIFFLE.consumed().filter(|consumed| consumed.flow.name == flow.name) {
            assert!(
                queue.name.starts_with(&format!("{}-", flow.name)),
                "{} begins with the name of its flow",
                queue.name
            );
        }
    }
}

#[test]
fn every_message_ends_in_dead_letters() {
    for Consumed { queue, .. } in RIFFLE.consumed() {
        let last = RIFFLE.last(queue.name).expect("a queue fails somewhere");
        assert_eq!(last.queue.then, Then::DeadLetter);
        assert!(RIFFLE.dead_letters().any(|dead| dead.queue == Some(last.queue.name)));
        assert!(queue.batch > 0 && queue.max_receives > 0 && queue.local_consumers.count(1) > 0);
    }
    let last = RIFFLE.last(scan::WORK).expect("a queue fails somewhere");
    assert_eq!(last.queue.name, scan::QUARANTINE);
    assert!(RIFFLE.last("scan-dispatch-dead-letters").is_none());
}

#[test]
fn redrive_leads_through_quarantine() {
    let redrive = |queue| RIFFLE.redrive(queue).map(|redrive| (redrive.after, redrive.to));
    assert_eq!(redrive(scan::WORK), Some((3, scan::QUARANTINE.to_owned())));
    assert_eq!(redrive(scan::QUARANTINE), Some((5, "scan-quarantine-dead-letters".to_owned())));
    assert_eq!(redrive("scan-quarantine-dead-letters"), None);
    assert_eq!(redrive("nothing"), None);
}

#[test]
fn outputs_follow_from_names() {
    assert_eq!(url_output("scan-work"), "ScanWorkQueueUrl");
    assert_eq!(url_output("statements-process-dead-letters"), "StatementsProcessDeadLettersUrl");
}

#[test]
fn what_may_end_the_process_runs_without_its_neighbours() {
    let alone = |queue| RIFFLE.queue(queue).and_then(|consumed| consumed.alone());
    assert_eq!(alone(scan::QUARANTINE), Some("scan-quarantine"));
    assert_eq!(alone(scan::WORK), Some("scan-quarantine"));
    assert_eq!(alone(scan::FINISH), None);
}

#[test]
fn the_longest_prefix_takes_an_upload() {
    let taker = |key| RIFFLE.bucket_listener(key).map(|consumed| consumed.function);
    assert_eq!(taker("statements/acme/a.csv"), Some("s3-event-handler"));
    assert_eq!(taker("uploaded/acme/a.pdf"), None);
}

/// A flow that is triggered by events of the same type as the statements flow.
const DEMO: Flow = Flow {
    name: "demo",
    title: "Demo",
    stages: &[Stage {
        function: "demo-reader",
        trigger: Trigger::Bus("demo", &["file.uploaded"]),
        queue: Some(QueueSpec {
            name: "demo-read",
            batch: 1,
            local_consumers: Consumers::PerJob(1),
            max_receives: 2,
            then: Then::DeadLetter,
            alone: false,
        }),
    }],
    sweeper: "demo-sweeper",
    schedules: &[],
};

#[test]
fn an_event_reaches_its_own_flow_only() {
    static FLOWS: [Flow; 3] = [riffle_topology::FLOWS[0], riffle_topology::FLOWS[1], DEMO];
    let topology = Topology(&FLOWS);
    let consumers =
        |flow| topology.listeners(flow, "file.uploaded").map(|one| one.function).collect::<Vec<_>>();
    assert_eq!(consumers("demo"), ["demo-reader"]);
    assert_eq!(consumers("statements"), ["file-processor-consumer", "audit-consumer"]);
    assert!(consumers("scan").is_empty());
    assert!(topology.functions().any(|function| function == "demo-sweeper"));
    assert!(!RIFFLE.functions().any(|function| function == "demo-sweeper"));
}
