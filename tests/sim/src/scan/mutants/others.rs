//! Other ports without one of their guarantees.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use riffle_ports::{
    Connection, ConnectionRegistry, Entry, FileSource, Message, ObjectStore, Opened, Pages, PortError, Put,
    ReadError, SessionId, Source, SourceError, State, Token, TokenVault, WorkQueue,
};
use riffle_testkit::memory::{
    MemoryConnections, MemoryFiles, MemoryLedger, MemoryObjects, MemoryQueue, MemoryTokens,
};
use riffle_topology::scan::DISPATCH;

/// An object store whose conditional put overwrites.
pub(super) struct OverwritingObjects(pub(super) Arc<MemoryObjects>);

#[async_trait]
impl ObjectStore for OverwritingObjects {
    async fn put(&self, key: &str, content: Bytes) -> Result<(), PortError> {
        self.0.put(key, content).await
    }

    async fn put_if_absent(&self, key: &str, content: Bytes) -> Result<Put, PortError> {
        self.0.put(key, content).await?;
        Ok(Put::Stored)
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, PortError> {
        self.0.get(key).await
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, PortError> {
        self.0.list(folder).await
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        self.0.delete(key).await
    }
}

/// A registry that keeps only the first subscription to each session.
pub(super) struct ForgetfulConnections {
    inner: Arc<MemoryConnections>,
    listened: Mutex<BTreeSet<SessionId>>,
}

impl ForgetfulConnections {
    pub(super) fn new(inner: Arc<MemoryConnections>) -> Self {
        Self { inner, listened: Mutex::default() }
    }
}

#[async_trait]
impl ConnectionRegistry for ForgetfulConnections {
    async fn add(&self, connection: Connection) -> Result<(), PortError> {
        self.inner.add(connection).await
    }

    async fn get(&self, id: &str) -> Result<Option<Connection>, PortError> {
        self.inner.get(id).await
    }

    async fn remove(&self, id: &str) -> Result<(), PortError> {
        self.inner.remove(id).await
    }

    async fn subscribe(&self, session: &SessionId, connection: &str) -> Result<(), PortError> {
        let first = {
            let mut listened = self.listened.lock().unwrap_or_else(PoisonError::into_inner);
            listened.insert(session.clone())
        };
        if first {
            self.inner.subscribe(session, connection).await?;
        }
        Ok(())
    }

    async fn subscribers(&self, session: &SessionId) -> Result<Vec<String>, PortError> {
        self.inner.subscribers(session).await
    }
}

/// A source in which looking a file up again returns the listed version.
pub(super) struct UnmendedFiles(pub(super) Arc<MemoryFiles>);

#[async_trait]
impl FileSource for UnmendedFiles {
    async fn list(&self, source: &Source) -> Result<Box<dyn Pages>, SourceError> {
        self.0.list(source).await
    }

    async fn find(&self, _source: &Source, entry: &Entry) -> Result<Option<Entry>, SourceError> {
        Ok(Some(entry.clone()))
    }

    async fn open(&self, source: &Source, entry: &Entry) -> Result<Box<dyn Opened>, ReadError> {
        self.0.open(source, entry).await
    }

    fn identity(&self, source: &Source, entry: &Entry) -> String {
        self.0.identity(source, entry)
    }
}

/// A queue that drops dispatch jobs of running sessions that have been given a new token.
pub(super) struct FirstJobsOnly {
    pub(super) queue: Arc<MemoryQueue>,
    pub(super) ledger: Arc<MemoryLedger>,
}

#[async_trait]
impl WorkQueue for FirstJobsOnly {
    async fn send(&self, queue: &str, messages: &[Message]) -> Result<Vec<usize>, PortError> {
        let goes_on = |message: &&Message| {
            self.ledger.inspect(|data| {
                let session = data.sessions.get(&SessionId(message.group.clone()));
                session.is_some_and(|session| session.state == State::Running && session.renewals > 0)
            })
        };
        if queue == DISPATCH && messages.iter().any(|message| goes_on(&message)) {
            return Ok(Vec::new());
        }
        self.queue.send(queue, messages).await
    }
}

/// A vault that never deletes tokens.
pub(super) struct TokensNeverRemoved(pub(super) Arc<MemoryTokens>);

#[async_trait]
impl TokenVault for TokensNeverRemoved {
    async fn put(&self, tenant: &str, session: &SessionId, token: Token) -> Result<(), PortError> {
        self.0.put(tenant, session, token).await
    }

    async fn get(&self, tenant: &str, session: &SessionId) -> Result<Option<Token>, PortError> {
        self.0.get(tenant, session).await
    }

    async fn delete(&self, _tenant: &str, _session: &SessionId) -> Result<(), PortError> {
        Ok(())
    }
}
