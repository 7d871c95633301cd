//! The client notifier in memory: it keeps the pushed frames until a test takes them.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Mutex;

use async_trait::async_trait;
use riffle_contracts::MAX_FRAME_BYTES;
use riffle_ports::{ClientNotifier, PortError, PushResult};

use super::lock;

/// A frame on its way to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    pub connection: String,
    pub frame: String,
}

/// A [`ClientNotifier`] that keeps the frames of open connections in the order in which they were pushed.
#[derive(Debug, Default)]
pub struct MemoryNotifier {
    state: Mutex<NotifierState>,
}

#[derive(Debug, Default)]
struct NotifierState {
    open: BTreeSet<String>,
    under_way: VecDeque<Pushed>,
}

impl MemoryNotifier {
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens `connection`: frames pushed to it from now on are kept.
    pub fn open(&self, connection: &str) {
        lock(&self.state).open.insert(connection.to_owned());
    }

    /// Closes `connection` and drops the frames it has not taken.
    pub fn close(&self, connection: &str) {
        let mut line = lock(&self.state);
        line.open.remove(connection);
        line.under_way.retain(|pushed| pushed.connection != connection);
    }

    /// Takes all frames not taken yet, oldest first.
    pub fn take(&self) -> Vec<Pushed> {
        lock(&self.state).under_way.drain(..).collect()
    }

    /// Takes the frames that `connection` has not taken yet, oldest first.
    pub fn take_of(&self, connection: &str) -> Vec<String> {
        let mut line = lock(&self.state);
        let (own, others): (VecDeque<_>, VecDeque<_>) =
            line.under_way.drain(..).partition(|pushed| pushed.connection == connection);
        line.under_way = others;
        own.into_iter().map(|pushed| pushed.frame).collect()
    }
}

#[async_trait]
impl ClientNotifier for MemoryNotifier {
    async fn push(&self, connection: &str, frame: &str) -> Result<PushResult, PortError> {
        if frame.len() > MAX_FRAME_BYTES {
            return Err(PortError::Broken(format!(
                "a frame of {} bytes; at most {MAX_FRAME_BYTES} may be sent",
                frame.len()
            )));
        }
        let mut line = lock(&self.state);
        if !line.open.contains(connection) {
            return Ok(PushResult::Gone);
        }
        line.under_way.push_back(Pushed { connection: connection.to_owned(), frame: frame.to_owned() });
        Ok(PushResult::Sent)
    }
}
