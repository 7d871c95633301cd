//! `riffle replay` and `riffle redrive`: past events and failed messages, handled again.

use std::sync::Arc;
use std::time::Duration;

use riffle_local_adapters::Store;
use riffle_ports::{Message, WorkQueue};
use riffle_runtime::SystemClock;
use riffle_topology::statements;
use serde_json::{Value, json};

use crate::bank::{Bank, THREE, counts, rows};

const CONSUMERS: [&str; 5] = [
    "file-processor-consumer",
    "categorization-consumer",
    "analytics-consumer",
    "audit-consumer",
    "error-consumer",
];

#[test]
fn the_past_told_again_changes_nothing() {
    let bank = Bank::new();
    let file = bank.put("a.csv", rows(0, 50));
    let (before, _) = bank.import_one(&file);
    let letter = bank.put("letter.txt", "Dear Sir or Madam,\n");
    assert_eq!(bank.import(&[&letter], &[]).code, Some(1));
    for consumer in CONSUMERS {
        let ended = bank.riffle(&["replay", "--from", "2020-01-01", "--consumer", consumer, "--json"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let printed: Value = serde_json::from_str(&ended.out[0]).expect("JSON");
        assert_eq!((&printed["consumer"], &printed["dead_letters"]), (&json!(consumer), &json!(0)));
        assert!(printed["events"].as_u64().is_some_and(|count| count > 0), "{printed}");
        let shadow = bank.riffle(&["replay", "--from", "2020-01-01", "--consumer", consumer, "--shadow"]);
        assert_eq!((shadow.code, shadow.out.len()), (Some(0), 0), "{shadow:?}");
        assert!(shadow.err.contains("0 differences of "), "{shadow:?}");
    }
    let (after, summary) = bank.import_one(&file);
    assert_eq!(counts(&summary), [50, 0, 50]);
    let content = |rows: &[Value]| -> Vec<Value> {
        rows.iter().map(|row| json!([row["id"], row["amount"], row["category"], row["file"]])).collect()
    };
    assert_eq!(content(&after), content(&before));
}

#[test]
fn a_replay_that_makes_no_sense_is_refused() {
    let bank = Bank::new();
    let refused = |words: &[&str]| bank.riffle(&[&["replay"], words].concat()).refusal().to_owned();
    let period = ["--from", "2026-01-02", "--to", "2026-01-01", "--consumer", "audit-consumer"];
    assert!(refused(&period).contains("--to must be after --from"));
    let deaf = ["--from", "2026-01-01", "--type", "file.uploaded", "--consumer", "analytics-consumer"];
    assert!(refused(&deaf).contains("does not consume file.uploaded events"));
    let unknown = bank.riffle(&["replay", "--from", "2026-01-01", "--consumer", "nobody"]);
    assert!(unknown.code == Some(2) && unknown.err.contains("audit-consumer"), "{unknown:?}");
    assert!(!bank.state().exists(), "no state was created");
}

impl Bank {
    /// Makes messages of each queue fail until they are dead letters, in a state that no process uses.
    fn kill_all(&self, bodies: &[(&str, String)]) {
        let store = Store::open(&self.state(), Arc::new(SystemClock)).expect("a state that no process uses");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let queues = store.queues();
            for (queue, body) in bodies {
                let message = Message { group: "local".to_owned(), body: body.clone() };
                queues.send(queue, &[message]).await.expect("sent");
                loop {
                    let received =
                        queues.receive(queue, 100, Duration::from_mins(1)).await.expect("messages");
                    if received.is_empty() {
                        break;
                    }
                    let receipts: Vec<String> = received.into_iter().map(|message| message.receipt).collect();
                    queues.release(&receipts, Duration::ZERO).await.expect("returned to the queue");
                }
            }
        });
    }
}

#[test]
fn dead_letters_of_statements_are_listed_with_their_file_and_given_back() {
    let bank = Bank::new();
    let (_, summary) = bank.import_one(&bank.put("a.csv", THREE));
    let id = summary["id"].as_str().expect("an id");
    let event = json!({
        "id": "e", "detail-type": "file.processed", "source": "riffle", "time": "2026-01-01T00:00:00Z",
        "detail": {
            "event_id": "e", "event_type": "file.processed", "version": 1, "flow": "statements", "timestamp": "2026-01-01T00:00:00Z",
            "processing_id": id, "correlation_id": "c",
            "data": {
                "tenant": "local", "parts": 1, "rows": 3, "new": 3, "duplicates": 0, "warnings": 0,
                "review": false, "accounts": [],
            },
        },
    });
    bank.kill_all(&[
        (statements::FIGURES, event.to_string()),
        (statements::AUDIT, event.to_string()),
        (statements::ERRORS, "no JSON".to_owned()),
    ]);
    let doctor = bank.riffle(&["doctor", "--json", "--listen", "127.0.0.1:0"]);
    let dead = doctor.out.iter().find(|line| line.contains("\"dead letters\"")).expect("a check");
    assert!(dead.contains("statements-figures-dead-letters 1") && dead.contains("warning"), "{dead}");

    let listed = bank.riffle(&["redrive", "--list", "--json"]);
    let letters: Vec<Value> =
        listed.out.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let printed: Vec<_> =
        letters.iter().map(|one| json!([one["queue"], one["kind"], one["subject"], one["state"]])).collect();
    assert_eq!(
        json!(printed),
        json!([
            ["statements-figures", "file.processed", id, "processed"],
            ["statements-audit", "file.processed", id, "processed"],
            ["statements-errors", "unreadable", null, null],
        ])
    );
    assert!(letters.iter().all(|one| one["why"].as_str().is_some_and(|why| !why.is_empty())), "{letters:?}");
    assert!(bank.riffle(&["redrive", "--list"]).out.iter().all(|line| line.matches('\t').count() == 7));

    let ended = bank.riffle(&["redrive"]);
    assert_eq!((ended.code, ended.out.len()), (Some(0), 3), "{ended:?}");
    // Messages that can be handled are; the others become dead letters again.
    let (_, summary) = bank.import_one(&bank.put("b.csv", rows(0, 2)));
    assert_eq!(counts(&summary), [2, 2, 0]);
    let listed = bank.riffle(&["redrive", "--list", "--json"]);
    let left: Vec<Value> = listed.out.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((left.len(), &left[0]["queue"]), (1, &json!("statements-errors")), "{left:?}");
}
