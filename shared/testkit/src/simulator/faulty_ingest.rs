//! The ports of the ingest flow as handlers see them in a simulated run.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{
    Announced, AuditEntry, AuditTrail, Category, Changed, DeadLetter, DeadLetters, EventPublisher, Fetched,
    FigureStore, File, FileChange, FileId, FileLedger, FileListedAt, FileState, Head, Inbox, Month,
    ObjectRef, Outgoing, PortError, PostForm, StoredFigures, StoredRows, Transaction, TransactionKey,
    TransactionStore,
};

use super::faults::{Effect, Fault, Point};
use super::faulty::{Faulty, reads, writes};

/// Each change is a kind of call of its own, so that a fault at one can be told from one at another.
fn change_point(change: &FileChange) -> Point {
    writes(match change {
        FileChange::Begin { .. } => "books.begin",
        FileChange::Extend { .. } => "books.extend",
        FileChange::Release { .. } => "books.release",
        FileChange::Finish { .. } => "books.finish",
        FileChange::Fail { .. } => "books.fail",
        FileChange::Note { .. } => "books.note",
        FileChange::Delete => "books.delete",
        FileChange::Deleted { .. } => "books.deleted",
        FileChange::Settled => "books.settled",
    })
}

fn ids_of(events: &[Outgoing]) -> String {
    let named = events.iter().map(|event| format!("{} {}", event.event_type, event.event_id));
    named.collect::<Vec<_>>().join(", ")
}

#[async_trait]
impl FileLedger for Faulty<dyn FileLedger> {
    async fn create(&self, file: File) -> Result<Option<File>, PortError> {
        let effect = || self.inner.create(file.clone());
        self.control.call(writes("books.create"), || file.id.to_string(), effect).await
    }

    async fn file(&self, tenant: &str, id: &FileId) -> Result<Option<File>, PortError> {
        let point = reads("books.file");
        let fault = self.control.arrive(point, || id.to_string()).await;
        self.control.perform(point, fault, || self.inner.file(tenant, id)).await
    }

    async fn change(
        &self,
        tenant: &str,
        id: &FileId,
        change: FileChange,
        now: DateTime<Utc>,
        announce: &[Outgoing],
    ) -> Result<Changed, PortError> {
        let detail = || format!("{id} {change:?}, to announce: {}", ids_of(announce));
        let effect = || self.inner.change(tenant, id, change.clone(), now, announce);
        self.control.call(change_point(&change), detail, effect).await
    }

    async fn files(
        &self,
        tenant: &str,
        after: Option<&FileListedAt>,
        limit: u32,
    ) -> Result<Vec<File>, PortError> {
        let point = reads("books.files");
        let fault = self.control.arrive(point, String::new).await;
        self.control.perform(point, fault, || self.inner.files(tenant, after, limit)).await
    }

    async fn unfinished(
        &self,
        state: FileState,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<File>, PortError> {
        let point = reads("books.unfinished");
        let fault = self.control.arrive(point, || format!("{state:?} {before}")).await;
        let fresh =
            self.control.perform(point, fault, || self.inner.unfinished(state, before, limit)).await?;
        Ok(self.lagging(fault, fresh))
    }

    async fn outbox_of(&self, tenant: &str, id: &FileId) -> Result<Vec<Outgoing>, PortError> {
        let point = reads("books.outbox_of");
        let fault = self.control.arrive(point, || id.to_string()).await;
        self.control.perform(point, fault, || self.inner.outbox_of(tenant, id)).await
    }

    async fn outbox(&self, before: DateTime<Utc>, limit: u32) -> Result<Vec<Outgoing>, PortError> {
        let point = reads("books.outbox");
        let fault = self.control.arrive(point, || before.to_string()).await;
        let fresh = self.control.perform(point, fault, || self.inner.outbox(before, limit)).await?;
        Ok(self.lagging(fault, fresh))
    }

    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError> {
        let effect = || self.inner.announced(events);
        self.control.call(writes("books.announced"), || ids_of(events), effect).await
    }
}

impl Faulty<dyn FileLedger> {
    /// An index that lags does not show what is new. It lags as often as calls are throttled: both are the store
    /// under load.
    fn lagging<T>(&self, fault: Option<Fault>, mut fresh: Vec<T>) -> Vec<T> {
        if fault == Some(Fault::Throttled) && !fresh.is_empty() {
            let left = self.control.draw(|rng| rng.below(fresh.len()));
            self.control.sometimes("the ingest sweep reads an index that lags");
            fresh.truncate(left);
        }
        fresh
    }
}

#[async_trait]
impl TransactionStore for Faulty<dyn TransactionStore> {
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
        let detail = || format!("{file} {token} {} rows", rows.len());
        let effect = || self.inner.store(tenant, file, token, rows);
        self.control.call(writes("rows.store"), detail, effect).await
    }

