//! Everything that is derived from the list of flows.

use crate::{COMMON, Flow, QueueSpec, Stage, Then, Trigger};

/// The suffix of the names of dead-letter queues.
const DEAD_LETTERS: &str = "-dead-letters";

/// A list of flows, and the derivations from it.
#[derive(Debug, Clone, Copy)]
pub struct Topology(pub &'static [Flow]);

/// A queue with the function that consumes it.
#[derive(Debug, Clone, Copy)]
pub struct Consumed {
    pub flow: &'static Flow,
    pub function: &'static str,
    pub trigger: Trigger,
    pub queue: &'static QueueSpec,
}

/// A dead-letter queue: it holds messages that failed permanently, and no function consumes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterQueue {
    pub flow: &'static str,
    /// The function in which its messages failed.
    pub function: &'static str,
    /// The queue to which a redrive returns the messages; `None` for the events of a schedule, which are sent again at
    /// the next due time.
    pub queue: Option<&'static str>,
    pub name: String,
}

/// The destination of a message that keeps failing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedrivePolicy {
    /// A message that was received this often without being deleted moves when it would become visible again.
    pub after: u32,
    /// The name of a queue or of a dead-letter queue.
    pub to: String,
}

/// Returns the name of the dead-letter queue of a queue or a scheduled function.
pub fn dead_letters_of(queue: &str) -> String {
    format!("{queue}{DEAD_LETTERS}")
}

/// Returns the name of the stack output that holds a queue's address: `ScanWorkQueueUrl` for `scan-work`,
/// `ScanWorkDeadLettersUrl` for `scan-work-dead-letters`.
pub fn url_output(queue: &str) -> String {
    let words = queue.split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
    let end = if queue.ends_with(DEAD_LETTERS) { "Url" } else { "QueueUrl" };
    words.chain([end.to_owned()]).collect()
}

impl Topology {
    pub fn flow(self, name: &str) -> Option<&'static Flow> {
        self.0.iter().find(|flow| flow.name == name)
    }

    /// Iterates over all functions that have a queue, in the order of the flows and of their stages.
    pub fn consumed(self) -> impl Iterator<Item = Consumed> {
        self.0.iter().flat_map(|flow| {
            flow.stages.iter().filter_map(move |Stage { function, trigger, queue }| {
                Some(Consumed { flow, function, trigger: *trigger, queue: queue.as_ref()? })
            })
        })
    }

    /// Returns the queue of this name; `None` for a dead-letter queue.
    pub fn queue(self, name: &str) -> Option<Consumed> {
        self.consumed().find(|consumed| consumed.queue.name == name)
    }

    /// Returns the queue that this function consumes.
    pub fn consumed_by(self, function: &str) -> Option<Consumed> {
        self.consumed().find(|consumed| consumed.function == function)
    }

    /// Iterates over the consumers of an event.
    pub fn listeners(self, flow: &str, event_type: &str) -> impl Iterator<Item = Consumed> {
        self.consumed().filter(move |consumed| consumed.listens_to(flow, event_type))
    }

    /// Iterates over the consumers to which archived events can be replayed: all that are triggered by the bus.
    pub fn replay_targets(self) -> impl Iterator<Item = Consumed> {
        self.consumed().filter(|consumed| matches!(consumed.trigger, Trigger::Bus(..)))
    }

    /// Returns the consumer of objects with this key in the uploads bucket. If several prefixes match, the longest
    /// wins.
    pub fn bucket_listener(self, key: &str) -> Option<Consumed> {
        self.consumed()
            .filter_map(|consumed| match consumed.trigger {
                Trigger::Bucket(prefix) if key.starts_with(prefix) => Some((prefix.len(), consumed)),
                _ => None,
            })
            .max_by_key(|(length, _)| *length)
            .map(|(_, consumed)| consumed)
    }

    /// Iterates over all dead-letter queues.
    pub fn dead_letters(self) -> impl Iterator<Item = DeadLetterQueue> {
        let queues =
            self.consumed().filter(|consumed| consumed.queue.then == Then::DeadLetter).map(|consumed| {
                DeadLetterQueue {
                    flow: consumed.flow.name,
                    function: consumed.function,
                    queue: Some(consumed.queue.name),
                    name: dead_letters_of(consumed.queue.name),
                }
            });
        let schedules = self.0.iter().flat_map(|flow| {
            flow.schedules.iter().map(|function| DeadLetterQueue {
                flow: flow.name,
                function,
                queue: None,
                name: dead_letters_of(function),
            })
        });
        queues.chain(schedules)
    }

    /// Iterates over the names of all queues; the dead-letter queues come last.
    pub fn queue_names(self) -> impl Iterator<Item = String> {
        self.consumed()
            .map(|consumed| consumed.queue.name.to_owned())
            .chain(self.dead_letters().map(|dead| dead.name))
    }

    /// Returns the destination of messages that keep failing in this queue; `None` for a dead-letter queue.
    pub fn redrive(self, queue: &str) -> Option<RedrivePolicy> {
        let consumed = self.queue(queue)?;
        let to = match consumed.queue.then {
            Then::DeadLetter => dead_letters_of(queue),
            Then::MoveTo(function) => self.consumed_by(function)?.queue.name.to_owned(),
        };
        Some(RedrivePolicy { after: consumed.queue.max_receives, to })
    }

    /// Returns the last queue in which a message sent to `queue` is tried before it becomes a dead letter.
    pub fn last(self, queue: &str) -> Option<Consumed> {
        let consumed = self.queue(queue)?;
        match consumed.queue.then {
            Then::DeadLetter => Some(consumed),
            Then::MoveTo(function) => self.last(self.consumed_by(function)?.queue.name),
        }
    }

    /// Iterates over all functions; those that belong to no flow come first.
    pub fn functions(self) -> impl Iterator<Item = &'static str> {
        COMMON.iter().map(|stage| stage.function).chain(self.0.iter().flat_map(Flow::functions))
    }
}

impl Flow {
    /// Iterates over the functions of its stages, its sweeper, and the functions of its schedules.
    pub fn functions(&self) -> impl Iterator<Item = &'static str> {
        let stages = self.stages.iter().map(|stage| stage.function);
        stages.chain(std::iter::once(self.sweeper)).chain(self.schedules.iter().copied())
    }
}

impl Consumed {
    /// Returns the exclusive function of this function's group: this function if its own queue is `alone`, or the
    /// function to which its failed messages move if that one's queue is `alone`. While the exclusive function runs, no
    /// other function of the group runs.
    pub fn alone(&self) -> Option<&'static str> {
        match self.queue.then {
            _ if self.queue.alone => Some(self.function),
            Then::MoveTo(function) => self.flow.stages.iter().find_map(|stage| {
                let queue = stage.queue.as_ref()?;
                (stage.function == function && queue.alone).then_some(function)
            }),
            Then::DeadLetter => None,
        }
    }

    pub fn listens_to(&self, flow: &str, event_type: &str) -> bool {
        matches!(self.trigger, Trigger::Bus(of, types) if of == flow && types.contains(&event_type))
    }

    /// Returns the types of events that trigger it.
    pub fn event_types(&self) -> &'static [&'static str] {
        match self.trigger {
            Trigger::Bus(_, types) => types,
            _ => &[],
        }
    }
}
