//! The ports of the statements flow as handlers see them in a simulated run.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{
    Announced, AuditEntry, AuditTrail, Category, DeadLetter, DeadLetterStore, EventPublisher, Fetched,
    FigureStore, FileId, Head, Inbox, Month, ObjectRef, Outgoing, PortError, PostForm, StoredFigures,
    StoredRows, Subject, Transaction, TransactionKey, TransactionStore,
};

use super::faults::{Effect, Fault, FaultPoint};
use super::faulty::{Faulty, reads, writes};
use super::faulty_records::ids_of;

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

    async fn forget_month(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        seen: u64,
    ) -> Result<bool, PortError> {
        let detail = || format!("{account} {month} {seen}");
        let effect = || self.inner.forget_month(tenant, account, month, seen);
        self.control.call(writes("figures.forget"), detail, effect).await
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

    async fn of_subject(&self, tenant: &str, subject: &Subject) -> Result<Vec<AuditEntry>, PortError> {
        let point = reads("audit.of_subject");
        let fault = self.control.arrive(point, || subject.to_string()).await;
        self.control.perform(point, fault, || self.inner.of_subject(tenant, subject)).await
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

    async fn forget(&self, tenant: &str, subject: &Subject, keep: &[String]) -> Result<(), PortError> {
        let detail = || format!("{subject} but {keep:?}");
        let effect = || self.inner.forget(tenant, subject, keep);
        self.control.call(writes("audit.forget"), detail, effect).await
    }
}

#[async_trait]
impl EventPublisher for Faulty<dyn EventPublisher> {
    async fn publish(&self, events: &[Outgoing]) -> Result<Vec<usize>, PortError> {
        let point = FaultPoint { name: "bus.publish", effect: Effect::Sends };
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
impl DeadLetterStore for Faulty<dyn DeadLetterStore> {
    async fn list(&self, flow: Option<&str>, limit: u32) -> Result<(Vec<DeadLetter>, bool), PortError> {
        let point = reads("letters.list");
        let fault = self.control.arrive(point, String::new).await;
        self.control.perform(point, fault, || self.inner.list(flow, limit)).await
    }

    async fn redrive(&self, dead_letters: &[DeadLetter]) -> Result<u64, PortError> {
        let detail = || format!("{} letters", dead_letters.len());
        let effect = || self.inner.redrive(dead_letters);
        self.control.call(writes("letters.redrive"), detail, effect).await
    }
}
