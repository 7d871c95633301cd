//! `riffle doctor` and `riffle redrive`: the report on a state, and dead letters that are sent back.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use riffle_local_adapters::Store;
use riffle_runtime::SystemClock;
use riffle_topology::{Consumed, RIFFLE};
use serde_json::Value;

use crate::deadline::until;
use crate::process::{Process, ProcessExit, riffle, run};
use crate::samples::{Samples, text};
use crate::scan_record::ScanRecord;
use crate::server::Server;

/// Runs doctor and returns each check by name.
fn doctor(state: &Path, more: &[&str]) -> (ProcessExit, BTreeMap<String, Value>) {
    let fixed = ["doctor", "--json", "--listen", "127.0.0.1:0", "--state", text(state)];
    let ended = run(fixed.iter().chain(more));
    let checks = ended.out.iter().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let checks = checks.map(|check| (check["check"].as_str().expect("a name").to_owned(), check)).collect();
    (ended, checks)
}

#[track_caller]
fn assert_level(checks: &BTreeMap<String, Value>, name: &str, level: &str) {
    assert_eq!(checks[name]["level"], level, "{checks:#?}");
}

fn redrive(state: &Path, more: &[&str]) -> ProcessExit {
    run(["redrive", "--state", text(state)].iter().chain(more))
}

/// Fails every message, as handlers that never succeed would, until all are dead letters; returns their number.
fn kill_all(state: &Path) -> u64 {
    let store = Store::open(state, Arc::new(SystemClock)).expect("a state that no process uses");
    let queues = store.queues();
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(async {
        // Files pass through quarantine, which comes after their queue in this order.
        for Consumed { queue, .. } in RIFFLE.consumed() {
            loop {
                let received =
                    queues.receive(queue.name, 100, Duration::from_mins(1)).await.expect("messages");
                if received.is_empty() {
                    break;
                }
                let receipts: Vec<String> = received.into_iter().map(|message| message.receipt).collect();
                queues.release(&receipts, Duration::ZERO).await.expect("returned to the queue");
            }
        }
        let depths = queues.depths().await.expect("depths");
        let (dead, others): (Vec<_>, Vec<_>) =
            depths.into_iter().partition(|depth| RIFFLE.queue(&depth.queue).is_none());
        assert!(others.iter().all(|depth| depth.ready + depth.in_flight + depth.waiting == 0), "{others:?}");
        dead.iter().map(|depth| depth.ready).sum()
    })
}

#[test]
fn a_machine_that_was_never_used_is_told_what_it_has() {
    let dir = tempfile::tempdir().expect("a folder");
    let (ended, checks) = doctor(&dir.path().join("state"), &[]);
    assert!(matches!(ended.code, Some(0 | 1)), "{ended:?}");
    for name in ["state folder", "disk", "kept texts", "sandbox", "OCR", "port"] {
        assert_level(&checks, name, "ok");
    }
    // Kernels differ in the layers they have; each is named nevertheless.
    let layers = checks["sandbox layers"]["found"].as_str().expect("a text");
    for layer in ["limits", "the end with its parent", "no privileges", "Landlock", "seccomp"] {
        assert!(layers.contains(layer), "{layers}");
    }
    assert!(checks["state folder"]["found"].as_str().is_some_and(|found| found.contains("first scan")));
    assert!(!dir.path().join("state").exists(), "doctor creates nothing");

    let piped = run(["doctor", "--listen", "127.0.0.1:0", "--state", text(&dir.path().join("state"))]);
    assert!(piped.out.iter().all(|line| line.matches('\t').count() == 3), "{piped:?}");
}

