//! The ports as handlers see them in a simulated run: each call waits for its turn and may fail.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use riffle_ports::{
    Attempt, ChunkDone, ClientNotifier, Connection, ConnectionRegistry, Counts, Entry, FileSource, ListedAt,
    Message, ObjectStore, Opened, Pages, PortError, PushResult, Put, ReadError, ScanLedger, Session,
    SessionId, Source, SourceError, StoredResult, Token, TokenVault, Transition, TransitionResult, Usage,
    WorkQueue,
};

use super::control::Control;
use super::faults::{Effect, Fault, FaultPoint};
use crate::memory::{call_of, lock};

/// A port whose calls the [`Control`] schedules and may fail.
pub struct Faulty<P: ?Sized> {
    pub(super) control: Arc<Control>,
    /// The earlier answers of an eventually consistent read, oldest first. Any of them may be returned again.
    stale: Mutex<Vec<Vec<SessionId>>>,
    pub(super) inner: Arc<P>,
}

impl<P: ?Sized> Faulty<P> {
    pub fn new(inner: Arc<P>, control: Arc<Control>) -> Self {
        Self { control, stale: Mutex::default(), inner }
    }
}

impl<P: ?Sized> std::fmt::Debug for Faulty<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Faulty").finish_non_exhaustive()
    }
}

pub(super) const fn reads(name: &'static str) -> FaultPoint {
    FaultPoint { name, effect: Effect::Reads }
}

pub(super) const fn writes(name: &'static str) -> FaultPoint {
    FaultPoint { name, effect: Effect::Writes }
}

#[async_trait]
impl ScanLedger for Faulty<dyn ScanLedger> {
    async fn create(&self, session: Session) -> Result<Option<Session>, PortError> {
        let detail = || session.id.to_string();
        let effect = || self.inner.create(session.clone());
        self.control.call(writes("ledger.create"), detail, effect).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, PortError> {
        let effect = || self.inner.session(id);
        self.control.call(reads("ledger.session"), || id.to_string(), effect).await
    }

    async fn transition(
        &self,
        id: &SessionId,
        transition: Transition,
    ) -> Result<TransitionResult, PortError> {
        let point = writes(call_of(&transition));
        let detail = || format!("{transition:?}");
        let effect = || self.inner.transition(id, transition.clone());
        self.control.call(point, detail, effect).await
    }

    async fn put_result(
        &self,
        id: &SessionId,
        chunk: u32,
        index: u32,
        result: StoredResult,
    ) -> Result<StoredResult, PortError> {
        let detail = || format!("{chunk}/{index} {result:?}");
        let effect = || self.inner.put_result(id, chunk, index, result.clone());
        self.control.call(writes("ledger.put_result"), detail, effect).await
    }

    async fn results(&self, id: &SessionId, chunk: u32) -> Result<Vec<(u32, StoredResult)>, PortError> {
        let effect = || self.inner.results(id, chunk);
        self.control.call(reads("ledger.results"), || chunk.to_string(), effect).await
    }

    async fn add_done(
        &self,
        id: &SessionId,
        chunk: u32,
        indices: &BTreeSet<u32>,
    ) -> Result<ChunkDone, PortError> {
        let detail = || format!("{chunk} {indices:?}");
        let effect = || self.inner.add_done(id, chunk, indices);
        self.control.call(writes("ledger.add_done"), detail, effect).await
    }

    async fn done(&self, id: &SessionId, chunk: u32) -> Result<BTreeSet<u32>, PortError> {
        let effect = || self.inner.done(id, chunk);
        self.control.call(reads("ledger.done"), || chunk.to_string(), effect).await
    }

    async fn add_progress(
        &self,
        id: &SessionId,
        full_chunks: &BTreeSet<u32>,
        counts: Counts,
        usage: Usage,
    ) -> Result<Option<Session>, PortError> {
        let detail = || format!("{full_chunks:?} {counts:?}");
        let effect = || self.inner.add_progress(id, full_chunks, counts, usage);
        self.control.call(writes("ledger.add_progress"), detail, effect).await
    }

    async fn record_attempt(
        &self,
        id: &SessionId,
        index: u32,
        attempt: Attempt,
    ) -> Result<Attempt, PortError> {
        let detail = || format!("{index} {}", attempt.receipt);
        let effect = || self.inner.record_attempt(id, index, attempt.clone());
        self.control.call(writes("ledger.record_attempt"), detail, effect).await
    }

    async fn forget_attempt(&self, id: &SessionId, index: u32, receipt: &str) -> Result<(), PortError> {
        let detail = || format!("{index} {receipt}");
        let effect = || self.inner.forget_attempt(id, index, receipt);
        self.control.call(writes("ledger.forget_attempt"), detail, effect).await
    }

    async fn erase(&self, id: &SessionId, chunks: u32) -> Result<(), PortError> {
        let effect = || self.inner.erase(id, chunks);
        self.control.call(writes("ledger.erase"), || format!("{id} {chunks}"), effect).await
    }

    async fn sessions(
        &self,
        tenant: &str,
        after: Option<&ListedAt>,
        limit: u32,
    ) -> Result<Vec<Session>, PortError> {
        let point = reads("ledger.sessions");
        let fault = self.control.arrive(point, String::new).await;
        self.control.perform(point, fault, || self.inner.sessions(tenant, after, limit)).await
    }

    async fn open_sessions(&self) -> Result<Vec<SessionId>, PortError> {
        let point = reads("ledger.open_sessions");
        let fault = self.control.arrive(point, String::new).await;
        let fresh = self.control.perform(point, fault, || self.inner.open_sessions()).await?;
        let mut stale = lock(&self.stale);
        stale.push(fresh.clone());
        // The index lags as often as calls are throttled, because both mean that the store is under load.
        if fault == Some(Fault::Throttled)
            && let Some(old) = self.control.draw(|rng| rng.pick(&stale).cloned())
        {
            if old != fresh {
                self.control.sometimes("the sweep reads a stale index");
            }
            return Ok(old);
        }
        Ok(fresh)
    }
}

#[async_trait]
impl ObjectStore for Faulty<dyn ObjectStore> {
    async fn put(&self, key: &str, content: Bytes) -> Result<(), PortError> {
        let detail = || format!("{key} {} bytes", content.len());
        let effect = || self.inner.put(key, content.clone());
        self.control.call(writes("objects.put"), detail, effect).await
    }

