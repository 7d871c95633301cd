//! Stores of records and transactions without one of their guarantees.

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
    Category, EventPublisher, FileId, FlowState as _, Month, ObjectStore, Outgoing, PortError, Record,
    RecordCursor, RecordStore, Replaced, StoredRows, Subject, Transaction, TransactionKey, TransactionStore,
};
use riffle_statements::{FileChange, FileRecord, FileState};
use riffle_testkit::memory::{MemoryBus, MemoryObjects, MemoryRecords, MemoryStatements, RecordsChange};
use riffle_testkit::simulator::Control;

use super::super::changes::{file_of_record, name};
use super::super::stores::StatementsStores;
use super::StatementsMutant;

/// Stores that behave as in a bad protocol.
pub(super) struct MutantStores {
    mutant: StatementsMutant,
    pub(super) records: Arc<MemoryRecords>,
    pub(super) inner: Arc<MemoryStatements>,
    pub(super) objects: Arc<MemoryObjects>,
    bus: Arc<MemoryBus>,
    pub(super) control: Arc<Control>,
    notes: Mutex<MutantData>,
}

type Categories = Vec<(TransactionKey, Option<Category>)>;

/// The data that a bad protocol keeps in addition to the stores.
#[derive(Default)]
pub(super) struct MutantData {
    /// Categories to be written after they have been announced.
    categories: Vec<(String, Categories)>,
    /// Objects to be written together with the rows.
    pub(super) parts: BTreeMap<String, Bytes>,
}

/// A future that lets other tasks run once.
struct YieldOnce(bool);

impl Future for YieldOnce {
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

impl MutantStores {
    pub(super) fn new(mutant: StatementsMutant, stores: &StatementsStores, control: &Arc<Control>) -> Self {
        Self {
            mutant,
            records: Arc::clone(&stores.records),
            inner: Arc::clone(&stores.statements),
            objects: Arc::clone(&stores.objects),
            bus: Arc::clone(&stores.bus),
            control: Arc::clone(control),
            notes: Mutex::default(),
        }
    }

