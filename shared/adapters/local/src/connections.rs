//! Open connections and the sessions they listen to.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use riffle_ports::{Connection, ConnectionRegistry, PortError, SessionId};

/// The open connections, in memory: a connection ends with the process that holds its socket, so there is nothing to
/// keep for the next process.
#[derive(Debug, Clone, Default)]
pub struct LocalConnections {
    table: Arc<Mutex<ConnectionTable>>,
}

#[derive(Debug, Default)]
struct ConnectionTable {
    connections: HashMap<String, ConnectionEntry>,
    listeners: HashMap<SessionId, BTreeSet<String>>,
}

#[derive(Debug)]
struct ConnectionEntry {
    connection: Connection,
    listens_to: BTreeSet<SessionId>,
}

impl LocalConnections {
    /// Returns the number of open connections.
    pub fn len(&self) -> usize {
        self.table().connections.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn table(&self) -> MutexGuard<'_, ConnectionTable> {
        // No code that holds the lock can panic half-way through a change.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ConnectionRegistry for LocalConnections {
    /// A connection that is added again keeps what it listens to.
    async fn add(&self, connection: Connection) -> Result<(), PortError> {
        let mut table = self.table();
        if let Some(entry) = table.connections.get_mut(&connection.id) {
            entry.connection = connection;
        } else {
            let entry = ConnectionEntry { connection, listens_to: BTreeSet::new() };
            table.connections.insert(entry.connection.id.clone(), entry);
        }
        Ok(())
    }

    async fn get(&self, id: &str) -> Result<Option<Connection>, PortError> {
        Ok(self.table().connections.get(id).map(|entry| entry.connection.clone()))
    }

    async fn remove(&self, id: &str) -> Result<(), PortError> {
        let mut table = self.table();
        let Some(entry) = table.connections.remove(id) else {
            return Ok(());
        };
        for session in &entry.listens_to {
            if let Some(listeners) = table.listeners.get_mut(session) {
                listeners.remove(id);
                if listeners.is_empty() {
                    table.listeners.remove(session);
                }
            }
        }
        Ok(())
    }

    async fn subscribe(&self, session: &SessionId, connection: &str) -> Result<(), PortError> {
        let mut table = self.table();
        if let Some(entry) = table.connections.get_mut(connection) {
            entry.listens_to.insert(session.clone());
            table.listeners.entry(session.clone()).or_default().insert(connection.to_owned());
        }
        Ok(())
    }

    async fn subscribers(&self, session: &SessionId) -> Result<Vec<String>, PortError> {
        let table = self.table();
        Ok(table
            .listeners
            .get(session)
            .map(|listeners| listeners.iter().cloned().collect())
            .unwrap_or_default())
    }
}
