//! The real functions, wired as in their `main.rs`, but with ports that the simulator controls.

use std::sync::Arc;

use futures::future::LocalBoxFuture;
use riffle_ports::{
    ClientNotifier, Clock, ConnectionRegistry, FileSource, Ids, ObjectStore, ScanLedger, TokenVault,
};
use riffle_runtime::{Deadline, FunctionEvent, Registry, socket_event};
use riffle_scan::{Dispatcher, FileSearch, Scan, ScanPorts, ScanSettings, Worker};
use riffle_testkit::memory::{MemoryMessage, SeededIds};
use riffle_testkit::simulator::{Control, Faulty};
use riffle_topology::RIFFLE;
use riffle_topology::scan::SWEEPER;

use super::google::DriveFiles;
use super::mutants::{self, ScanMutant};
use super::rows::RowsReports;
use super::search::ObedientSearch;
use super::stores::ScanStores;
use crate::platform::{batch_event, failed};

/// The result of an invocation that neither crashed nor panicked.
#[derive(Debug)]
pub enum ScanResponse {
    /// The ids of the failed messages.
    Batch(Vec<String>),
    /// An HTTP status.
    Status(i64),
    Swept,
}

/// All functions of the flow, with the caches of a process that has handled requests before.
pub struct ScanFunctions {
    ports: ScanPorts,
    tokens: Arc<dyn TokenVault>,
    source: Arc<dyn FileSource>,
    search: Arc<dyn FileSearch>,
    settings: ScanSettings,
    scan: Scan,
    registry: Registry,
    /// Whether reports are real workbooks. Creating one takes as long as the rest of a schedule.
    workbooks: bool,
}

fn scan(ports: &ScanPorts, tokens: &Arc<dyn TokenVault>, settings: &ScanSettings, workbooks: bool) -> Scan {
    let scan = Scan::new(ports.clone(), settings.clone()).with_tokens(Arc::clone(tokens));
    if workbooks { scan } else { scan.with_reports(Arc::new(RowsReports)) }
}

/// Binds the functions that consume queues, and the sweeper.
fn bound(scan: &Scan, source: &Arc<dyn FileSource>, search: &Arc<dyn FileSearch>) -> Registry {
    let mut registry = Registry::new(RIFFLE);
    let dispatcher = Dispatcher { scan: scan.clone(), source: Arc::clone(source) };
    let worker = Worker { scan: scan.clone(), source: Arc::clone(source), search: Arc::clone(search) };
    riffle_functions::bind_scan(&mut registry, &dispatcher, &worker);
    registry
}

impl std::fmt::Debug for ScanFunctions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Functions").finish_non_exhaustive()
    }
}

impl ScanFunctions {
    pub fn new(
        stores: &ScanStores,
        settings: ScanSettings,
        mutant: Option<ScanMutant>,
        control: &Arc<Control>,
        seed: u64,
        workbooks: bool,
    ) -> Self {
        let ledger = mutants::ledger(mutant, &stores.ledger, control);
        let objects = mutants::objects(mutant, &stores.objects);
        let connections = mutants::connections(mutant, &stores.connections);
        let queue = mutants::queue(mutant, &stores.queue, &stores.ledger);
        let notifier: Arc<dyn ClientNotifier> = Arc::<_>::clone(&stores.notifier) as _;
        let files = mutants::files(mutant, &stores.files);
        let tokens = mutants::tokens(mutant, &stores.tokens);
        let tokens: Arc<dyn TokenVault> = Arc::new(Faulty::new(tokens, Arc::clone(control)));
        let google = Arc::clone(&stores.google);
        let files: Arc<dyn FileSource> =
            Arc::new(DriveFiles { files, vault: Arc::clone(&tokens), google, mutant });
        let ledger: Arc<dyn ScanLedger> = Arc::new(Faulty::new(ledger, Arc::clone(control)));
        let objects: Arc<dyn ObjectStore> = Arc::new(Faulty::new(objects, Arc::clone(control)));
        let connections: Arc<dyn ConnectionRegistry> =
            Arc::new(Faulty::new(connections, Arc::clone(control)));
        let ports = ScanPorts {
            ledger,
            objects,
            queue: Arc::new(Faulty::new(queue, Arc::clone(control))),
            connections,
            notifier: Arc::new(Faulty::new(notifier, Arc::clone(control))),
            clock: Arc::<Control>::clone(control) as Arc<dyn Clock>,
            ids: Arc::new(SeededIds::new(seed)) as Arc<dyn Ids>,
            meter: Arc::default(),
        };
        let scan = scan(&ports, &tokens, &settings, workbooks);
        let source: Arc<dyn FileSource> = Arc::new(Faulty::new(files, Arc::clone(control)));
        let search: Arc<dyn FileSearch> = Arc::new(ObedientSearch::new(Arc::clone(control)));
        let registry = bound(&scan, &source, &search);
        Self { ports, tokens, source, search, settings, scan, registry, workbooks }
    }

    /// Replaces the functions by ones with empty caches, as in new processes.
    pub fn restart(&mut self) {
        self.scan = scan(&self.ports, &self.tokens, &self.settings, self.workbooks);
        self.registry = bound(&self.scan, &self.source, &self.search);
    }

    /// Runs the function that consumes a queue on messages received from it.
    pub fn batch(&self, function: &str, received: &[MemoryMessage]) -> LocalBoxFuture<'static, ScanResponse> {
        let (clock, now) = (Arc::clone(&self.ports.clock), self.ports.clock.now());
        let event = batch_event(received).until(Deadline::new(clock, now + self.settings.attempt));
        let response = self.registry.call(function, event);
        Box::pin(async move { ScanResponse::Batch(failed(response.await)) })
    }

    pub fn connect(&self, connection: &str, tenant: &str) -> LocalBoxFuture<'static, ScanResponse> {
        let deps = websocket_connect::ConnectDeps {
            connections: Arc::clone(&self.ports.connections),
            clock: Arc::clone(&self.ports.clock),
        };
        let event = FunctionEvent::new(socket_event("$connect", connection, tenant, None), "invocation");
        Box::pin(
            async move { ScanResponse::Status(websocket_connect::handle(&deps, event).await.status_code) },
        )
    }

    pub fn disconnect(&self, connection: &str, tenant: &str) -> LocalBoxFuture<'static, ScanResponse> {
        let deps = websocket_disconnect::DisconnectDeps { connections: Arc::clone(&self.ports.connections) };
        let event = FunctionEvent::new(socket_event("$disconnect", connection, tenant, None), "invocation");
        Box::pin(
            async move { ScanResponse::Status(websocket_disconnect::handle(&deps, event).await.status_code) },
        )
    }

    pub fn act(
        &self,
        connection: &str,
        tenant: &str,
        message: &str,
    ) -> LocalBoxFuture<'static, ScanResponse> {
        let deps = websocket_default::DefaultDeps {
            scan: self.scan.clone(),
            connections: Arc::clone(&self.ports.connections),
        };
        let event = socket_event("$default", connection, tenant, Some(message));
        let event = FunctionEvent::new(event, "invocation");
        Box::pin(
            async move { ScanResponse::Status(websocket_default::handle(&deps, event).await.status_code) },
        )
    }

    pub fn sweep(&self) -> LocalBoxFuture<'static, ScanResponse> {
        let swept = self.registry.tick(SWEEPER);
        Box::pin(async move {
            // A failed sweep raises an alarm and is repeated in a minute; no caller waits for its answer.
            drop(swept.await);
            ScanResponse::Swept
        })
    }
}
