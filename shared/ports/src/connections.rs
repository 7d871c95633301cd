//! Client connections: which are open, which sessions they listen to, and how a frame reaches them.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{PortError, SessionId};

/// One open client connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub id: String,
    /// The tenant of the client. Every message is checked against it.
    pub tenant: String,
    pub connected_at: DateTime<Utc>,
}

/// A store of open connections and of the sessions that each listens to.
#[async_trait]
pub trait ConnectionRegistry: Send + Sync {
    /// Stores a connection. Repeating it with the same id replaces the connection, which continues to listen to the
    /// same sessions.
    async fn add(&self, connection: Connection) -> Result<(), PortError>;

    /// Returns a connection, or `None` if it was never added or was removed.
    async fn get(&self, id: &str) -> Result<Option<Connection>, PortError>;

    /// Removes a connection and its subscriptions. An unknown id is not an error.
    async fn remove(&self, id: &str) -> Result<(), PortError>;

    /// Subscribes `connection` to the frames of `session`. Repeating it changes nothing; for an unknown connection
    /// nothing is stored, and that is not an error.
    async fn subscribe(&self, session: &SessionId, connection: &str) -> Result<(), PortError>;

    /// Returns the ids of the connections that listen to `session`, in ascending order.
    async fn subscribers(&self, session: &SessionId) -> Result<Vec<String>, PortError>;
}

/// The result of pushing a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushResult {
    /// Handed to the connection. Whether the client has read it is unknown.
    Sent,
    /// The connection no longer exists: the caller should remove it.
    Gone,
}

/// A sender of frames to clients. Frames may be lost, duplicated or reordered.
#[async_trait]
pub trait ClientNotifier: Send + Sync {
    /// Sends `frame`, one JSON text of at most 32 KB.
    async fn push(&self, connection: &str, frame: &str) -> Result<PushResult, PortError>;
}
