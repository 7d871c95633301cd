//! Each event in `events/` is passed to its function: its answer, the messages it sends and the clients it notifies are
//! checked. `scripts/invoke` runs the same files.

mod statements;
mod world;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use api::Api;
use aws_lambda_events::iam::IamPolicyEffect;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use chrono::TimeDelta;
use riffle_ports::{Clock as _, Failure, QuotaLimits, Quotas, StoredTicket, TicketHash};
use riffle_runtime::{Deadline, FunctionEvent};
use riffle_testkit::memory::MemoryUsage;
use riffle_topology::RIFFLE;
use serde_json::Value;
use sha2::{Digest, Sha256};
use world::{World, event, folder};

const CONNECTION: &str = "L0SM9cOFvHcCIhw=";

/// Returns the ids of the messages that will be redelivered.
fn failed(answer: SqsBatchResponse) -> Vec<String> {
    answer.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

impl World {
    async fn connect(&self) {
        let deps = websocket_connect::ConnectDeps {
            connections: self.connections.clone(),
            clock: self.clock.clone(),
        };
        let answer = websocket_connect::handle(&deps, event("websocket-connect", "connects")).await;
        assert_eq!(answer.status_code, 200);
        self.notifier.open(CONNECTION);
    }

    async fn says(&self, case: &str) -> i64 {
        let deps =
            websocket_default::DefaultDeps { scan: self.scan.clone(), connections: self.connections.clone() };
        websocket_default::handle(&deps, event("websocket-default", case)).await.status_code
    }

    /// Returns the new frames pushed to the client, each as its type and, for errors, the code.
    fn new_frames(&self) -> Vec<String> {
        let frames = self.notifier.take_of(CONNECTION);
        frames
            .iter()
            .map(|frame| {
                let frame: Value = serde_json::from_str(frame).expect("a frame");
                let of = |field: &str| frame[field].as_str().unwrap_or_default().to_owned();
                if of("type") == "ERROR" { format!("ERROR {}", of("code")) } else { of("type") }
            })
            .collect()
    }

    /// Makes a world with a scan whose files have been dispatched.
    async fn dispatched() -> Self {
        let world = Self::new();
        world.connect().await;
        world.says("start-scan").await;
        world.dispatch("job").await;
        world
    }

    async fn dispatch(&self, case: &str) -> Vec<String> {
        failed(scan_dispatcher::handle(&self.dispatcher(), event("scan-dispatcher", case)).await)
    }

    async fn work(&self, case: &str) -> Vec<String> {
        failed(scan_worker::handle(&self.worker(), event("scan-worker", case)).await)
    }

    async fn quarantine(&self, case: &str) -> Vec<String> {
        failed(scan_quarantine::handle(&self.worker(), event("scan-quarantine", case)).await)
    }

    async fn finish(&self, case: &str) -> Vec<String> {
        failed(scan_finisher::handle(&self.scan, event("scan-finisher", case)).await)
    }
}

/// Returns the grants that the tests in infra expect: of the functions that belong to no flow, and of each flow.
fn rights(folder: &Path) -> String {
    let part = |path: PathBuf, begin: &str, end: &str| {
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (_, from) = text.split_once(begin).unwrap_or_else(|| panic!("{} has no {begin}", path.display()));
        from.split_once(end).map_or(from, |(rights, _)| rights).to_owned()
    };
    let flows = RIFFLE.0.iter().map(|flow| folder.join("flows").join(flow.name).with_extension("ts"));
    let flows: String = flows.map(|path| part(path, "\n  rights: {", "\n  },")).collect();
    part(folder.join("grants.test.ts"), "const RIGHTS", "\n};") + &flows
}

/// Proves that no function was forgotten: neither its events nor its grants.
#[test]
fn every_function_of_the_topology_has_sample_events_and_grants() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let rights = rights(&root.join("infra/test"));
    for function in RIFFLE.functions() {
        let samples = std::fs::read_dir(root.join("events").join(function));
        let samples = samples.unwrap_or_else(|error| panic!("events/{function}: {error}"));
        assert_ne!(samples.count(), 0, "events/{function} has no sample");
        let has_rights = [format!("{function}: "), format!("\"{function}\": ")];
        let is_entry = |line: &str| has_rights.iter().any(|entry| line.trim_start().starts_with(entry));
        assert!(rights.lines().any(is_entry), "{function} has no grants");
    }
}

