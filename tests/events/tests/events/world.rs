//! The functions on in-memory ports, and a bucket of three files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use riffle_contracts::http::{Config, DeployedAt, OcrConfig, SocketConfig};
use riffle_ports::{Clock as _, Entry, FileSource, Opened, Pages, Quotas, ReadError, Source, SourceError};
use riffle_reader::{Parser, Reader};
use riffle_runtime::{DeadLetterService, FunctionEvent, RecordClassifier};
use riffle_scan::{Dispatcher, ReaderSearch, Scan, ScanPorts, ScanSettings, Tickets, Uploads, Worker};
use riffle_testkit::memory::{
    ManualClock, MemoryConnections, MemoryLedger, MemoryNotifier, MemoryObjects, MemoryQueue, MemoryRecords,
    MemoryTickets, NoUploads, SeededIds,
};
use serde::de::DeserializeOwned;

pub const FILES: [(&str, &str); 3] =
    [("a.txt", "HOLE-1 and HOLE-2"), ("b.txt", "nothing here"), ("c.txt", "HOLE-2")];

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events")
}

/// Returns the payload of `events/FUNCTION/CASE.json`, decoded as the function's runtime does.
pub fn event<T: DeserializeOwned>(function: &str, case: &str) -> FunctionEvent<T> {
    let path = folder().join(function).join(format!("{case}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let payload = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    FunctionEvent::new(payload, "request")
}

pub struct World {
    pub scan: Scan,
    pub connections: Arc<MemoryConnections>,
    pub notifier: Arc<MemoryNotifier>,
    pub clock: Arc<ManualClock>,
    pub tickets: Tickets,
    /// How often files of the bucket were opened.
    pub opened: Arc<AtomicU32>,
}

impl World {
    pub fn new() -> Self {
        let clock = Arc::new(ManualClock::new());
        let ids = Arc::new(SeededIds::new(1));
        let connections = Arc::new(MemoryConnections::new());
        let notifier = Arc::new(MemoryNotifier::new());
        let ports = ScanPorts {
            ledger: Arc::new(MemoryLedger::new()),
            objects: Arc::new(MemoryObjects::new()),
            queue: Arc::new(MemoryQueue::new(clock.clone(), chrono::TimeDelta::minutes(3))),
            connections: connections.clone(),
            notifier: notifier.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            meter: Arc::default(),
        };
        let settings = ScanSettings { prefixes_allowed: true, ..ScanSettings::default() };
        let tickets =
            Tickets { store: Arc::new(MemoryTickets::default()), clock: clock.clone(), ids: ids.clone() };
        Self {
            scan: Scan::new(ports, settings),
            connections,
            notifier,
            clock,
            tickets,
            opened: Arc::default(),
        }
    }

    pub fn api(&self) -> api::ApiDeps {
        let ids = Arc::new(SeededIds::new(2));
        let uploads = Uploads {
            objects: Arc::new(MemoryObjects::new()),
            storage: Arc::new(NoUploads),
            ids,
            limits: riffle_scan::limits(),
            quotas: Quotas::none(),
        };
        api::ApiDeps {
            scan: self.scan.clone(),
            tickets: self.tickets.clone(),
            files: Arc::new(Bucket { opened: Arc::clone(&self.opened) }),
            pages: None,
            uploads,
            dead_letters: DeadLetterService {
                dead: Arc::new(MemoryQueue::new(self.clock.clone(), chrono::TimeDelta::minutes(3))),
                classifiers: Vec::new(),
                fallback: Arc::new(RecordClassifier { records: Arc::new(MemoryRecords::default()) }),
                single_tenant: false,
            },
            statements: None,
            probe: None,
            links: None,
            folders: None,
            quotas: Quotas::none(),
            config: Config {
                version: "0".to_owned(),
                place: DeployedAt::Aws,
                sources: Vec::new(),
                ocr: OcrConfig { available: false },
                limits: riffle_scan::limits(),
                socket: SocketConfig { path: "/ws".to_owned(), max_age_seconds: 1, idle_seconds: 1 },
                flows: vec!["scan".to_owned()],
                sign_in: None,
            },
            started_at: self.clock.now(),
            clock: self.clock.clone(),
        }
    }

    pub fn dispatcher(&self) -> Dispatcher {
        Dispatcher { scan: self.scan.clone(), source: Arc::new(Bucket { opened: Arc::clone(&self.opened) }) }
    }

    pub fn worker(&self) -> Worker {
        let parser = Parser::InProcess(riffle_extract::ReadLimits::default());
        let reader = Reader { parser, cache: None, ocr: None };
        Worker {
            scan: self.scan.clone(),
            source: Arc::new(Bucket { opened: Arc::clone(&self.opened) }),
            search: Arc::new(ReaderSearch(Arc::new(reader))),
        }
    }
}

/// A bucket that lists these files for every prefix.
struct Bucket {
    opened: Arc<AtomicU32>,
}

struct OnePage(Option<Vec<Entry>>);

#[async_trait]
impl Pages for OnePage {
    async fn next(&mut self) -> Result<Option<Vec<Entry>>, SourceError> {
        Ok(self.0.take())
    }
}

#[async_trait]
impl FileSource for Bucket {
    async fn list(&self, _: &Source) -> Result<Box<dyn Pages>, SourceError> {
        let entries = FILES.iter().map(|(name, content)| Entry {
            name: (*name).to_owned(),
            locator: (*name).to_owned(),
            size: content.len() as u64,
            version: "1".to_owned(),
        });
        Ok(Box::new(OnePage(Some(entries.collect()))))
    }

    async fn open(&self, _: &Source, entry: &Entry) -> Result<Box<dyn Opened>, ReadError> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        let file = FILES.iter().find(|(name, _)| *name == entry.name).ok_or(ReadError::Missing)?;
        Ok(Box::new(Bytes::from_static(file.1.as_bytes())))
    }

    async fn find(&self, _: &Source, entry: &Entry) -> Result<Option<Entry>, SourceError> {
        Ok(Some(entry.clone()))
    }

    fn identity(&self, _: &Source, entry: &Entry) -> String {
        entry.locator.clone()
    }
}
