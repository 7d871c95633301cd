//! What AWS's event sources do: take messages from a queue, wrap them in an envelope, call the function,
//! delete what was done and give back what failed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_local_adapters::{QueueName, Received};
use riffle_ports::{PortError, SessionId};
use riffle_runtime::{Event, queue_event, tick_event};
use tokio::sync::{RwLock, watch};
use tokio::task::JoinSet;

use crate::measured::Uploaded;
use crate::platform::Platform;

/// As on AWS: six times what a function may take. Renewed while one is at work.
const VISIBILITY: Duration = Duration::from_mins(12);
pub const WORK_BATCH: usize = 10;
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// For functions at work when the platform is to end.
const GRACE: Duration = Duration::from_secs(5);
/// Before a queue that could not be read is read again.
const PAUSE: Duration = Duration::from_secs(1);
/// A failed message comes back after 1, 2, 4 … seconds, at most this.
const MAX_DELAY: Duration = Duration::from_mins(1);

/// Consumers of each queue of the ingest flow. Most of what they do is to wait for the one thread of the database.
const INGEST: [(QueueName, usize); 6] = [
    (QueueName::FileUploads, 2),
    (QueueName::FileProcessor, 4),
    (QueueName::Categorization, 2),
    (QueueName::Analytics, 2),
    (QueueName::Audit, 2),
    (QueueName::Errors, 1),
];

// Handlers say why on the last delivery: they must know which one that is.
const _: () = assert!(riffle_ingest::MAX_RECEIVES == riffle_local_adapters::MAX_RECEIVES);

/// The running pumps.
pub struct Pumps {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// One consumer of one queue.
struct Pump {
    platform: Arc<Platform>,
    queue: QueueName,
    /// Quarantined files may end the process: they are read while nothing else is, so that no neighbour is
    /// blamed.
    alone: Arc<RwLock<()>>,
    stopped: watch::Receiver<bool>,
    /// When the files on their way were received.
    uploaded: Arc<Uploaded>,
}

impl Pumps {
    pub async fn start(platform: &Arc<Platform>, workers: usize) -> Self {
        if let Err(error) = platform.statements.inbox.recover().await {
            tracing::error!(%error, "uploads of the last run were not looked after; the next start will");
        }
        // What was in hand is back in its queue since the state was opened: what is not there is lost.
        let queues = &platform.queues;
        let is_named = async |id: &SessionId| queues.holds(QueueName::ScanDispatch, id.as_ref()).await;
        if let Err(failure) = platform.functions.scan.revive(is_named).await {
            tracing::warn!(%failure, "open scans were not looked after; the sweep will");
        }
        let (stop, stopped) = watch::channel(false);
        let (alone, uploaded) = (Arc::default(), Arc::default());
        let singles = [QueueName::ScanQuarantine, QueueName::ScanDispatch, QueueName::ScanFinish];
        let mut tasks = JoinSet::new();
        let queues = std::iter::repeat_n(QueueName::ScanWork, workers).chain(singles);
        for queue in
            queues.chain(INGEST.into_iter().flat_map(|(queue, pumps)| std::iter::repeat_n(queue, pumps)))
        {
            let pump = Pump {
                platform: Arc::clone(platform),
                queue,
                alone: Arc::clone(&alone),
                stopped: stopped.clone(),
                uploaded: Arc::clone(&uploaded),
            };
            tasks.spawn(pump.run());
        }
        tasks.spawn(sweep(Arc::clone(platform), stopped.clone()));
        tasks.spawn(sweep_statements(Arc::clone(platform), stopped));
        Self { stop, tasks }
    }

    /// Takes no more messages and waits for the functions at work, but not for ever: a large statement takes minutes,
    /// and whatever is cut off goes on at the next start as after a kill.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::info!("what is at work is cut off; it goes on at the next start");
            self.tasks.shutdown().await;
        }
    }
}