#[tokio::test]
async fn a_scan_from_its_start_to_its_end() {
    let world = World::new();
    world.connect().await;
    assert_eq!(world.says("start-scan").await, 200);
    assert_eq!(world.new_frames(), ["SNAPSHOT"]);
    assert_eq!(
        world.work("batch").await,
        ["m-0", "m-1", "m-2"],
        "nothing is sealed yet: the messages are redelivered"
    );
    assert_eq!(world.dispatch("job").await, [""; 0]);
    assert_eq!(world.new_frames(), ["STARTED"]);

    assert_eq!(world.work("one-undecodable").await, ["m-2"], "only this message becomes a dead letter");
    assert_eq!(world.work("no-such-file").await, ["m-1"]);
    let matches = |frames: &[String]| frames.iter().filter(|frame| *frame == "MATCH_FOUND").count();
    assert_eq!(matches(&world.new_frames()), 3, "two codes in the first file, one in the third");
    assert_eq!(world.work("same-file-twice").await, [""; 0]);
    assert_eq!(matches(&world.new_frames()), 2, "sent again, with the same match ids");
    assert_eq!(world.finish("job").await, [""; 0]);
    assert_eq!(world.new_frames(), [""; 0], "the scan is not complete yet");
    assert_eq!(world.quarantine("first-delivery").await, [""; 0]);
    assert_eq!(world.work("batch").await, [""; 0]);
    world.new_frames();

    assert_eq!(world.finish("job").await, [""; 0]);
    assert_eq!(world.new_frames(), ["COMPLETE"]);
    assert_eq!(world.finish("job").await, [""; 0], "a repeat has the same result");
    assert_eq!(world.new_frames(), ["COMPLETE"]);
    scan_sweeper::handle(&world.scan, event("scan-sweeper", "tick")).await.expect("a sweep");
    assert_eq!(world.new_frames(), [""; 0], "nothing is left to repair");
}

#[tokio::test]
async fn what_was_read_before_is_told_and_not_read_again() {
    let world = World::dispatched().await;
    assert_eq!(world.work("batch").await, [""; 0]);
    assert_eq!(world.opened.load(Ordering::Relaxed), 3);
    world.new_frames();
    // The invocation ended before it answered the queue, so the whole batch is redelivered.
    let mut again: FunctionEvent<SqsEvent> = event("scan-worker", "batch");
    for message in &mut again.payload.records {
        message.attributes.insert("ApproximateReceiveCount".to_owned(), "2".to_owned());
    }
    assert_eq!(failed(scan_worker::handle(&world.worker(), again).await), [""; 0]);
    assert_eq!(world.opened.load(Ordering::Relaxed), 3, "no file is opened again");
    assert!(
        world.new_frames().contains(&"MATCH_FOUND".to_owned()),
        "the ended invocation may not have sent it"
    );
}