    async fn put_if_absent(&self, key: &str, content: Bytes) -> Result<Put, PortError> {
        let detail = || format!("{key} {} bytes", content.len());
        let effect = || self.inner.put_if_absent(key, content.clone());
        self.control.call(writes("objects.put_if_absent"), detail, effect).await
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, PortError> {
        let effect = || self.inner.get(key);
        self.control.call(reads("objects.get"), || key.to_owned(), effect).await
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, PortError> {
        let effect = || self.inner.list(folder);
        self.control.call(reads("objects.list"), || folder.to_owned(), effect).await
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        let effect = || self.inner.delete(key);
        self.control.call(writes("objects.delete"), || key.to_owned(), effect).await
    }
}

#[async_trait]
impl WorkQueue for Faulty<dyn WorkQueue> {
    async fn send(&self, queue: &str, messages: &[Message]) -> Result<Vec<usize>, PortError> {
        let point = FaultPoint { name: "queue.send", effect: Effect::Sends };
        let detail = || {
            let bodies = messages.iter().map(|message| message.body.as_str());
            std::iter::once(queue).chain(bodies).collect::<Vec<_>>().join(" ")
        };
        let fault = self.control.arrive(point, detail).await;
        if fault != Some(Fault::PartlyRefused) {
            let effect = || self.inner.send(queue, messages);
            return self.control.perform(point, fault, effect).await;
        }
        let refuse: Vec<bool> = self.control.draw(|rng| messages.iter().map(|_| rng.chance(5_000)).collect());
        let accepted: Vec<Message> = messages
            .iter()
            .zip(&refuse)
            .filter(|(_, refused)| !**refused)
            .map(|(message, _)| message.clone())
            .collect();
        self.inner.send(queue, &accepted).await?;
        let positions = refuse.iter().enumerate();
        Ok(positions.filter(|(_, refused)| **refused).map(|(position, _)| position).collect())
    }
}

#[async_trait]
impl ConnectionRegistry for Faulty<dyn ConnectionRegistry> {
    async fn add(&self, connection: Connection) -> Result<(), PortError> {
        let detail = || connection.id.clone();
        let effect = || self.inner.add(connection.clone());
        self.control.call(writes("connections.add"), detail, effect).await
    }

    async fn get(&self, id: &str) -> Result<Option<Connection>, PortError> {
        let effect = || self.inner.get(id);
        self.control.call(reads("connections.get"), || id.to_owned(), effect).await
    }

    async fn remove(&self, id: &str) -> Result<(), PortError> {
        let effect = || self.inner.remove(id);
        self.control.call(writes("connections.remove"), || id.to_owned(), effect).await
    }

    async fn subscribe(&self, session: &SessionId, connection: &str) -> Result<(), PortError> {
        let detail = || format!("{connection} to {session}");
        let effect = || self.inner.subscribe(session, connection);
        self.control.call(writes("connections.subscribe"), detail, effect).await
    }

    async fn subscribers(&self, session: &SessionId) -> Result<Vec<String>, PortError> {
        let effect = || self.inner.subscribers(session);
        self.control.call(reads("connections.subscribers"), || session.to_string(), effect).await
    }
}

#[async_trait]
impl ClientNotifier for Faulty<dyn ClientNotifier> {
    async fn push(&self, connection: &str, frame: &str) -> Result<PushResult, PortError> {
        let detail = || format!("{connection} {frame}");
        let effect = || self.inner.push(connection, frame);
        self.control.call(writes("client.push"), detail, effect).await
    }
}

#[async_trait]
impl TokenVault for Faulty<dyn TokenVault> {
    async fn put(&self, tenant: &str, session: &SessionId, token: Token) -> Result<(), PortError> {
        let effect = || self.inner.put(tenant, session, token.clone());
        self.control.call(writes("vault.put"), || session.to_string(), effect).await
    }

    async fn get(&self, tenant: &str, session: &SessionId) -> Result<Option<Token>, PortError> {
        let point = reads("vault.get");
        let fault = self.control.arrive(point, || session.to_string()).await;
        self.control.perform(point, fault, || self.inner.get(tenant, session)).await
    }

    async fn delete(&self, tenant: &str, session: &SessionId) -> Result<(), PortError> {
        let effect = || self.inner.delete(tenant, session);
        self.control.call(writes("vault.delete"), || session.to_string(), effect).await
    }
}

#[async_trait]
impl FileSource for Faulty<dyn FileSource> {
    async fn list(&self, source: &Source) -> Result<Box<dyn Pages>, SourceError> {
        let point = reads("files.list");
        let fault = self.control.arrive(point, || format!("{source:?}")).await;
        self.control.perform(point, fault, || Box::pin(async { Ok(()) })).await?;
        let pages = self.inner.list(source).await?;
        Ok(Box::new(FaultyPages { control: Arc::clone(&self.control), pages }))
    }

    async fn find(&self, source: &Source, entry: &Entry) -> Result<Option<Entry>, SourceError> {
        let point = reads("files.find");
        let fault = self.control.arrive(point, || entry.name.clone()).await;
        self.control.perform(point, fault, || Box::pin(async { Ok(()) })).await?;
        self.inner.find(source, entry).await
    }

    async fn open(&self, source: &Source, entry: &Entry) -> Result<Box<dyn Opened>, ReadError> {
        let point = reads("files.read");
        let fault = self.control.arrive(point, || entry.name.clone()).await;
        self.control.perform(point, fault, || Box::pin(async { Ok(()) })).await?;
        self.inner.open(source, entry).await
    }

    fn identity(&self, source: &Source, entry: &Entry) -> String {
        self.inner.identity(source, entry)
    }
}

struct FaultyPages {
    control: Arc<Control>,
    pages: Box<dyn Pages>,
}

#[async_trait]
impl Pages for FaultyPages {
    async fn next(&mut self) -> Result<Option<Vec<Entry>>, SourceError> {
        let point = reads("files.page");
        let fault = self.control.arrive(point, String::new).await;
        self.control.perform(point, fault, || Box::pin(async { Ok(()) })).await?;
        self.pages.next().await
    }
}