    async fn get(
        &self,
        tenant: &str,
        keys: &[TransactionKey],
    ) -> Result<Vec<Option<Transaction>>, PortError> {
        let point = reads("rows.get");
        let fault = self.control.arrive(point, || format!("{} rows", keys.len())).await;
        self.control.perform(point, fault, || self.inner.get(tenant, keys)).await
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
        let point = reads("rows.month");
        let fault = self.control.arrive(point, || format!("{account} {month} {after:?}")).await;
        let effect = || self.inner.month(tenant, account, month, newest_first, after, limit);
        self.control.perform(point, fault, effect).await
    }

    async fn months(&self, tenant: &str) -> Result<Vec<(String, Month)>, PortError> {
        let point = reads("rows.months");
        let fault = self.control.arrive(point, || tenant.to_owned()).await;
        self.control.perform(point, fault, || self.inner.months(tenant)).await
    }

    async fn categorize(
        &self,
        tenant: &str,
        categories: &[(TransactionKey, Option<Category>)],
    ) -> Result<(), PortError> {
        let detail = || format!("{} rows", categories.len());
        let effect = || self.inner.categorize(tenant, categories);
        self.control.call(writes("rows.categorize"), detail, effect).await
    }

    async fn remove(&self, tenant: &str, file: &FileId, keys: &[TransactionKey]) -> Result<(), PortError> {
        let detail = || format!("{file} {} rows", keys.len());
        let effect = || self.inner.remove(tenant, file, keys);
        self.control.call(writes("rows.remove"), detail, effect).await
    }

    async fn withdraw(
        &self,
        tenant: &str,
        file: &FileId,
        token: &str,
        keys: &[TransactionKey],
    ) -> Result<bool, PortError> {
        let detail = || format!("{file} {token} {} rows", keys.len());
        let effect = || self.inner.withdraw(tenant, file, token, keys);
        self.control.call(writes("rows.withdraw"), detail, effect).await
    }
}

#[async_trait]
impl FigureStore for Faulty<dyn FigureStore> {
    async fn figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
    ) -> Result<Option<StoredFigures>, PortError> {
        let point = reads("figures.figures");
        let fault = self.control.arrive(point, || format!("{account} {month}")).await;
        self.control.perform(point, fault, || self.inner.figures(tenant, account, month)).await
    }

    async fn put_figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        body: &str,
        seen: u64,
    ) -> Result<bool, PortError> {
        let detail = || format!("{account} {month} {seen} {body}");
        let effect = || self.inner.put_figures(tenant, account, month, body, seen);
        self.control.call(writes("figures.put"), detail, effect).await
    }

    async fn all_figures(
        &self,
        tenant: &str,
        from: Month,
        to: Month,
    ) -> Result<Vec<StoredFigures>, PortError> {
        let point = reads("figures.all");
        let fault = self.control.arrive(point, || format!("{from} {to}")).await;
        self.control.perform(point, fault, || self.inner.all_figures(tenant, from, to)).await
    }
}

