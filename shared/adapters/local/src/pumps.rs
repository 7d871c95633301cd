//! The counterpart of AWS's event source mappings: takes messages from a queue, wraps them in an envelope, calls the
//! function, deletes the finished messages and releases the failed ones. The topology defines the queues and sweepers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use riffle_ports::PortError;
use riffle_runtime::{FunctionEvent, Registry, queue_event};
use riffle_topology::{Consumed, SWEEP_SECONDS};
use tokio::sync::{RwLock, watch};
use tokio::task::JoinSet;

use crate::queues::{LocalQueues, ReceivedMessage};

/// As on AWS: six times the timeout of a function. Renewed while a function is running.
const VISIBILITY: Duration = Duration::from_mins(12);
/// Time for running functions to end when the platform stops.
const GRACE: Duration = Duration::from_secs(5);
/// Pause before a queue that could not be read is read again.
const PAUSE: Duration = Duration::from_secs(1);
/// A failed message returns after 1, 2, 4 … seconds, at most this.
const MAX_DELAY: Duration = Duration::from_mins(1);

/// A callback for each message that was processed successfully.
pub type Observer = Arc<dyn Fn(&Consumed, &ReceivedMessage) + Send + Sync>;

/// The running pumps.
#[derive(Debug)]
pub struct Pumps {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// One consumer of one queue.
struct Pump {
    queues: LocalQueues,
    registry: Registry,
    consumer: Consumed,
    /// Set if some messages may crash the process: those are processed while nothing else is, so that no other message
    /// is blamed.
    alone: Option<Arc<RwLock<()>>>,
    stopped: watch::Receiver<bool>,
    observer: Observer,
}

impl Pumps {
    /// Starts a pump for each consumer of the registry's topology, and the sweepers. `jobs` is the number of files read
    /// at once.
    ///
    /// # Panics
    /// If a function of the topology is not bound.
    pub fn start(queues: &LocalQueues, registry: &Registry, jobs: u32, observer: &Observer) -> Self {
        assert_eq!(registry.unbound(), [""; 0], "functions are not bound");
        let (stop, stopped) = watch::channel(false);
        let mut alone = BTreeMap::new();
        let mut tasks = JoinSet::new();
        let topology = registry.topology();
        for consumer in topology.consumed() {
            let alone = consumer.alone().map(|function| Arc::clone(alone.entry(function).or_default()));
            for _ in 0..consumer.queue.local_consumers.count(jobs) {
                let pump = Pump {
                    queues: queues.clone(),
                    registry: registry.clone(),
                    consumer,
                    alone: alone.clone(),
                    stopped: stopped.clone(),
                    observer: Arc::clone(observer),
                };
                tasks.spawn(pump.run());
            }
        }
        for flow in topology.0 {
            tasks.spawn(sweep(registry.clone(), flow.sweeper, stopped.clone()));
        }
        Self { stop, tasks }
    }

    /// Takes no more messages and waits for the running functions, for a limited time: a large statement takes minutes,
    /// and interrupted work continues at the next start, as after a kill.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::info!("work in progress is interrupted; it continues at the next start");
            self.tasks.shutdown().await;
        }
    }
}

async fn sweep(registry: Registry, function: &'static str, mut stopped: watch::Receiver<bool>) {
    loop {
        if let Err(failure) = registry.tick(function).await {
            tracing::warn!(function, %failure, "the sweep failed; the next one tries again");
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(SWEEP_SECONDS)) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
    }
}

impl Pump {
    async fn run(mut self) {
        let queue = self.consumer.queue;
        loop {
            let queues = &self.queues;
            let ready = tokio::select! {
                ready = queues.wait(queue.name) => ready,
                _ = self.stopped.wait_for(|stopped| *stopped) => return,
            };
            let received = match ready {
                Ok(()) => queues.receive(queue.name, queue.batch as usize, VISIBILITY).await,
                Err(error) => Err(error),
            };
            let outcome = match received {
                Ok(messages) if messages.is_empty() => Ok(()),
                Ok(messages) => self.deliver(&messages).await,
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                tracing::error!(queue = queue.name, %error, "the queue cannot be reached");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Calls the function with a batch, then deletes or releases each message by its result.
    async fn deliver(&self, messages: &[ReceivedMessage]) -> Result<(), PortError> {
        let queues = &self.queues;
        let receipts: Vec<String> = messages.iter().map(|message| message.receipt.clone()).collect();
        let envelope = queue_event(
            self.consumer.queue.name,
            messages.iter().map(|message| {
                (message.id.as_str(), message.receive_count, message.sent_at, message.body.as_str())
            }),
        );
        let event = FunctionEvent::new(envelope, receipts[0].clone());
        let call = self.registry.call(self.consumer.function, event);
        let function = async {
            match &self.alone {
                Some(alone) if self.consumer.queue.alone => {
                    let _alone = alone.write().await;
                    call.await
                }
                Some(alone) => {
                    let _among_others = alone.read().await;
                    call.await
                }
                None => call.await,
            }
        };
        tokio::pin!(function);
        let response = loop {
            tokio::select! {
                response = &mut function => break response,
                () = tokio::time::sleep(VISIBILITY / 2) => { queues.extend(&receipts, VISIBILITY).await?; }
            }
        };
        let failed: BTreeSet<&str> =
            response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
        let (failed, done): (Vec<&ReceivedMessage>, Vec<&ReceivedMessage>) =
            messages.iter().partition(|message| failed.contains(message.id.as_str()));
        for message in &done {
            (self.observer)(&self.consumer, message);
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