#[test]
fn what_is_wrong_is_named_with_what_to_do() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("file");
    std::fs::write(&file, "no folder").expect("a file");
    let (ended, checks) = doctor(&file, &["--pdfium", "/nonexistent.so", "--ocr-languages", "xxx"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert_level(&checks, "state folder", "problem");
    assert!(checks["state folder"]["do"].as_str().is_some_and(|advice| advice.contains("--state")));
    assert_level(&checks, "pdfium", "problem");
    assert_level(&checks, "OCR", "warning");
    assert!(checks["OCR"]["found"].as_str().is_some_and(|found| found.contains("tesseract")));

    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let ended = run(["doctor", "--listen", &address, "--state", text(&dir.path().join("state"))]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let port = ended.out.iter().find(|line| line.starts_with("warning\tport\t")).expect("the port");
    assert!(port.ends_with("choose another address with --listen"), "{port}");
}

#[test]
fn a_state_in_use_is_looked_at_beside_its_server() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(dir.path(), &[]);
    let ended = run(["doctor", "--json", "--listen", &server.address, "--state", text(dir.path())]);
    let shown = ended.out.join("\n");
    assert!(shown.contains("in use by riffle, process"), "{shown}");
    assert!(shown.contains("riffle serve answers"), "{shown}");
    assert!(redrive(dir.path(), &["--list"]).err.contains("no dead letters"));
    assert!(redrive(dir.path(), &[]).refusal().contains("in use by process"));
    assert_eq!(server.get("/api/health", &[]).status, 200, "the running server was not disturbed");
}

#[test]
fn dead_letters_are_given_back_once_and_read_to_the_end() {
    let samples = Samples::make(60, 31);
    let state = samples.at("state");
    let scan = Process::start(&mut riffle(samples.scan(&["--json"])));
    scan.out.next().expect("a first frame");
    scan.kill();
    let dead = kill_all(&state);
    assert!(dead > 0, "messages of a scan that was killed");

    let (ended, checks) = doctor(&state, &[]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_level(&checks, "dead letters", "warning");
    assert!(checks["dead letters"]["do"].as_str().is_some_and(|advice| advice.contains("riffle redrive")));
    assert_eq!(checks["open scans"]["found"], "1");

    let listed = redrive(&state, &["--list", "--json"]);
    let letters: Vec<Value> =
        listed.out.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(letters.len() as u64, dead);
    for letter in &letters {
        let queue = letter["queue"].as_str().expect("a queue");
        assert!(letter["why"].as_str().is_some_and(|why| why.contains(queue)), "{letter}");
        assert!(RIFFLE.queue(queue).is_some(), "{queue} is consumed");
        assert!(letter.get("body").is_none() && letter["subject"].is_string());
    }

    let one = letters[0]["message"].as_str().expect("an id");
    let ended = redrive(&state, &["--message", one]);
    assert_eq!(
        (ended.code, ended.out),
        (Some(0), vec![format!("{one}\t{}", letters[0]["queue"].as_str().expect("a queue"))])
    );
    let again = redrive(&state, &["--message", one]);
    assert_eq!((again.code, again.out.len()), (Some(1), 0), "{}", again.err);
    assert!(again.err.contains("is not a dead letter"), "{}", again.err);
    let rest = redrive(&state, &["--json"]);
    assert_eq!((rest.code, rest.out.len() as u64), (Some(0), dead - 1), "{}", rest.err);
    let nothing = redrive(&state, &[]);
    assert_eq!((nothing.code, nothing.out.len()), (Some(0), 0), "{}", nothing.err);

    let (_, checks) = doctor(&state, &[]);
    assert_level(&checks, "dead letters", "ok");
    assert_ne!(checks["queues"]["found"], "empty");
    let ended = run(samples.scan(&["--json"]));
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    samples.assert_found(ScanRecord::read(&ended.out).found());
    // A finished scan ends its program, whatever is left in the queues: messages for files that were already read, and
    // repeated finish messages. The next program has no work to do for them.
    let server = Server::start(&state, &[]);
    until("all was consumed", || {
        let health = server.get("/api/health", &[]).json();
        let queues = health["queues"].as_object()?.values();
        let left = |queue: &Value| ["ready", "in_flight", "waiting"].iter().any(|of| queue[of] != 0);
        (!queues.into_iter().any(left)).then_some(())
    });
    server.stop();
    let (_, checks) = doctor(&state, &[]);
    assert_eq!(checks["queues"]["found"], "empty", "all were consumed");
    assert_level(&checks, "dead letters", "ok");
    assert_eq!(checks["open scans"]["found"], "none");
}
