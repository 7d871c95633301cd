//! What a flow is described with.

/// One flow of work, from what starts it to what it leaves.
#[derive(Debug, Clone, Copy)]
pub struct Flow {
    /// The same in code, in CDK, on the page and in the docs.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// In the order in which work passes them.
    pub stages: &'static [Stage],
    /// The function that mends what was lost, each [`SWEEP_SECONDS`](crate::SWEEP_SECONDS).
    pub sweeper: &'static str,
    /// Functions started at the times that an operator has set.
    pub schedules: &'static [&'static str],
}

/// One function, and what starts it.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    pub function: &'static str,
    pub trigger: Trigger,
    /// Between trigger and function; `None` where somebody waits for the answer.
    pub queue: Option<QueueSpec>,
}

/// What starts a function, or puts messages into its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// Functions that send to its queue.
    Queue,
    /// Events of this flow of these types.
    Bus(&'static str, &'static [&'static str]),
    /// An object that comes to lie below this prefix of the uploads bucket.
    Bucket(&'static str),
    /// The HTTP API.
    Http,
    /// This route of the WebSocket, or `authorizer`.
    Socket(&'static str),
}

/// A queue that one function consumes.
#[derive(Debug, Clone, Copy)]
pub struct QueueSpec {
    /// Unique among all flows: SQLite and metrics know the queue by it.
    pub name: &'static str,
    /// Messages of one call at most. 1 where a large one must not hold up small ones behind it.
    pub batch: u32,
    /// How many calls run at once on a laptop. On AWS the operator's settings say so.
    pub local_consumers: Consumers,
    /// A message received this often and not deleted moves on when it would become visible again.
    pub max_receives: u32,
    pub then: Then,
    /// Its function runs while no function runs that hands messages on to it: such a message may end the process, and
    /// no neighbour is to be blamed.
    pub alone: bool,
}

/// How many consumers a queue has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consumers {
    Fixed(u32),
    /// So many for each file that may be read at once.
    PerJob(u32),
}

/// Where a message goes that failed too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// To the queue's dead letters. Nothing consumes them; each needs a person.
    DeadLetter,
    /// To the queue of this function of the same flow.
    MoveTo(&'static str),
}

impl Consumers {
    /// With so many files read at once.
    pub const fn count(self, jobs: u32) -> u32 {
        match self {
            Self::Fixed(count) => count,
            Self::PerJob(each) => each * jobs,
        }
    }
}
