//! Kills the process with `kill -9` during writes: everything acknowledged must survive.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use riffle_local_adapters::Store;
use riffle_ports::{
    Clock as _, FileId, Lease, ObjectStore, Outgoing, Record, RecordStore, Replaced, ResultBody, ScanLedger,
    SessionId, StoredResult, Subject, Transaction, TransactionKey, TransactionStore,
};
use riffle_runtime::SystemClock;
use riffle_topology::{RIFFLE, scan};
use tempfile::TempDir;

use crate::{Outcome, receive, send};

const FOLDER: &str = "RIFFLE_CRASH_FOLDER";
const ROUND: &str = "RIFFLE_CRASH_ROUND";
const ROUNDS: usize = 6;

fn session() -> SessionId {
    SessionId("c".repeat(32))
}

fn content(number: usize) -> Bytes {
    // Some small, some large enough to be written on another thread.
    let size = if number.is_multiple_of(5) { 200_000 } else { 500 };
    Bytes::from(vec![number.to_le_bytes()[0]; size])
}

/// The acknowledgements printed by a child.
#[derive(Default)]
struct WorkerOutput {
    sent: BTreeSet<String>,
    trying: BTreeSet<String>,
    deleted: BTreeSet<String>,
    results: BTreeSet<usize>,
    done: BTreeSet<u32>,
    objects: BTreeSet<usize>,
    stored: BTreeSet<usize>,
    announced: BTreeSet<usize>,
}

