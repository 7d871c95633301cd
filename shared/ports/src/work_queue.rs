//! Queues: how one function hands work to the next. `riffle-topology` lists the queues, and `riffle-contracts` defines
//! their messages.

use async_trait::async_trait;
use serde::Serialize;

use crate::{Failure, PortError};

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The id of the session or the name of the tenant. Groups share the consumers fairly.
    pub group: String,
    pub body: String,
}

/// A sender of messages. Delivery is at least once and in no order.
#[async_trait]
pub trait WorkQueue: Send + Sync {
    /// Sends all of `messages` to the queue of this name and returns the positions of those that were *not* accepted,
    /// ascending. After an error any of them may have been sent.
    ///
    /// # Errors
    /// [`PortError::Broken`] where there is no such queue.
    async fn send(&self, queue: &str, messages: &[Message]) -> Result<Vec<usize>, PortError>;
}

/// How often unaccepted messages are sent before the caller gets a failure.
const ATTEMPTS: u32 = 5;

/// Sends all of `bodies` to the next stage, and retries those that the queue does not accept.
///
/// # Errors
/// [`Failure::Retry`] if the queue keeps refusing some of them; the others were sent.
pub async fn send_all<T: Serialize>(
    queues: &dyn WorkQueue,
    queue: &str,
    group: &str,
    bodies: impl IntoIterator<Item = T>,
) -> Result<(), Failure> {
    let mut messages: Vec<Message> = bodies
        .into_iter()
        .map(|body| Message {
            group: group.to_owned(),
            body: serde_json::to_string(&body).expect("queue messages are plain data"),
        })
        .collect();
    for _ in 0..ATTEMPTS {
        if messages.is_empty() {
            return Ok(());
        }
        let rejected = queues.send(queue, &messages).await?;
        messages = rejected.into_iter().filter_map(|position| messages.get(position).cloned()).collect();
    }
    if messages.is_empty() {
        return Ok(());
    }
    Err(Failure::Retry(format!("the queue {queue} did not accept {} messages", messages.len())))
}
