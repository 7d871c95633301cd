//! What follows from the description.

use crate::{COMMON, Flow, QueueSpec, Stage, Then, Trigger};

/// How the names of queues of dead letters end.
const DEAD_LETTERS: &str = "-dead-letters";

/// What is derived from a list of flows.
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

/// A queue that nothing consumes, with what failed there for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterQueue {
    pub flow: &'static str,
    /// The function in which its letters failed.
    pub function: &'static str,
    /// Where they are handed out again; `None` for the events of a schedule, which come again by themselves.
    pub queue: Option<&'static str>,
    pub name: String,
}

/// Where a message goes that keeps failing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// A message received this often and not deleted moves on when it would become visible again.
    pub after: u32,
    /// The name of a queue, or of one of dead letters.
    pub to: String,
}

/// The name of the dead-letter queue of a queue (or of a scheduled function).
pub fn dead_letters_of(queue: &str) -> String {
    format!("{queue}{DEAD_LETTERS}")
}

/// The output of a deployed stack that tells where a queue is: `ScanWorkQueueUrl` for `scan-work`,
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

    /// Every function that has a queue, in the order of the flows and of their work.
    pub fn consumed(self) -> impl Iterator<Item = Consumed> {
        self.0.iter().flat_map(|flow| {
            flow.stages.iter().filter_map(move |Stage { function, trigger, queue }| {
                Some(Consumed { flow, function, trigger: *trigger, queue: queue.as_ref()? })
            })
        })
    }

    /// The queue of this name; `None` for one of dead letters.
    pub fn queue(self, name: &str) -> Option<Consumed> {
        self.consumed().find(|consumed| consumed.queue.name == name)
    }

    /// The queue that this function consumes.
    pub fn consumed_by(self, function: &str) -> Option<Consumed> {
        self.consumed().find(|consumed| consumed.function == function)
    }

    /// Who is to hear of an event.
    pub fn listeners(self, flow: &str, event_type: &str) -> impl Iterator<Item = Consumed> {
        self.consumed().filter(move |consumed| consumed.listens_to(flow, event_type))
    }

    /// Those to whom past events can be told again: all that listen to the bus.
    pub fn replay_targets(self) -> impl Iterator<Item = Consumed> {
        self.consumed().filter(|consumed| matches!(consumed.trigger, Trigger::Bus(..)))
    }

    /// Who takes what comes to lie below a prefix of the uploads bucket; the longest prefix goes first.
    pub fn bucket_listener(self, key: &str) -> Option<Consumed> {
        self.consumed()
            .filter_map(|consumed| match consumed.trigger {
                Trigger::Bucket(prefix) if key.starts_with(prefix) => Some((prefix.len(), consumed)),
                _ => None,
            })
            .max_by_key(|(length, _)| *length)
            .map(|(_, consumed)| consumed)
    }

    /// Every queue of dead letters.
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

    /// The names of all queues, those of dead letters last.
    pub fn queue_names(self) -> impl Iterator<Item = String> {
        self.consumed()
            .map(|consumed| consumed.queue.name.to_owned())
            .chain(self.dead_letters().map(|dead| dead.name))
    }

    /// What happens to a message of this queue that keeps failing; `None` for dead letters.
    pub fn redrive(self, queue: &str) -> Option<Redrive> {
        let consumed = self.queue(queue)?;
        let to = match consumed.queue.then {
            Then::DeadLetter => dead_letters_of(queue),
            Then::MoveTo(function) => self.consumed_by(function)?.queue.name.to_owned(),
        };
        Some(Redrive { after: consumed.queue.max_receives, to })
    }

    /// Where a message sent to this queue fails for the last time, before it becomes a dead letter.
    pub fn last(self, queue: &str) -> Option<Consumed> {
        let consumed = self.queue(queue)?;
        match consumed.queue.then {
            Then::DeadLetter => Some(consumed),
            Then::MoveTo(function) => self.last(self.consumed_by(function)?.queue.name),
        }
    }

    /// Every function, those that no flow owns first.
    pub fn functions(self) -> impl Iterator<Item = &'static str> {
        COMMON.iter().map(|stage| stage.function).chain(self.0.iter().flat_map(Flow::functions))
    }
}

impl Flow {
    /// Those of its stages, its sweeper, and those of its schedules.
    pub fn functions(&self) -> impl Iterator<Item = &'static str> {
        let stages = self.stages.iter().map(|stage| stage.function);
        stages.chain(std::iter::once(self.sweeper)).chain(self.schedules.iter().copied())
    }
}

impl Consumed {
    /// The function that must run while this one does not: itself, or the one that takes over what failed here.
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

    /// The types of events that reach it.
    pub fn event_types(&self) -> &'static [&'static str] {
        match self.trigger {
            Trigger::Bus(_, types) => types,
            _ => &[],
        }
    }
}