impl WorkerOutput {
    fn note(&mut self, line: &str) -> Result<(), std::num::ParseIntError> {
        match line.split_once(' ') {
            Some(("sent", body)) => drop(self.sent.insert(body.to_owned())),
            Some(("deleting", body)) => drop(self.trying.insert(body.to_owned())),
            Some(("deleted", body)) => drop(self.deleted.insert(body.to_owned())),
            Some(("result", number)) => drop(self.results.insert(number.parse()?)),
            Some(("done", number)) => drop(self.done.insert(number.parse()?)),
            Some(("object", number)) => drop(self.objects.insert(number.parse()?)),
            Some(("stored", number)) => drop(self.stored.insert(number.parse()?)),
            Some(("announced", number)) => drop(self.announced.insert(number.parse()?)),
            // Ignore the test harness's own output.
            _ => {}
        }
        Ok(())
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the test kills a process")]
async fn a_killed_process_loses_nothing() -> Outcome {
    let folder = TempDir::new()?;
    let mut output = WorkerOutput::default();
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--exact", "crash::child", "--ignored", "--nocapture"])
            .env(FOLDER, folder.path())
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        for (number, line) in lines.enumerate() {
            // Lines already in the pipe count: they were written before the end.
            output.note(&line?)?;
            if number == 400 + round * 97 {
                child.kill()?;
            }
        }
        assert!(!child.wait()?.success(), "the child process must be killed");
        check(folder.path(), &output).await?;
    }
    assert!(output.results.len() > ROUNDS && output.objects.len() > ROUNDS && output.deleted.len() > ROUNDS);
    assert!(output.stored.len() > ROUNDS && output.announced.len() > ROUNDS);
    Ok(())
}

async fn check(folder: &Path, output: &WorkerOutput) -> Outcome {
    let store = Store::open(folder, Arc::new(SystemClock))?;
    let results: BTreeSet<usize> = store
        .ledger()
        .results(&session(), 0)
        .await?
        .into_iter()
        .map(|(number, result)| {
            assert_eq!(result, self::result(number as usize), "a stored result is complete");
            number as usize
        })
        .collect();
    assert!(results.is_superset(&output.results), "results were lost");
    let done = store.ledger().done(&session(), 0).await?;
    assert!(done.is_superset(&output.done), "numbers of a set were lost");
    for number in &output.objects {
        let stored = store.objects().get(&format!("objects/{number}")).await?;
        assert!(stored == Some(content(*number)), "object {number} was lost or is incomplete");
    }

    check_statements(&store, output).await?;

    let mut present = BTreeSet::new();
    for queue in RIFFLE.queue_names() {
        let peeked = store.queues().peek(&queue, usize::MAX).await?;
        present.extend(peeked.into_iter().map(|message| message.body));
        let depths = store.queues().depths().await?;
        assert!(
            depths.iter().all(|depth| depth.in_flight == 0),
            "messages are still in flight after the crash: {depths:?}"
        );
    }
    let lost: Vec<&String> =
        output.sent.difference(&output.trying).filter(|body| !present.contains(*body)).collect();
    assert!(lost.is_empty(), "messages were lost: {lost:?}");
    let undead: Vec<&String> = output.deleted.intersection(&present).collect();
    assert!(undead.is_empty(), "deleted messages were delivered again: {undead:?}");
    drop(store);

    let database = rusqlite::Connection::open(folder.join("state.sqlite"))?;
    let integrity: String = database.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
    assert_eq!(integrity, "ok");
    Ok(())
}

/// Checks that acknowledged rows exist, that their files are done, and that each done file has its event.
async fn check_statements(store: &Store, output: &WorkerOutput) -> Outcome {
    for number in &output.stored {
        let row = row(*number);
        let found = store.transactions().get("t", std::slice::from_ref(&row.key)).await?;
        assert!(found == [Some(row)], "transaction {number} was lost or is incomplete");
    }
    let all = store.records().list(FileId::FLOW, "t", "all", None, u32::MAX).await?;
    let done: BTreeSet<&Subject> =
        all.iter().filter(|record| record.state == "processed").map(|record| &record.subject).collect();
    let listed = store.records().list(FileId::FLOW, "t", "done", None, u32::MAX).await?;
    let listed: BTreeSet<&Subject> = listed.iter().map(|record| &record.subject).collect();
    assert_eq!(done, listed, "a record's state and its list change together");
    let soon = SystemClock.now() + chrono::TimeDelta::days(1);
    let outbox = store.records().outbox(FileId::FLOW, soon, u32::MAX).await?;
    let announced: BTreeSet<&Subject> = outbox.iter().map(|event| &event.subject).collect();
    assert_eq!(done, announced, "a record's state and its event are stored together");
    let is_done = |number: &usize| done.contains(&file_id(*number).subject());
    assert!(output.announced.iter().all(is_done), "files were lost");
    Ok(())
}

fn file_id(number: usize) -> FileId {
    FileId(format!("{number:032x}"))
}

fn row(number: usize) -> Transaction {
    Transaction {
        key: TransactionKey {
            account: format!("account {}", number % 7),
            date: chrono::NaiveDate::from_ymd_opt(2026, 1, 1 + u32::try_from(number % 28).unwrap_or(0))
                .expect("a day"),
            identity: format!("{number:036x}"),
            occurrence: 1,
        },
        value_date: None,
        amount: "-1.50".parse().expect("an amount"),
        currency: "EUR".to_owned(),
        description: format!("payment {number}"),
        clean: "payment".to_owned(),
        counterparty: None,
        balance: None,
        kind: None,
        reference: None,
        file: file_id(number),
        place: "line 2".to_owned(),
        category: None,
    }
}

/// Processes a file: creates and leases its record, stores its row, then marks it done and announces it in one write.
async fn process(store: &Store, number: usize) -> Result<bool, riffle_ports::PortError> {
    let (records, id, now) = (store.records(), file_id(number), SystemClock.now());
    let new = Record {
        subject: id.subject(),
        tenant: "t".to_owned(),
        revision: 1,
        state: "received".to_owned(),
        open: true,
        created_at: now,
        changed_at: now,
        lease: None,
        attempts: 0,
        body: "{}".to_owned(),
        listed_by: vec!["all".to_owned()],
        expires_at: None,
    };
    records.create(new.clone(), &[]).await?;
    let (token, until) = ("token".to_owned(), now + chrono::TimeDelta::minutes(1));
    let held = Record {
        revision: 2,
        state: FileId::PROCESSING.to_owned(),
        lease: Some(Lease { token: token.clone(), until }),
        ..new.clone()
    };
    if records.replace(&new, held.clone(), &[]).await? != Replaced::Done {
        return Ok(false);
    }
    store.transactions().store("t", &id, &token, &[row(number)]).await?;
    let event = Outgoing {
        event_id: id.0.clone(),
        event_type: "file.processed".to_owned(),
        tenant: "t".to_owned(),
        subject: id.subject(),
        at: now,
        detail: "{}".to_owned(),
    };
    let listed_by = vec!["all".to_owned(), "done".to_owned()];
    let done = Record {
        revision: 3,
        state: "processed".to_owned(),
        open: false,
        lease: None,
        listed_by,
        ..held.clone()
    };
    Ok(records.replace(&held, done, &[event]).await? == Replaced::Done)
}

fn result(number: usize) -> StoredResult {
    StoredResult {
        failed: false,
        matches: u32::try_from(number).unwrap_or_default(),
        bytes: 0,
        pages: 0,
        body: ResultBody::Inline("r".repeat(number % 1_000)),
    }
}

/// Writes until it is killed, and prints each action after completing it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started as a child process by a_killed_process_loses_nothing"]
#[expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "the parent process sets the variables and reads the output"
)]
async fn child() -> Outcome {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return Ok(()); // Started by a run of all ignored tests: without a parent there is nothing to do.
    };
    let round: usize = std::env::var(ROUND)?.parse()?;
    let store = Arc::new(Store::open(&folder, Arc::new(SystemClock))?);
    let writers: Vec<_> = (0..4)
        .map(|writer| tokio::spawn(write_for_ever(Arc::clone(&store), round * 1_000_000 + writer)))
        .collect();
    for writer in writers {
        if let Err(error) = writer.await? {
            println!("failed: {error}");
            return Err(error.into());
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the parent process reads the output")]
async fn write_for_ever(store: Arc<Store>, first: usize) -> Result<(), riffle_ports::PortError> {
    let (ledger, queues, objects) = (store.ledger(), store.queues(), store.objects());
    for number in (first..).step_by(4) {
        let body = number.to_string();
        send(&queues, scan::WORK, &format!("group {}", number % 3), &[&body]).await?;
        println!("sent {body}");
        objects.put(&format!("objects/{number}"), content(number)).await?;
        println!("object {number}");
        let index = u32::try_from(number).unwrap_or_default();
        ledger.put_result(&session(), 0, index, result(number)).await?;
        println!("result {number}");
        ledger.add_done(&session(), 0, &BTreeSet::from([index])).await?;
        println!("done {number}");
        if process(&store, number).await? {
            println!("stored {number}");
            println!("announced {number}");
        }
        if number.is_multiple_of(3) {
            // Half of them stay in flight.
            for message in receive(&queues, scan::WORK).await?.iter().step_by(2) {
                println!("deleting {}", message.body);
                if queues.delete(std::slice::from_ref(&message.receipt)).await? == 1 {
                    println!("deleted {}", message.body);
                }
            }
        }
    }
    Ok(())
}