    pub(super) fn notes<T>(&self, look: impl FnOnce(&mut MutantData) -> T) -> T {
        look(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn is(&self, mutant: StatementsMutant) -> bool {
        self.mutant == mutant
    }

    /// Lets the invocation crash between two steps that should be one.
    async fn between(&self) {
        YieldOnce(false).await;
        if self.control.draw(|rng| rng.chance(300)) {
            self.control.crash_running();
            pending::<()>().await;
        }
    }

    /// Returns the record as the bad protocol reads it.
    fn read(&self, record: Record) -> Record {
        // A deletion does not see a lease for which it would have to wait.
        let blind =
            self.is(StatementsMutant::DeletedUnderLease) && record.state == FileState::Deleting.as_str();
        if blind { Record { lease: None, ..record } } else { record }
    }

    /// Writes the categories held back.
    pub(super) async fn write_held_categories(&self) -> Result<(), PortError> {
        let held = self.notes(|notes| std::mem::take(&mut notes.categories));
        YieldOnce(false).await;
        for (tenant, categories) in held {
            self.inner.categorize(&tenant, &categories).await?;
        }
        Ok(())
    }

    async fn publish(&self, events: &[Outgoing]) -> Result<(), PortError> {
        self.bus.publish(events).await.map(drop)
    }
}

/// Returns `next` as if it had been derived from the current record instead of the one that was read.
fn over(current: &Record, seen: &Record, next: &Record) -> Option<Record> {
    let [current, seen, next] = [current, seen, next].map(file_of_record);
    let findings = next.findings;
    let change = match next.state {
        FileState::Failed => FileChange::Fail { findings },
        state => FileChange::Finish { token: seen.lease?.token, state, findings, parts: next.parts },
    };
    current.apply(&change, next.changed_at).ok().map(|next| next.to_record())
}

#[async_trait]
impl RecordStore for MutantStores {
    async fn create(&self, record: Record, announce: &[Outgoing]) -> Result<Option<Record>, PortError> {
        if self.is(StatementsMutant::NotedTwice) {
            let key = (record.tenant.clone(), record.subject.clone());
            self.records.inspect(|data| {
                data.note(RecordsChange::Created(key.clone()));
                data.records.insert(key, record)
            });
            return Ok(None);
        }
        self.records.create(record, announce).await
    }

    async fn get(&self, tenant: &str, subject: &Subject) -> Result<Option<Record>, PortError> {
        Ok(self.records.get(tenant, subject).await?.map(|record| self.read(record)))
    }

    async fn replace(
        &self,
        seen: &Record,
        next: Record,
        announce: &[Outgoing],
    ) -> Result<Replaced, PortError> {
        let replaced = match (self.mutant, name(seen, &next, !announce.is_empty())) {
            (StatementsMutant::NoOutbox, _) => {
                let replaced = self.records.replace(seen, next, &[]).await?;
                if replaced == Replaced::Done && !announce.is_empty() {
                    self.between().await;
                    self.publish(announce).await?;
                }
                replaced
            }
            (StatementsMutant::AnnounceBeforeStore, "finish") => {
                self.publish(announce).await?;
                self.between().await;
                self.records.replace(seen, next, &[]).await?
            }
            (StatementsMutant::DeletedInSilence, "deleted") => self.records.replace(seen, next, &[]).await?,
            (StatementsMutant::FinishGoesOverNotes, "finish")
            | (StatementsMutant::FailGoesOverNotes, "fail") => {
                let current = self.records.get(&next.tenant, &next.subject).await?;
                let over = current.and_then(|current| Some((over(&current, seen, &next)?, current)));
                match over {
                    Some((next, current)) => self.records.replace(&current, next, announce).await?,
                    None => self.records.replace(seen, next, announce).await?,
                }
            }
            (StatementsMutant::FailedMonthsStay, "fail") => {
                let kind = EventType::TransactionsCategorized.as_str();
                let others = announce.iter().filter(|event| event.event_type != kind);
                let others: Vec<Outgoing> = others.cloned().collect();
                self.records.replace(seen, next, &others).await?
            }
            (StatementsMutant::SettledAtOnce, "deleted") => {
                let settled = FileRecord { unsettled: false, ..file_of_record(&next) };
                self.records.replace(seen, settled.to_record(), announce).await?
            }
            _ => self.records.replace(seen, next, announce).await?,
        };
        Ok(match replaced {
            Replaced::Conflict(current) => Replaced::Conflict(self.read(current)),
            other => other,
        })
    }

    async fn list(
        &self,
        flow: &str,
        tenant: &str,
        list: &str,
        after: Option<&RecordCursor>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError> {
        self.records.list(flow, tenant, list, after, limit).await
    }

    async fn open_before(
        &self,
        flow: &str,
        state: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError> {
        if self.is(StatementsMutant::SweepWithoutFiles) {
            return Ok(Vec::new());
        }
        self.records.open_before(flow, state, before, limit).await
    }

    async fn outbox_of(&self, tenant: &str, subject: &Subject) -> Result<Vec<Outgoing>, PortError> {
        self.records.outbox_of(tenant, subject).await
    }

    async fn outbox(
        &self,
        flow: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Outgoing>, PortError> {
        if self.is(StatementsMutant::SweepWithoutOutbox) {
            return Ok(Vec::new());
        }
        self.records.outbox(flow, before, limit).await
    }

    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError> {
        self.records.announced(events).await
    }
}

#[async_trait]
impl TransactionStore for MutantStores {
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
            self.inner.inspect(|data| data.rows.contains_key(&key))
        };
        let known: Vec<bool> = rows.iter().map(is_known).collect();
        let stored = match self.mutant {
            StatementsMutant::NoTokenGuard => {
                StoredRows::Done(self.inner.inspect(|data| data.store(tenant, file, rows)))
            }
            StatementsMutant::OccurrenceIgnored => {
                let mut rows = rows.to_vec();
                for row in &mut rows {
                    row.key.occurrence = 1;
                }
                self.inner.store(tenant, file, token, &rows).await?
            }
            StatementsMutant::FirstAlone => {
                let stored = self.inner.store(tenant, file, token, rows).await?;
                for row in rows {
                    let key = (tenant.to_owned(), row.key.clone());
                    self.inner.inspect(|data| {
                        if let Some(row) = data.rows.get_mut(&key) {
                            let first = row.transaction.file.clone();
                            row.shown_by.retain(|shown| *shown == first);
                        }
                    });
                }
                stored
            }
            StatementsMutant::LastContent => {
                let stored = self.inner.store(tenant, file, token, rows).await?;
                for row in rows.iter().filter(|_| matches!(stored, StoredRows::Done(_))) {
                    let key = (tenant.to_owned(), row.key.clone());
                    self.inner.inspect(|data| {
                        if let Some(stored) = data.rows.get_mut(&key) {
                            stored.transaction.place.clone_from(&row.place);
                        }
                    });
                }
                stored
            }
            _ => self.inner.store(tenant, file, token, rows).await?,
        };
        if self.is(StatementsMutant::PartsAfterRows) {
            let parts = self.notes(|notes| std::mem::take(&mut notes.parts));
            for (key, content) in parts {
                self.between().await;
                self.objects.put(&key, content).await?;
            }
        }
        Ok(match stored {
            StoredRows::Done(_) if self.is(StatementsMutant::NewFromRead) => {
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
        if self.is(StatementsMutant::CategoriesAfterTelling) {
            self.notes(|notes| notes.categories.push((tenant.to_owned(), categories.to_vec())));
            return Ok(());
        }
        self.inner.categorize(tenant, categories).await
    }

    async fn remove(&self, tenant: &str, file: &FileId, keys: &[TransactionKey]) -> Result<(), PortError> {
        if self.is(StatementsMutant::DeletionTakesAll) {
            self.inner.inspect(|data| {
                for key in keys {
                    data.rows.remove(&(tenant.to_owned(), key.clone()));
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
        if self.is(StatementsMutant::RejectTakesFromOthers) {
            self.inner.remove(tenant, file, keys).await?;
            return Ok(true);
        }
        self.inner.withdraw(tenant, file, token, keys).await
    }
}
