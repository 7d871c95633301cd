//! The real functions of the ingest flow, wired as their `main.rs` would, but on ports that a judge stands in front
//! of.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsBatchResponse;
use futures::future::LocalBoxFuture;
use riffle_contracts::Consumer;
use riffle_ingest::{Ingest, Letters, Processor};
use riffle_ports::{DeadLetters, FileId};
use riffle_runtime::{Event, tick_event};
use riffle_testkit::memory::{Place, Received, SeededIds, Stage};
use riffle_testkit::simulator::{Control, Faulty};

use super::mutants::{self, Mutant};
use super::reader::ObedientReader;
use super::scenario::Scenario;
use super::stores::Stores;
use crate::platform::{batch_event, failed};

/// How an invocation ended that neither crashed nor panicked.
#[derive(Debug)]
pub enum Answer {
    /// The message ids that failed.
    Batch(Vec<String>),
    /// Whether what a person asked for was done.
    Asked(bool),
    Swept,
}

/// All functions of the flow.
pub struct Functions {
    processor: Processor,
    letters: Letters,
    mutant: Option<Mutant>,
}

impl std::fmt::Debug for Functions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Functions").finish_non_exhaustive()
    }
}

/// The flow with nothing between it and the stores.
pub fn bare(stores: &Stores, scenario: &Scenario, reader: &Arc<ObedientReader>) -> Processor {
    let ingest = Ingest {
        files: Arc::clone(&stores.statements) as _,
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
    Processor { ingest, statements: Arc::clone(reader) as _ }
}

impl Functions {
    pub fn new(
        stores: &Stores,
        scenario: &Scenario,
        reader: &Arc<ObedientReader>,
        mutant: Option<Mutant>,
        control: &Arc<Control>,
        seed: u64,
    ) -> Self {
        let ports = mutants::ports(mutant, stores, control);
        let ingest = Ingest {
            files: Arc::new(Faulty::new(ports.files, Arc::clone(control))),
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
        let dead: Arc<dyn DeadLetters> = Arc::clone(&stores.queue) as _;
        let dead = Arc::new(Faulty::new(dead, Arc::clone(control)));
        Self {
            processor: Processor { ingest, statements: Arc::clone(reader) as _ },
            letters: Letters { dead, alone: false },
            mutant,
        }
    }

    /// The function that consumes `place`, on what was received from there.
    pub fn batch(&self, place: Place, received: &[Received]) -> LocalBoxFuture<'static, Answer> {
        let mutant = self.mutant;
        let received: Vec<Received> =
            received.iter().map(|received| mutants::message(mutant, received)).collect();
        let event = batch_event(&received);
        let processor = self.processor.clone();
        Box::pin(async move {
            let ingest = &processor.ingest;
            let response = match place {
                Place::Ingest(Stage::Uploads) => s3_event_handler::handle(ingest, event).await,
                Place::Ingest(Stage::Consumer(consumer)) => match consumer {
                    Consumer::FileProcessor => file_processor_consumer::handle(&processor, event).await,
                    Consumer::Categorization => categorization_consumer::handle(ingest, event).await,
                    Consumer::Analytics if mutant == Some(Mutant::CountedFigures) => {
                        mutants::count_figures(ingest, event).await
                    }
                    Consumer::Analytics => analytics_consumer::handle(ingest, event).await,
                    Consumer::Audit if mutant == Some(Mutant::LateTrailStays) => {
                        mutants::append_all(ingest, event).await
                    }
                    Consumer::Audit => audit_consumer::handle(ingest, event).await,
                    Consumer::Errors => error_consumer::handle(ingest, event).await,
                },
                _ => SqsBatchResponse::default(),
            };
            Answer::Batch(failed(response))
        })
    }

    /// Somebody wants a file gone.
    pub fn delete(&self, tenant: &'static str, file: FileId) -> LocalBoxFuture<'static, Answer> {
        let ingest = self.processor.ingest.clone();
        Box::pin(async move { Answer::Asked(ingest.request_deletion(tenant, &file).await == Ok(true)) })
    }

    /// Somebody hands out the tenant's dead letters again.
    pub fn redrive(&self, tenant: &'static str) -> LocalBoxFuture<'static, Answer> {
        let letters = self.letters.clone();
        Box::pin(async move { Answer::Asked(letters.redrive(tenant, None).await.is_ok()) })
    }

    pub fn sweep(&self) -> LocalBoxFuture<'static, Answer> {
        let ingest = self.processor.ingest.clone();
        Box::pin(async move {
            // A sweep that fails is alarmed and comes again in a minute: nobody waits for its answer.
            drop(ingest_sweeper::handle(&ingest, Event::new(tick_event(), "invocation")).await);
            Answer::Swept
        })
    }
}
