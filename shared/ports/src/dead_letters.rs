//! What failed too often, for people to look at and to hand out again.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{Failure, PortError};

/// A message that nobody consumes any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Names it for [`DeadLetters::redrive`], as long as it lies there.
    pub id: String,
    pub flow: String,
    /// The function in which it failed.
    pub function: String,
    /// Where it failed, and is handed out again; `None` for what came out of no queue, as the events of a schedule do.
    pub queue: Option<String>,
    pub sent_at: DateTime<Utc>,
    pub body: String,
}

/// The dead letters of all flows.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// Those of one flow, or of all: at most `limit`, oldest first as far as the platform can tell, and whether there
    /// may be more.
    async fn list(&self, flow: Option<&str>, limit: u32) -> Result<(Vec<DeadLetter>, bool), PortError>;

    /// Hands these out again to where they failed. How many it were: one that has left meanwhile is no error, nor is one
    /// that has no queue to go to.
    async fn redrive(&self, letters: &[DeadLetter]) -> Result<u64, PortError>;
}

/// What a message says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The scan, or the file of statements. Empty for what has none yet.
    pub subject: String,
    /// Whose it is, where the message says so.
    pub tenant: Option<String>,
    /// What was to be done, or has happened: an event's type, or a word of the flow's own.
    pub kind: String,
}

/// What the flow's records say of a message's subject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Whose it is. Nobody is shown a letter whose tenant is unknown.
    pub tenant: Option<String>,
    /// Of the file, for people.
    pub name: Option<String>,
    /// The state of the subject, as its contract writes it.
    pub state: Option<String>,
    /// Why the message failed.
    pub reason: Option<String>,
}

/// What one flow knows of its dead letters.
#[async_trait]
pub trait LetterClassifier: Send + Sync {
    /// `None` if it is no message of the flow.
    fn about(&self, letter: &DeadLetter) -> Option<About>;

    /// What the records say.
    async fn told(&self, letter: &DeadLetter, about: &About) -> Result<Told, Failure>;
}
