//! The clients that listen: who is connected, to what they listen, and how a frame reaches them.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{PortError, SessionId};

/// One open client connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub id: String,
    /// Whom the client speaks for. Every message is checked against it.
    pub tenant: String,
    pub connected_at: DateTime<Utc>,
}

/// Remembers open connections and the sessions each listens to.
#[async_trait]
pub trait ConnectionRegistry: Send + Sync {
    /// Remembers a connection. Repeating it with the same id replaces it; it goes on listening to what it
    /// listened to.
    async fn add(&self, connection: Connection) -> Result<(), PortError>;

    /// `None` for a connection that was never added or was removed.
    async fn get(&self, id: &str) -> Result<Option<Connection>, PortError>;

    /// Forgets a connection and all it listens to. An unknown id is no error.
    async fn remove(&self, id: &str) -> Result<(), PortError>;

    /// From now on frames of `session` go to `connection` too. Repeating changes nothing; an unknown
    /// connection is no error and nothing is remembered.
    async fn subscribe(&self, session: &SessionId, connection: &str) -> Result<(), PortError>;

    /// The ids of the connections that listen to `session`, in ascending order.
    async fn subscribers(&self, session: &SessionId) -> Result<Vec<String>, PortError>;
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Handed to the connection. Whether the client read it, nobody knows.
    Sent,
    /// The connection no longer exists: forget it.
    Gone,
}

/// Pushes frames to clients. Frames may be lost, doubled or arrive out of order.
#[async_trait]
pub trait ClientNotifier: Send + Sync {
    /// `frame` is one JSON text of at most 32 KB.
    async fn push(&self, connection: &str, frame: &str) -> Result<Delivery, PortError>;
}
