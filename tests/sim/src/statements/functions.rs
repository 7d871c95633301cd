//! The real functions of the statements flow, wired as in their `main.rs`, but with ports that the simulator controls.

use std::sync::Arc;

use futures::future::LocalBoxFuture;
use riffle_ports::{DeadLetterStore, FileId};
use riffle_runtime::{DeadLetterService, Registry};
use riffle_statements::{Processor, Statements};
use riffle_testkit::memory::{MemoryMessage, SeededIds};
use riffle_testkit::simulator::{Control, Faulty, FaultyRecords};
use riffle_topology::RIFFLE;
use riffle_topology::statements::{ANALYTICS, AUDITOR, NAME, SWEEPER};

use super::changes;
use super::mutants::{self, StatementsMutant};
use super::reader::ObedientReader;
use super::scenario::StatementsScenario;
use super::stores::StatementsStores;
use crate::platform::{batch_event, failed};

/// The result of an invocation that neither crashed nor panicked.
#[derive(Debug)]
pub enum StatementsResponse {
    /// The ids of the failed messages.
    Batch(Vec<String>),
    /// Whether a person's request was carried out.
    Asked(bool),
    Swept,
}

/// All functions of the flow.
pub struct StatementsFunctions {
    processor: Processor,
    registry: Registry,
    dead_letters: DeadLetterService,
    mutant: Option<StatementsMutant>,
}

impl std::fmt::Debug for StatementsFunctions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Functions").finish_non_exhaustive()
    }
}

/// Creates the flow directly on the stores, without faults.
pub fn bare(
    stores: &StatementsStores,
    scenario: &StatementsScenario,
    reader: &Arc<ObedientReader>,
) -> Processor {
    let statements = Statements {
        records: Arc::clone(&stores.records) as _,
        transactions: Arc::clone(&stores.statements) as _,
        figures: Arc::clone(&stores.statements) as _,
        audit: Arc::clone(&stores.statements) as _,
        events: Arc::clone(&stores.bus) as _,
        objects: Arc::clone(&stores.objects) as _,
        inbox: Arc::clone(&stores.inbox) as _,
        queue: Arc::clone(&stores.queue) as _,
        clock: Arc::clone(&stores.clock) as _,
        ids: Arc::new(SeededIds::new(0)),
        settings: scenario.settings.clone(),
    };
    Processor { statements, reader: Arc::clone(reader) as _ }
}

impl StatementsFunctions {
    pub fn new(
        stores: &StatementsStores,
        scenario: &StatementsScenario,
        reader: &Arc<ObedientReader>,
        mutant: Option<StatementsMutant>,
        control: &Arc<Control>,
        seed: u64,
    ) -> Self {
        let ports = mutants::ports(mutant, stores, control);
        let statements = Statements {
            records: Arc::new(FaultyRecords::new(ports.records, Arc::clone(control), changes::point)),
            transactions: Arc::new(Faulty::new(ports.transactions, Arc::clone(control))),
            figures: Arc::new(Faulty::new(ports.figures, Arc::clone(control))),
            audit: Arc::new(Faulty::new(ports.audit, Arc::clone(control))),
            events: mutants::trusting(mutant, Arc::new(Faulty::new(ports.events, Arc::clone(control)))),
            objects: Arc::new(Faulty::new(ports.objects, Arc::clone(control))),
            inbox: Arc::new(Faulty::new(ports.inbox, Arc::clone(control))),
            queue: Arc::new(Faulty::new(ports.queue, Arc::clone(control))),
            clock: Arc::clone(control) as _,
            ids: Arc::new(SeededIds::new(seed)),
            settings: scenario.settings.clone(),
        };
        let dead: Arc<dyn DeadLetterStore> = Arc::clone(&stores.queue) as _;
        let dead = Arc::new(Faulty::new(dead, Arc::clone(control)));
        let own = Arc::new(statements.clone());
        let dead_letters = DeadLetterService {
            dead,
            classifiers: vec![(NAME, own.clone() as _)],
            fallback: own,
            single_tenant: false,
        };
        let processor = Processor { statements, reader: Arc::clone(reader) as _ };
        let mut registry = Registry::new(RIFFLE);
        riffle_functions::bind_statements(&mut registry, &processor);
        let statements = &processor.statements;
        match mutant {
            Some(StatementsMutant::CountedFigures) => {
                registry
                    .rebind(ANALYTICS, statements, |on, event| Box::pin(mutants::count_figures(on, event)));
            }
            Some(StatementsMutant::FiguresByEventTime) => {
                registry.rebind(ANALYTICS, statements, |on, event| {
                    Box::pin(mutants::derive_by_event_time(on, event))
                });
            }
            Some(StatementsMutant::LateTrailStays) => {
                registry.rebind(AUDITOR, statements, |on, event| Box::pin(mutants::append_all(on, event)));
            }
            _ => {}
        }
        Self { processor, registry, dead_letters, mutant }
    }

    /// Runs the function that consumes a queue on messages received from it.
    pub fn batch(
        &self,
        function: &str,
        received: &[MemoryMessage],
    ) -> LocalBoxFuture<'static, StatementsResponse> {
        let received: Vec<MemoryMessage> =
            received.iter().map(|received| mutants::message(self.mutant, received)).collect();
        let response = self.registry.call(function, batch_event(&received));
        Box::pin(async move { StatementsResponse::Batch(failed(response.await)) })
    }

    /// Requests the deletion of a file.
    pub fn delete(&self, tenant: &'static str, file: FileId) -> LocalBoxFuture<'static, StatementsResponse> {
        let statements = self.processor.statements.clone();
        Box::pin(async move {
            StatementsResponse::Asked(statements.request_deletion(tenant, &file).await == Ok(true))
        })
    }

    /// Redrives the tenant's dead letters.
    pub fn redrive(&self, tenant: &'static str) -> LocalBoxFuture<'static, StatementsResponse> {
        let dead_letters = self.dead_letters.clone();
        Box::pin(
            async move { StatementsResponse::Asked(dead_letters.redrive(tenant, None, None).await.is_ok()) },
        )
    }

    pub fn sweep(&self) -> LocalBoxFuture<'static, StatementsResponse> {
        let swept = self.registry.tick(SWEEPER);
        Box::pin(async move {
            // A failed sweep raises an alarm and is repeated in a minute; no caller waits for its answer.
            drop(swept.await);
            StatementsResponse::Swept
        })
    }
}