#[tokio::test]
async fn without_time_nothing_is_begun() {
    let world = World::dispatched().await;
    let until = |seconds| Deadline::new(world.clock.clone(), world.clock.now() + TimeDelta::seconds(seconds));
    let batch: FunctionEvent<SqsEvent> = event("scan-worker", "batch");
    let late = batch.clone().until(until(10));
    assert_eq!(failed(scan_worker::handle(&world.worker(), late).await), ["m-0", "m-1", "m-2"]);
    assert_eq!(world.opened.load(Ordering::Relaxed), 0, "no file is opened");
    assert_eq!(failed(scan_worker::handle(&world.worker(), batch.until(until(120))).await), [""; 0]);
    assert_eq!(world.opened.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_tenant_starts_as_many_scans_as_it_may() {
    let world = World::new();
    let limits = QuotaLimits { scans_per_day: Some(1), ..QuotaLimits::default() };
    let quotas = Quotas::new(Arc::new(MemoryUsage::default()), world.clock.clone(), limits);
    let world = World { scan: world.scan.clone().with_quotas(quotas), ..world };
    world.connect().await;
    world.says("start-scan").await;
    assert_eq!(world.new_frames(), ["SNAPSHOT"]);
    world.says("start-scan").await;
    assert_eq!(world.new_frames(), ["SNAPSHOT"], "a repeated request starts no second scan");
    let tick = event("scan-scheduler", "due");
    let refused = scan_scheduler::handle(&world.scan, tick).await;
    assert!(refused.is_err(), "the schedule is of the same tenant, whose quota is used up");
}

#[tokio::test]
async fn what_clients_say_that_cannot_be_done() {
    let world = World::new();
    assert_eq!(world.says("forgotten-connection").await, 410);
    world.connect().await;
    for (case, frame) in [
        ("ping", "PONG"),
        ("start-scan-two-sources", "ERROR BAD_REQUEST"),
        ("start-scan-without-codes", "ERROR BAD_REQUEST"),
        ("resume-unknown-session", "ERROR NOT_FOUND"),
        ("cancel-unknown-session", "ERROR NOT_FOUND"),
        ("not-json", "ERROR BAD_REQUEST"),
        ("unknown-action", "ERROR BAD_REQUEST"),
    ] {
        assert_eq!(world.says(case).await, 200, "{case}");
        assert_eq!(world.new_frames(), [frame], "{case}");
    }
}

#[tokio::test]
async fn who_may_connect() {
    let world = World::new();
    let deps = websocket_authorizer::AuthorizerDeps {
        tickets: world.tickets.clone(),
        origins: vec!["https://riffle.example.com".to_owned()],
    };
    let ticket = TicketHash(Sha256::digest("00000000000000000000000000000001").into());
    let expires_at = world.clock.now() + TimeDelta::seconds(60);
    let kept = StoredTicket { tenant: "acme".to_owned(), expires_at };
    world.tickets.store.put(ticket, kept).await.expect("a ticket");
    for (case, effect) in [
        ("no-ticket", IamPolicyEffect::Deny),
        ("unknown-ticket", IamPolicyEffect::Deny),
        ("other-origin", IamPolicyEffect::Deny),
        ("good-ticket", IamPolicyEffect::Allow),
        // A ticket opens only one connection.
        ("good-ticket", IamPolicyEffect::Deny),
    ] {
        let answer = websocket_authorizer::handle(&deps, event("websocket-authorizer", case)).await;
        assert_eq!(answer.expect("an answer").policy_document.statement[0].effect, effect, "{case}");
    }

    let deps =
        websocket_connect::ConnectDeps { connections: world.connections.clone(), clock: world.clock.clone() };
    let answer = websocket_connect::handle(&deps, event("websocket-connect", "without-authorizer")).await;
    assert_eq!(answer.status_code, 401);
    world.connect().await;
    let deps = websocket_disconnect::DisconnectDeps { connections: world.connections.clone() };
    for case in ["leaves", "never-connected"] {
        let answer = websocket_disconnect::handle(&deps, event("websocket-disconnect", case)).await;
        assert_eq!(answer.status_code, 200, "{case}");
    }
    assert_eq!(world.says("ping").await, 410);
}

#[tokio::test]
async fn what_is_wrong_comes_again_and_ends_with_the_dead_letters() {
    let world = World::new();
    for case in ["unknown-session", "undecodable"] {
        assert_eq!(world.dispatch(case).await, ["m-1"], "{case}");
    }
    assert_eq!(world.work("unknown-session").await, ["m-1"]);
    assert_eq!(world.quarantine("undecodable").await, ["m-1"]);
    assert_eq!(world.finish("unknown-session").await, ["m-1"]);
}

#[tokio::test]
async fn a_schedule_starts_its_scan_once() {
    let world = World::new();
    for _ in 0..2 {
        scan_scheduler::handle(&world.scan, event("scan-scheduler", "due")).await.expect("started");
    }
    let sessions = world.scan.sessions("acme", None, 10).await.expect("a list").scans;
    assert_eq!(sessions.len(), 1);
    let refused = scan_scheduler::handle(&world.scan, event("scan-scheduler", "without-codes")).await;
    assert!(matches!(refused, Err(Failure::Reject(_))), "{refused:?}");
}

#[tokio::test]
async fn the_gateway_asks_the_api() {
    let world = World::new();
    let api = Api::new(world.api());
    for (case, status) in [
        ("config", 200),
        ("health", 200),
        ("scans", 200),
        ("scans-without-signing-in", 401),
        ("ticket", 201),
        ("upload", 201),
        ("report-of-another-tenant", 404),
        ("nowhere", 404),
    ] {
        let FunctionEvent { payload, .. } = event::<Value>("api", case);
        let request = lambda_http::request::from_str(&payload.to_string()).expect("a request");
        let tenant = riffle_lambda::signed_in(&request);
        let request = request.map(|body| axum::body::Body::from(body.to_vec()));
        let answer = api::handle(&api, tenant.as_deref(), request).await;
        assert_eq!(answer.status(), status, "{case}");
    }
}

/// Returns the tests that use a function's events: those here, and those in the crate of its flow, `tests/FLOW`.
fn tests_of(function: &str) -> String {
    let mut source = [include_str!("main.rs"), include_str!("statements.rs")].concat();
    for flow in RIFFLE.0.iter().filter(|flow| flow.functions().any(|own| own == function)) {
        let mut folders = vec![folder().join("../tests").join(flow.name).join("tests")];
        while let Some(folder) = folders.pop().filter(|folder| folder.is_dir()) {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    source += &std::fs::read_to_string(path).expect("a test");
                }
            }
        }
    }
    source
}

/// Proves that a test uses every event file.
#[test]
fn every_event_is_tested() {
    let mut untested = BTreeSet::new();
    for function in std::fs::read_dir(folder()).expect("events") {
        let function = function.expect("a folder");
        let source = tests_of(&function.file_name().to_string_lossy());
        for case in std::fs::read_dir(function.path()).expect("a folder") {
            let case = case.expect("a file").path();
            let case = case.file_stem().expect("a name").to_string_lossy().into_owned();
            if !source.contains(&format!("\"{case}\"")) {
                untested.insert(case);
            }
        }
    }
    assert_eq!(untested, BTreeSet::new());
}
