//! Books that lack a guarantee.

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use riffle_contracts::EventType;
use riffle_ports::{
    Category, Changed, EventPublisher, File, FileChange, FileId, FileLedger, FileListedAt, FileState, Month,
    ObjectStore, Outgoing, PortError, StoredRows, Transaction, TransactionKey, TransactionStore,
};
use riffle_testkit::memory::{MemoryBus, MemoryObjects, MemoryStatements, Noted};
use riffle_testkit::simulator::Control;

use super::super::stores::Stores;
use super::Mutant;

/// Books that do as a bad protocol would.
pub(super) struct Cooked {
    mutant: Mutant,
    pub(super) inner: Arc<MemoryStatements>,
    pub(super) objects: Arc<MemoryObjects>,
    bus: Arc<MemoryBus>,
    control: Arc<Control>,
    notes: Mutex<Notes>,
}

type Categories = Vec<(TransactionKey, Option<Category>)>;

/// What a bad protocol keeps beside the books.
#[derive(Default)]
pub(super) struct Notes {
    /// Categories that are written when they have been told.
    categories: Vec<(String, Categories)>,
    /// Objects that are written when the rows are.
    pub(super) parts: BTreeMap<String, Bytes>,
}

/// Others get their turn.
struct Once(bool);

impl Future for Once {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Cooked {
    pub(super) fn new(mutant: Mutant, stores: &Stores, control: &Arc<Control>) -> Self {
        Self {
            mutant,
            inner: Arc::clone(&stores.statements),
            objects: Arc::clone(&stores.objects),
            bus: Arc::clone(&stores.bus),
            control: Arc::clone(control),
            notes: Mutex::default(),
        }
    }