#[async_trait]
impl AuditTrail for Faulty<dyn AuditTrail> {
    async fn append(&self, entry: AuditEntry) -> Result<bool, PortError> {
        let detail = || format!("{} {}", entry.event_type, entry.event_id);
        let effect = || self.inner.append(entry.clone());
        self.control.call(writes("audit.append"), detail, effect).await
    }

    async fn of_file(&self, tenant: &str, file: &FileId) -> Result<Vec<AuditEntry>, PortError> {
        let point = reads("audit.of_file");
        let fault = self.control.arrive(point, || file.to_string()).await;
        self.control.perform(point, fault, || self.inner.of_file(tenant, file)).await
    }

    async fn between(
        &self,
        tenant: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        after: Option<&(DateTime<Utc>, String)>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, PortError> {
        let point = reads("audit.between");
        let fault = self.control.arrive(point, String::new).await;
        self.control.perform(point, fault, || self.inner.between(tenant, from, to, after, limit)).await
    }

    async fn forget(&self, tenant: &str, file: &FileId, keep: &[String]) -> Result<(), PortError> {
        let detail = || format!("{file} but {keep:?}");
        let effect = || self.inner.forget(tenant, file, keep);
        self.control.call(writes("audit.forget"), detail, effect).await
    }
}

#[async_trait]
impl EventPublisher for Faulty<dyn EventPublisher> {
    async fn publish(&self, events: &[Outgoing]) -> Result<Vec<usize>, PortError> {
        let point = Point { name: "bus.publish", effect: Effect::Sends };
        let fault = self.control.arrive(point, || ids_of(events)).await;
        if fault != Some(Fault::PartlyRefused) {
            return self.control.perform(point, fault, || self.inner.publish(events)).await;
        }
        let refused: Vec<usize> =
            self.control.draw(|rng| (0..events.len()).filter(|_| rng.chance(5_000)).collect());
        let accepted = events.iter().enumerate().filter(|(nth, _)| !refused.contains(nth));
        let accepted: Vec<Outgoing> = accepted.map(|(_, event)| event.clone()).collect();
        self.inner.publish(&accepted).await?;
        Ok(refused)
    }
}

#[async_trait]
impl Inbox for Faulty<dyn Inbox> {
    async fn form(&self, upload: &Announced) -> Result<PostForm, PortError> {
        let point = reads("inbox.form");
        let fault = self.control.arrive(point, || upload.name.clone()).await;
        self.control.perform(point, fault, || self.inner.form(upload)).await
    }

    async fn head(&self, object: &ObjectRef) -> Result<Option<Head>, PortError> {
        let point = reads("inbox.head");
        let fault = self.control.arrive(point, || object.key.clone()).await;
        self.control.perform(point, fault, || self.inner.head(object)).await
    }

    async fn fetch(&self, object: &ObjectRef) -> Result<Option<Fetched>, PortError> {
        let point = reads("inbox.fetch");
        let fault = self.control.arrive(point, || object.key.clone()).await;
        self.control.perform(point, fault, || self.inner.fetch(object)).await
    }

    async fn delete(&self, object: &ObjectRef) -> Result<(), PortError> {
        let effect = || self.inner.delete(object);
        self.control.call(writes("inbox.delete"), || object.key.clone(), effect).await
    }
}

#[async_trait]
impl DeadLetters for Faulty<dyn DeadLetters> {
    async fn list(&self, flow: Option<&str>, limit: u32) -> Result<(Vec<DeadLetter>, bool), PortError> {
        let point = reads("letters.list");
        let fault = self.control.arrive(point, String::new).await;
        self.control.perform(point, fault, || self.inner.list(flow, limit)).await
    }

    async fn redrive(&self, letters: &[DeadLetter]) -> Result<u64, PortError> {
        let detail = || format!("{} letters", letters.len());
        let effect = || self.inner.redrive(letters);
        self.control.call(writes("letters.redrive"), detail, effect).await
    }
}