async fn sweep(platform: Arc<Platform>, mut stopped: watch::Receiver<bool>) {
    loop {
        let event = Event::new(tick_event(), "sweep");
        if let Err(failure) = scan_sweeper::handle(&platform.functions.scan, event).await {
            tracing::warn!(%failure, "the sweep failed; the next one tries again");
        }
        tokio::select! {
            () = tokio::time::sleep(SWEEP_EVERY) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
    }
}

async fn sweep_statements(platform: Arc<Platform>, mut stopped: watch::Receiver<bool>) {
    loop {
        let event = Event::new(tick_event(), "sweep");
        if let Err(failure) = ingest_sweeper::handle(platform.statements.ingest(), event).await {
            tracing::warn!(%failure, "the sweep of statements failed; the next one tries again");
        }
        tokio::select! {
            () = tokio::time::sleep(SWEEP_EVERY) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
    }
}

impl Pump {
    async fn run(mut self) {
        loop {
            let queues = &self.platform.queues;
            let ready = tokio::select! {
                ready = queues.wait(self.queue) => ready,
                _ = self.stopped.wait_for(|stopped| *stopped) => return,
            };
            let received = match ready {
                Ok(()) => queues.receive(self.queue, self.batch(), VISIBILITY).await,
                Err(error) => Err(error),
            };
            let outcome = match received {
                Ok(messages) if messages.is_empty() => Ok(()),
                Ok(messages) => self.deliver(&messages).await,
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                tracing::error!(queue = self.queue.as_str(), %error, "the queue cannot be reached");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    fn batch(&self) -> usize {
        match self.queue {
            QueueName::ScanWork
            | QueueName::FileUploads
            | QueueName::Categorization
            | QueueName::Analytics
            | QueueName::Audit
            | QueueName::Errors => WORK_BATCH,
            // A large file must not hold up small ones behind it.
            _ => 1,
        }
    }

    async fn invoke(&self, event: Event<SqsEvent>) -> SqsBatchResponse {
        let (functions, statements) = (&self.platform.functions, &self.platform.statements);
        match self.queue {
            QueueName::ScanDispatch => scan_dispatcher::handle(&functions.dispatcher, event).await,
            QueueName::ScanWork => {
                let _among_others = self.alone.read().await;
                scan_worker::handle(&functions.worker, event).await
            }
            QueueName::ScanQuarantine => {
                let _alone = self.alone.write().await;
                scan_quarantine::handle(&functions.worker, event).await
            }
            QueueName::ScanFinish => scan_finisher::handle(&functions.scan, event).await,
            QueueName::FileUploads => s3_event_handler::handle(statements.ingest(), event).await,
            QueueName::FileProcessor => file_processor_consumer::handle(&statements.processor, event).await,
            QueueName::Categorization => categorization_consumer::handle(statements.ingest(), event).await,
            QueueName::Analytics => analytics_consumer::handle(statements.ingest(), event).await,
            QueueName::Audit => audit_consumer::handle(statements.ingest(), event).await,
            QueueName::Errors => error_consumer::handle(statements.ingest(), event).await,
            dead => unreachable!("nothing consumes {dead:?}"),
        }
    }

    /// Calls the function with a batch and settles what became of its messages.
    async fn deliver(&self, messages: &[Received]) -> Result<(), PortError> {
        let queues = &self.platform.queues;
        let receipts: Vec<String> = messages.iter().map(|message| message.receipt.clone()).collect();
        let envelope = queue_event(
            self.queue.as_str(),
            messages
                .iter()
                .map(|message| (message.id.as_str(), message.receive_count, message.body.as_str())),
        );
        let function = self.invoke(Event::new(envelope, receipts[0].clone()));
        tokio::pin!(function);
        let response = loop {
            tokio::select! {
                response = &mut function => break response,
                () = tokio::time::sleep(VISIBILITY / 2) => { queues.extend(&receipts, VISIBILITY).await?; }
            }
        };
        let failed: BTreeSet<&str> =
            response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
        let (failed, done): (Vec<&Received>, Vec<&Received>) =
            messages.iter().partition(|message| failed.contains(message.id.as_str()));
        if QueueName::INGEST.contains(&self.queue) {
            let now = self.platform.clock.now();
            for message in &done {
                self.uploaded.measure(&self.platform.timings, self.queue, message, now);
            }
        }
        let done: Vec<String> = done.into_iter().map(|message| message.receipt.clone()).collect();
        queues.delete(&done).await?;
        for message in failed {
            let delay = Duration::from_secs(1 << (message.receive_count.max(1) - 1).min(6)).min(MAX_DELAY);
            queues.release(std::slice::from_ref(&message.receipt), delay).await?;
        }
        Ok(())
    }
}