    pub(super) fn notes<T>(&self, look: impl FnOnce(&mut Notes) -> T) -> T {
        look(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn is(&self, mutant: Mutant) -> bool {
        self.mutant == mutant
    }

    /// Between two steps of what should have been one, the invocation may end.
    async fn between(&self) {
        Once(false).await;
        if self.control.draw(|rng| rng.chance(300)) {
            self.control.crash_running();
            pending::<()>().await;
        }
    }

    /// Categories are written at last.
    pub(super) async fn write_held_categories(&self) -> Result<(), PortError> {
        let held = self.notes(|notes| std::mem::take(&mut notes.categories));
        Once(false).await;
        for (tenant, categories) in held {
            self.inner.categorize(&tenant, &categories).await?;
        }
        Ok(())
    }

    async fn publish(&self, events: &[Outgoing]) -> Result<(), PortError> {
        self.bus.publish(events).await.map(drop)
    }
}

/// The change as of another revision.
fn with_revision(change: FileChange, revision: u64) -> FileChange {
    match change {
        FileChange::Finish { token, state, body, parts, .. } => {
            FileChange::Finish { token, revision, state, body, parts }
        }
        FileChange::Fail { body, .. } => FileChange::Fail { revision, body },
        FileChange::Deleted { .. } => FileChange::Deleted { revision },
        other => other,
    }
}

#[async_trait]
impl FileLedger for Cooked {
    async fn create(&self, file: File) -> Result<Option<File>, PortError> {
        if self.is(Mutant::NotedTwice) {
            let key = (file.tenant.clone(), file.id.clone());
            self.inner.inspect(|books| {
                books.note(Noted::Created(key.clone()));
                books.files.insert(key, file)
            });
            return Ok(None);
        }
        self.inner.create(file).await
    }

    async fn file(&self, tenant: &str, id: &FileId) -> Result<Option<File>, PortError> {
        self.inner.file(tenant, id).await
    }

    async fn change(
        &self,
        tenant: &str,
        id: &FileId,
        change: FileChange,
        now: DateTime<Utc>,
        announce: &[Outgoing],
    ) -> Result<Changed, PortError> {
        let finishes = matches!(change, FileChange::Finish { .. });
        match (self.mutant, &change) {
            (Mutant::NoOutbox, _) => {
                let changed = self.inner.change(tenant, id, change, now, &[]).await?;
                if matches!(changed, Changed::Applied(_)) && !announce.is_empty() {
                    self.between().await;
                    self.publish(announce).await?;
                }
                return Ok(changed);
            }
            (Mutant::AnnounceBeforeStore, _) if finishes => {
                self.publish(announce).await?;
                self.between().await;
                return self.inner.change(tenant, id, change, now, &[]).await;
            }
            (Mutant::DeletedInSilence, FileChange::Deleted { .. }) => {
                return self.inner.change(tenant, id, change, now, &[]).await;
            }
            (Mutant::FinishGoesOverNotes, FileChange::Finish { .. })
            | (Mutant::FailGoesOverNotes, FileChange::Fail { .. })
            | (Mutant::DeletedGoesOverNotes, FileChange::Deleted { .. }) => {
                let revision = self.inner.file(tenant, id).await?.map_or(0, |file| file.revision);
                let change = with_revision(change, revision);
                return self.inner.change(tenant, id, change, now, announce).await;
            }
            (Mutant::FailedMonthsStay, FileChange::Fail { .. }) => {
                let kind = EventType::TransactionsCategorized.as_str();
                let told: Vec<Outgoing> =
                    announce.iter().filter(|event| event.event_type != kind).cloned().collect();
                return self.inner.change(tenant, id, change, now, &told).await;
            }
            (Mutant::SettledAtOnce, FileChange::Deleted { .. }) => {
                let changed = self.inner.change(tenant, id, change, now, announce).await?;
                let key = (tenant.to_owned(), id.clone());
                self.inner.inspect(|books| {
                    if let Some(file) = books.files.get_mut(&key) {
                        file.unsettled = false;
                    }
                });
                return Ok(changed);
            }
            (Mutant::DeletedUnderLease, FileChange::Deleted { .. }) => {
                let key = (tenant.to_owned(), id.clone());
                self.inner.inspect(|books| {
                    if let Some(file) = books.files.get_mut(&key) {
                        file.lease = None;
                    }
                });
            }
            _ => {}
        }
        self.inner.change(tenant, id, change, now, announce).await
    }

    async fn files(
        &self,
        tenant: &str,
        after: Option<&FileListedAt>,
        limit: u32,
    ) -> Result<Vec<File>, PortError> {
        self.inner.files(tenant, after, limit).await
    }

    async fn unfinished(
        &self,
        state: FileState,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<File>, PortError> {
        if self.is(Mutant::SweepWithoutFiles) {
            return Ok(Vec::new());
        }
        self.inner.unfinished(state, before, limit).await
    }

    async fn outbox_of(&self, tenant: &str, id: &FileId) -> Result<Vec<Outgoing>, PortError> {
        self.inner.outbox_of(tenant, id).await
    }

    async fn outbox(&self, before: DateTime<Utc>, limit: u32) -> Result<Vec<Outgoing>, PortError> {
        if self.is(Mutant::SweepWithoutOutbox) {
            return Ok(Vec::new());
        }
        self.inner.outbox(before, limit).await
    }

    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError> {
        self.inner.announced(events).await
    }
}

#[async_trait]
impl TransactionStore for Cooked {
    fn batch(&self) -> usize {
        self.inner.batch()
    }

    async fn store(
        &self,
        tenant: &str,
        file: &FileId,
        token: &str,
        rows: &[Transaction],
    ) -> Result<StoredRows, PortError> {
        let is_known = |row: &Transaction| {
            let key = (tenant.to_owned(), row.key.clone());
            self.inner.inspect(|books| books.rows.contains_key(&key))
        };
        let known: Vec<bool> = rows.iter().map(is_known).collect();
        let stored = match self.mutant {
            Mutant::NoTokenGuard => {
                StoredRows::Done(self.inner.inspect(|books| books.store(tenant, file, rows)))
            }
            Mutant::OccurrenceIgnored => {
                let mut rows = rows.to_vec();
                for row in &mut rows {
                    row.key.occurrence = 1;
                }
                self.inner.store(tenant, file, token, &rows).await?
            }
            Mutant::FirstAlone => {
                let stored = self.inner.store(tenant, file, token, rows).await?;
                for row in rows {
                    let key = (tenant.to_owned(), row.key.clone());
                    self.inner.inspect(|books| {
                        if let Some(row) = books.rows.get_mut(&key) {
                            let first = row.transaction.file.clone();
                            row.shown_by.retain(|shown| *shown == first);
                        }
                    });
                }
                stored
            }
            Mutant::LastContent => {
                let stored = self.inner.store(tenant, file, token, rows).await?;
                for row in rows.iter().filter(|_| matches!(stored, StoredRows::Done(_))) {
                    let key = (tenant.to_owned(), row.key.clone());
                    self.inner.inspect(|books| {
                        if let Some(stored) = books.rows.get_mut(&key) {
                            stored.transaction.place.clone_from(&row.place);
                        }
                    });
                }
                stored
            }
            _ => self.inner.store(tenant, file, token, rows).await?,
        };
        if self.is(Mutant::PartsAfterRows) {
            let parts = self.notes(|notes| std::mem::take(&mut notes.parts));
            for (key, content) in parts {
                self.between().await;
                self.objects.put(&key, content).await?;
            }
        }
        Ok(match stored {
            StoredRows::Done(_) if self.is(Mutant::NewFromRead) => {
                StoredRows::Done(known.into_iter().map(|known| !known).collect())
            }
            stored => stored,
        })
    }

    async fn get(
        &self,
        tenant: &str,
        keys: &[TransactionKey],
    ) -> Result<Vec<Option<Transaction>>, PortError> {
        self.inner.get(tenant, keys).await
    }

    async fn month(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        newest_first: bool,
        after: Option<&TransactionKey>,
        limit: u32,
    ) -> Result<Vec<Transaction>, PortError> {
        self.inner.month(tenant, account, month, newest_first, after, limit).await
    }

    async fn months(&self, tenant: &str) -> Result<Vec<(String, Month)>, PortError> {
        self.inner.months(tenant).await
    }

    async fn categorize(
        &self,
        tenant: &str,
        categories: &[(TransactionKey, Option<Category>)],
    ) -> Result<(), PortError> {
        if self.is(Mutant::CategoriesAfterTelling) {
            self.notes(|notes| notes.categories.push((tenant.to_owned(), categories.to_vec())));
            return Ok(());
        }
        self.inner.categorize(tenant, categories).await
    }

    async fn remove(&self, tenant: &str, file: &FileId, keys: &[TransactionKey]) -> Result<(), PortError> {
        if self.is(Mutant::DeletionTakesAll) {
            self.inner.inspect(|books| {
                for key in keys {
                    books.rows.remove(&(tenant.to_owned(), key.clone()));
                }
            });
        }
        self.inner.remove(tenant, file, keys).await
    }

    async fn withdraw(
        &self,
        tenant: &str,
        file: &FileId,
        token: &str,
        keys: &[TransactionKey],
    ) -> Result<bool, PortError> {
        if self.is(Mutant::RejectTakesFromOthers) {
            self.inner.remove(tenant, file, keys).await?;
            return Ok(true);
        }
        self.inner.withdraw(tenant, file, token, keys).await
    }
}
