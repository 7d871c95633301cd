//! Measures the local platform's cost per file, run by hand:
//! `cargo run --release -p riffle-local-adapters --example measure [FILES]`.
//!
//! It makes the calls that a scan makes per batch of ten files, with nothing in between.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "measuring and printing is its purpose"
)]

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::try_join_all;
use riffle_local_adapters::Store;
use riffle_ports::{
    Clock, Counts, Ids, Message, ObjectStore, PortError, ResultBody, ScanLedger, Sealed, Session, SessionId,
    StoredResult, Transition, Usage, WorkQueue,
};
use riffle_runtime::{RandomIds, SystemClock};
use riffle_topology::scan;

const BATCH: u32 = 10;
const CHUNK: u32 = 100;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let files = std::env::args().nth(1).map_or(Ok(100_000), |files| files.parse())?;
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path(), Arc::new(SystemClock))?;
    println!("{files} files, state in {}", folder.path().display());
    let queues = store.queues();

    let session = open_session(&store, files).await?;
    let watch = Watch::start();
    for first in (0..files).step_by(BATCH as usize) {
        let messages: Vec<Message> = (first..(first + BATCH).min(files))
            .map(|index| Message {
                group: session.0.clone(),
                body: format!("{{\"version\":1,\"session_id\":\"{session}\",\"index\":{index}}}"),
            })
            .collect();
        queues.send(scan::WORK, &messages).await?;
    }
    watch.stop("send, 10 at a time", files);

    let watch = Watch::start();
    let depths = queues.depths().await?;
    watch.stop("depths, once", 1);
    assert_eq!(depths[1].ready, u64::from(files));

    for workers in [1, 4] {
        let half = files / 2;
        let watch = Watch::start();
        try_join_all((0..workers).map(|_| work(&store, &session, half / workers))).await?;
        watch.stop(&format!("receive, ledger, delete, {workers} at once"), half);
    }

    let watch = Watch::start();
    for number in 0..2_000 {
        let key = format!("results/{session}/{number}.json");
        store.objects().put_if_absent(&key, Bytes::from(vec![b'x'; 3_000])).await?;
    }
    watch.stop("put_if_absent of 3 KB", 2_000);
    let watch = Watch::start();
    for number in 0..2_000 {
        store.objects().get(&format!("results/{session}/{number}.json")).await?;
    }
    watch.stop("get of 3 KB", 2_000);
    let watch = Watch::start();
    for _ in 0..20_000 {
        store.ledger().session(&session).await?;
    }
    watch.stop("session with all its full chunks", 20_000);

    drop(queues);
    let watch = Watch::start();
    drop(store);
    watch.stop("close", 1);
    let database = std::fs::metadata(folder.path().join("state.sqlite"))?.len();
    println!("database {:.1} MB, peak memory {:.0} MB", database as f64 / 1e6, peak_megabytes());
    Ok(())
}

async fn open_session(store: &Store, total: u32) -> Result<SessionId, PortError> {
    let now = SystemClock.now();
    let id = SessionId(RandomIds.fresh());
    let request = "{\"codes_key\":\"codes/x\"}".to_owned();
    let session = Session::new(id.clone(), "local".to_owned(), request, now, now + Duration::from_hours(1));
    let ledger = store.ledger();
    ledger.create(session).await?;
    let sealed =
        Sealed { attempt: RandomIds.fresh(), digest: RandomIds.fresh().repeat(2), total, chunk_size: CHUNK };
    ledger.transition(&id, Transition::Seal { sealed, now }).await?;
    ledger.transition(&id, Transition::Run { now }).await?;
    Ok(id)
}

async fn work(store: &Store, session: &SessionId, files: u32) -> Result<(), Box<dyn Error>> {
    let (ledger, queues) = (store.ledger(), store.queues());
    let mut finished = 0;
    while finished < files {
        let batch = queues.receive(scan::WORK, BATCH as usize, Duration::from_mins(12)).await?;
        assert!(!batch.is_empty(), "the queue is empty before all messages were received");
        ledger.session(session).await?;
        let mut indices = BTreeSet::new();
        for message in &batch {
            let (_, index) = message.body.rsplit_once(':').ok_or("the message has an unknown form")?;
            indices.insert(index.trim_end_matches('}').parse::<u32>()?);
        }
        try_join_all(indices.iter().map(|index| {
            let result = StoredResult {
                failed: false,
                matches: 2,
                bytes: 50_000,
                pages: 1,
                body: ResultBody::Inline("m".repeat(400)),
            };
            ledger.put_result(session, index / CHUNK, *index, result)
        }))
        .await?;
        let mut full = BTreeSet::new();
        let mut rest = indices.clone();
        while let Some(first) = rest.first() {
            let chunk = first / CHUNK;
            let later = rest.split_off(&((chunk + 1) * CHUNK));
            if ledger.add_done(session, chunk, &rest).await?.len == CHUNK {
                full.insert(chunk);
            }
            rest = later;
        }
        let counts = Counts { processed: batch.len() as u64, failed: 0, matches: 2 * batch.len() as u64 };
        ledger.add_progress(session, &full, counts, Usage::default()).await?;
        let now = SystemClock.now();
        let progress = Transition::Progress { now, not_since: now - Duration::from_millis(500) };
        ledger.transition(session, progress).await?;
        let receipts: Vec<String> = batch.into_iter().map(|message| message.receipt).collect();
        finished += u32::try_from(queues.delete(&receipts).await?)?;
    }
    Ok(())
}

struct Watch {
    wall: Instant,
    cpu: Duration,
}

impl Watch {
    fn start() -> Self {
        Self { wall: Instant::now(), cpu: cpu_time() }
    }

    fn stop(self, what: &str, count: u32) {
        let (wall, cpu) = (self.wall.elapsed(), cpu_time().saturating_sub(self.cpu));
        println!(
            "{what:40} {:>9.0} /s  {:>8.1} µs wall  {:>8.1} µs CPU each",
            f64::from(count) / wall.as_secs_f64(),
            wall.as_secs_f64() * 1e6 / f64::from(count),
            cpu.as_secs_f64() * 1e6 / f64::from(count),
        );
    }
}

/// Returns the CPU time of all threads, in steps of 10 ms.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: u64 = stat
        .rsplit_once(')')
        .map(|(_, fields)| fields.split_whitespace().skip(11).take(2))
        .into_iter()
        .flatten()
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

fn peak_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1e3
}
