//! Connections and subscriptions, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use riffle_ports::{Connection, ConnectionRegistry, PortError, SessionId};

use super::lock;

/// A [`ConnectionRegistry`] in memory.
#[derive(Debug, Default)]
pub struct MemoryConnections {
    state: Mutex<Registered>,
}

#[derive(Debug, Default)]
struct Registered {
    connections: BTreeMap<String, Connection>,
    listeners: BTreeMap<SessionId, BTreeSet<String>>,
}

impl MemoryConnections {
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl ConnectionRegistry for MemoryConnections {
    async fn add(&self, connection: Connection) -> Result<(), PortError> {
        let mut state = lock(&self.state);
        state.connections.insert(connection.id.clone(), connection);
        Ok(())
    }

    async fn get(&self, id: &str) -> Result<Option<Connection>, PortError> {
        Ok(lock(&self.state).connections.get(id).cloned())
    }

    async fn remove(&self, id: &str) -> Result<(), PortError> {
        let mut state = lock(&self.state);
        state.connections.remove(id);
        state.listeners.retain(|_, listeners| {
            listeners.remove(id);
            !listeners.is_empty()
        });
        Ok(())
    }

    async fn subscribe(&self, session: &SessionId, connection: &str) -> Result<(), PortError> {
        let mut state = lock(&self.state);
        if state.connections.contains_key(connection) {
            state.listeners.entry(session.clone()).or_default().insert(connection.to_owned());
        }
        Ok(())
    }

    async fn subscribers(&self, session: &SessionId) -> Result<Vec<String>, PortError> {
        let state = lock(&self.state);
        let listeners = state.listeners.get(session);
        Ok(listeners.into_iter().flatten().cloned().collect())
    }
}
