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
    AuditEntry, AuditTrail, Category, Changed, EventPublisher, FigureStore, File, FileChange, FileId,
    FileLedger, FileListedAt, Month, ObjectStore, Outgoing, PortError, Put, StoredFigures, StoredRows,
    Transaction, TransactionKey, TransactionStore,
};
use riffle_testkit::memory::{MemoryBus, MemoryObjects, MemoryStatements, Noted};
use riffle_testkit::simulator::Control;

use super::super::stores::Stores;
use super::Mutant;

/// Books that do as a bad protocol would.
pub(super) struct Cooked {
    mutant: Mutant,
    inner: Arc<MemoryStatements>,
    objects: Arc<MemoryObjects>,
    bus: Arc<MemoryBus>,
    control: Arc<Control>,
    notes: Mutex<Notes>,
}

/// What a bad protocol keeps beside the books.
#[derive(Default)]
struct Notes {
    /// Categories that are written when they have been told.
    categories: Vec<(String, Vec<(TransactionKey, Option<Category>)>)>,
    /// Objects that are written when the rows are.
    parts: BTreeMap<String, Bytes>,
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

    fn notes<T>(&self, look: impl FnOnce(&mut Notes) -> T) -> T {
        look(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is(&self, mutant: Mutant) -> bool {
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
            (Mutant::DeletedInSilence, FileChange::Deleted) => {
                return self.inner.change(tenant, id, change, now, &[]).await;
            }
            (Mutant::DeletedUnderLease, FileChange::Deleted) => {
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

    async fn unfinished(&self, before: DateTime<Utc>, limit: u32) -> Result<Vec<File>, PortError> {
        if self.is(Mutant::SweepWithoutFiles) {
            return Ok(Vec::new());
        }
        self.inner.unfinished(before, limit).await
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
                rows.iter_mut().for_each(|row| row.key.occurrence = 1);
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
}

#[async_trait]
impl FigureStore for Cooked {
    async fn figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
    ) -> Result<Option<StoredFigures>, PortError> {
        self.inner.figures(tenant, account, month).await
    }

    async fn put_figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        body: &str,
        seen: u64,
    ) -> Result<bool, PortError> {
        let mut seen = seen;
        if self.is(Mutant::FiguresWithoutVersion) {
            seen = self.inner.figures(tenant, account, month).await?.map_or(0, |figures| figures.version);
        }
        self.inner.put_figures(tenant, account, month, body, seen).await
    }

    async fn all_figures(
        &self,
        tenant: &str,
        from: Month,
        to: Month,
    ) -> Result<Vec<StoredFigures>, PortError> {
        self.inner.all_figures(tenant, from, to).await
    }
}

#[async_trait]
impl AuditTrail for Cooked {
    async fn append(&self, entry: AuditEntry) -> Result<bool, PortError> {
        if self.is(Mutant::TrailTwice) {
            self.inner.inspect(|books| {
                let (file, event) = ((entry.tenant.clone(), entry.file.clone()), entry.event_id.clone());
                books.note(Noted::Audited { file, event, new: true });
                books.audit.push(entry);
            });
            return Ok(true);
        }
        self.inner.append(entry).await
    }

    async fn of_file(&self, tenant: &str, file: &FileId) -> Result<Vec<AuditEntry>, PortError> {
        self.inner.of_file(tenant, file).await
    }

    async fn between(
        &self,
        tenant: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        after: Option<&(DateTime<Utc>, String)>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, PortError> {
        self.inner.between(tenant, from, to, after, limit).await
    }

    async fn forget(&self, tenant: &str, file: &FileId, keep: &[String]) -> Result<(), PortError> {
        if self.is(Mutant::LateTrailStays) {
            // Whoever deletes has not told of it yet; whoever looks a second time has.
            let told = self.inner.inspect(|books| {
                let kind = EventType::FileDeleted.as_str();
                let waits = books.outbox.values().any(|waiting| waiting.event.event_type == kind);
                let gone = books.files.get(&(tenant.to_owned(), file.clone()));
                waits || gone.is_some_and(|file| file.state == riffle_ports::FileState::Deleted)
            });
            if told {
                return Ok(());
            }
        }
        self.inner.forget(tenant, file, keep).await
    }
}

#[async_trait]
impl ObjectStore for Cooked {
    async fn put(&self, key: &str, content: Bytes) -> Result<(), PortError> {
        if self.is(Mutant::PartsAfterRows) && key.starts_with("ingest/") {
            self.notes(|notes| notes.parts.insert(key.to_owned(), content));
            return Ok(());
        }
        self.objects.put(key, content).await
    }

    async fn put_if_absent(&self, key: &str, content: Bytes) -> Result<Put, PortError> {
        self.objects.put_if_absent(key, content).await
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, PortError> {
        self.objects.get(key).await
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        self.objects.delete(key).await
    }
}
