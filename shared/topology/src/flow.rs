//! The types that describe a flow.

/// A flow of work, from its trigger to its results.
#[derive(Debug, Clone, Copy)]
pub struct Flow {
    /// The same in the code, in CDK, in the dashboard and in the documentation.
    pub name: &'static str,
    /// The name shown to people.
    pub title: &'static str,
    /// In the order in which work passes through them.
    pub stages: &'static [Stage],
    /// The function that repairs lost work. It runs every [`SWEEP_SECONDS`](crate::SWEEP_SECONDS).
    pub sweeper: &'static str,
    /// Functions that run on schedules defined by an operator.
    pub schedules: &'static [&'static str],
}

/// A function and its trigger.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    pub function: &'static str,
    pub trigger: Trigger,
    /// The queue between trigger and function; `None` if the caller waits for the answer.
    pub queue: Option<QueueSpec>,
}

/// The source that starts a function or puts messages into its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// Functions send messages to its queue.
    Queue,
    /// Events of the named flow that have one of the listed types.
    Bus(&'static str, &'static [&'static str]),
    /// An object created below this prefix of the uploads bucket.
    Bucket(&'static str),
    /// A request to the HTTP API.
    Http,
    /// A message on this route of the WebSocket, or `authorizer`.
    Socket(&'static str),
}

/// A queue that one function consumes.
#[derive(Debug, Clone, Copy)]
pub struct QueueSpec {
    /// Unique across all flows: SQLite and the metrics identify the queue by this name.
    pub name: &'static str,
    /// Maximum number of messages per call. 1 if a large message must not delay small ones behind it.
    pub batch: u32,
    /// Number of concurrent calls on a laptop. On AWS the operator's settings define it.
    pub local_consumers: Consumers,
    /// A message that was received this often without being deleted moves when it would become visible again.
    pub max_receives: u32,
    pub then: Then,
    /// Whether its function runs only while the functions that pass messages on to this queue do not run. Such a
    /// message may crash the process, and a message processed at the same time must not be blamed for it.
    pub alone: bool,
}

/// The number of consumers of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consumers {
    Fixed(u32),
    /// This number for each file that may be read concurrently.
    PerJob(u32),
}

/// The destination of a message that failed too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The queue's dead-letter queue. No function consumes it; each message needs a person.
    DeadLetter,
    /// The queue of this function, which belongs to the same flow.
    MoveTo(&'static str),
}

impl Consumers {
    /// Returns the number of consumers if `jobs` files are read concurrently.
    pub const fn count(self, jobs: u32) -> u32 {
        match self {
            Self::Fixed(count) => count,
            Self::PerJob(each) => each * jobs,
        }
    }
}
