//! A file becomes transactions: stored first, announced after, both at least once and to the same end.

use std::sync::Arc;

use chrono::TimeDelta;
use futures::{StreamExt, TryStreamExt, stream};
use riffle_contracts::{
    AccountPeriod, Event, EventData, EventType, FileProcessed, TransactionsCategorized, TransactionsCreated,
};
use riffle_ports::{
    Changed, Failure, File, FileChange, FileId, FileState, NotChanged, StoredRows, Transaction,
    TransactionKey,
};
use riffle_statements::ReadError;

use crate::findings::{AccountFindings, Findings, short, widen};
use crate::outbox::{event, milliseconds, outgoing};
use crate::rows::transaction;
use crate::{Delivery, Ingest, Statements, ids, keys, metrics};

/// The ingest flow, and what reads statements.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct Processor {
    pub ingest: Ingest,
    pub statements: Arc<dyn Statements>,
}

/// A file in one's hands.
struct Work<'a> {
    ingest: &'a Ingest,
    file: File,
    token: String,
    findings: Findings,
    /// Parts written so far.
    parts: u32,
}

/// How work on a file ends where nothing failed.
enum Ended {
    Done,
    /// The file is in other hands, or gone.
    NotOurs,
}

pub(crate) const STAGE: &str = "file-processor-consumer";

impl Processor {
    /// Deals with one event of the processor's queue.
    pub async fn run(&self, event: &Event, delivery: Delivery) -> Result<(), Failure> {
        match &event.data {
            EventData::FileUploaded(_) => {
                let outcome = self.process(event).await;
                if let Err(failure) = &outcome
                    && delivery.is_last()
                {
                    self.ingest.fail(event, failure).await?;
                }
                outcome
            }
            EventData::DeletionRequested(data) => {
                self.ingest.delete_all(&data.tenant, &FileId(event.processing_id.clone())).await
            }
            _ => Err(Failure::Reject(format!("a {} is nothing to process", event.event_type().as_str()))),
        }
    }

    async fn process(&self, event: &Event) -> Result<(), Failure> {
        let ingest = &self.ingest;
        let tenant = event.data.tenant();
        let id = FileId(event.processing_id.clone());
        let token = ingest.ids.fresh();
        let now = ingest.clock.now();
        let begin = FileChange::Begin { token: token.clone(), until: now + ingest.lease() };
        let file = match ingest.files.change(tenant, &id, begin, now, &[]).await? {
            Changed::Applied(file) => file,
            Changed::Refused(file, NotChanged::State) => return ingest.announce(&file).await,
            // Should whoever is at work die, the sweep hands the file out again.
            Changed::Refused(..) => return Ok(()),
            Changed::NoFile => {
                return Err(Failure::Retry(format!("there is no record of file {id} yet")));
            }
        };
        let findings = Findings { errors: Findings::of(&file)?.errors, ..Findings::default() };
        let mut work = Work { ingest, file, token, findings, parts: 0 };
        match work.run(self.statements.as_ref()).await {
            Ok(Ended::Done) => {
                metrics::processed(
                    work.findings.rows,
                    work.findings.new,
                    work.findings.duplicates,
                    work.file.size,
                    milliseconds(ingest.clock.now() - now),
                );
                // It is stored, and what is not announced now the sweep announces.
                if let Err(failure) = ingest.announce(&work.file).await {
                    tracing::warn!(processing_id = id.0, %failure, "announced later");
                }
                Ok(())
            }
            Ok(Ended::NotOurs) => {
                tracing::info!(processing_id = id.0, "the file is in other hands");
                Ok(())
            }
            Err(failure) => {
                work.release().await;
                Err(failure)
            }
        }
    }
}

impl Ingest {
    pub(crate) fn lease(&self) -> TimeDelta {
        TimeDelta::from_std(self.settings.lease).expect("a lease is minutes")
    }

    /// The last delivery failed: says so on the record and to whoever listens, in one.
    pub(crate) async fn fail(&self, event: &Event, failure: &Failure) -> Result<(), Failure> {
        let tenant = event.data.tenant();
        let id = FileId(event.processing_id.clone());
        let Some(file) = self.files.file(tenant, &id).await? else {
            self.tell_failure(tenant, &id, STAGE, &event.event_id, failure).await;
            return Ok(());
        };
        self.give_up(&file, &event.event_id, &failure.to_string()).await
    }

    /// Marks `file` as failed and announces it. One that is done or gone stays so.
    pub(crate) async fn give_up(&self, file: &File, about: &str, reason: &str) -> Result<(), Failure> {
        let told = self.error_event(&file.tenant, &file.id, STAGE, about, reason);
        let mut findings = Findings::of(file)?;
        findings.reason = Some(short(reason));
        let change = FileChange::Fail { body: findings.to_body() };
        let mut announce = vec![outgoing(&told)];
        announce.extend(self.derive_again(file, "failed").await?.as_ref().map(outgoing));
        match self.files.change(&file.tenant, &file.id, change, self.clock.now(), &announce).await? {
            Changed::Applied(file) => self.announce(&file).await,
            Changed::Refused(..) | Changed::NoFile => Ok(()),
        }
    }
}

impl Ingest {
    /// Where the transactions of `file` are, if it has any.
    pub(crate) async fn touched_by(&self, file: &File) -> Result<Vec<AccountPeriod>, Failure> {
        let mut touched = Findings::of(file)?.periods();
        // Each was announced on the record before it was written.
        for part in 0..file.parts {
            for key in self.part(&file.tenant, &file.id, part).await?.unwrap_or_default() {
                widen(&mut touched, &key.account, key.date, key.date);
            }
        }
        Ok(touched)
    }

    /// What tells that the figures of a file which is not done are to be derived again: somebody may have summed up
    /// what was stored of it.
    async fn derive_again(&self, file: &File, why: &str) -> Result<Option<Event>, Failure> {
        let accounts = self.touched_by(file).await?;
        if accounts.is_empty() {
            return Ok(None);
        }
        let data = TransactionsCategorized { tenant: file.tenant.clone(), accounts };
        let attempt = file.attempts.to_string();
        let data = EventData::TransactionsCategorized(data);
        Ok(Some(event(&file.id, self.clock.now(), data, &[why, &attempt])))
    }
}

impl Work<'_> {
    async fn run(&mut self, statements: &dyn Statements) -> Result<Ended, Failure> {
        let Some(object) = self.file.object.clone() else { return Ok(Ended::NotOurs) };
        let Some(content) = self.ingest.inbox.fetch(&object).await? else {
            return self.reject("the file was removed before it was read".to_owned()).await;
        };
        let unnamed = self.file.account.clone().unwrap_or_else(|| keys::UNNAMED_ACCOUNT.to_owned());
        let mut stream = statements.open(&self.file.name, content);
        let mut part = Vec::new();
        while let Some(rows) = stream.next().await {
            part.extend(rows.into_iter().map(|row| transaction(row, &self.file.id, &unnamed)));
            while part.len() >= self.ingest.settings.part_rows {
                let rest = part.split_off(self.ingest.settings.part_rows);
                if let Ended::NotOurs = self.part(&part).await? {
                    return Ok(Ended::NotOurs);
                }
                part = rest;
            }
        }
        let statement = match stream.end().await {
            Ok(statement) => statement,
            Err(ReadError::Reject(reject)) => return self.reject(reject.to_string()).await,
            Err(ReadError::Io(error)) => {
                return Err(Failure::Retry(format!("the file cannot be read: {error}")));
            }
            Err(ReadError::Stopped) => {
                return Err(Failure::Retry("the parser was stopped".to_owned()));
            }
        };
        if !part.is_empty()
            && let Ended::NotOurs = self.part(&part).await?
        {
            return Ok(Ended::NotOurs);
        }
        self.findings.note_statement(&statement, &unnamed);
        let named =
            self.file.account.is_some() || statement.accounts.iter().all(|part| part.account.is_some());
        if !named && self.findings.duplicates > 0 && self.findings.new > 0 {
            self.findings.review.push(
                "the file names no account, and some of its rows were known: if they are another account's, \
                 delete the file and upload it with its account"
                    .to_owned(),
            );
        }
        self.finish().await
    }

    /// Stores some rows: first which they are, so that whatever happens, whoever deletes the file finds them.
    async fn part(&mut self, rows: &[Transaction]) -> Result<Ended, Failure> {
        let ingest = self.ingest;
        let now = ingest.clock.now();
        let (tenant, id) = (self.file.tenant.clone(), self.file.id.clone());
        let (token, parts) = (self.token.clone(), self.parts + 1);
        let extend = FileChange::Extend { token, until: now + ingest.lease(), parts };
        match ingest.files.change(&tenant, &id, extend, now, &[]).await? {
            Changed::Applied(file) => self.file = file,
            Changed::Refused(..) | Changed::NoFile => return Ok(Ended::NotOurs),
        }
        let keys: Vec<TransactionKey> = rows.iter().map(|row| row.key.clone()).collect();
        ingest.put_part(&tenant, &id, self.parts, &keys).await?;
        self.parts = parts;
        // Made beforehand: a future that makes them as it goes could not move between threads.
        let batches = rows.chunks(ingest.transactions.batch().max(1));
        let calls: Vec<_> =
            batches.map(|batch| ingest.transactions.store(&tenant, &id, &self.token, batch)).collect();
        let stored: Vec<StoredRows> =
            stream::iter(calls).buffered(ingest.settings.stores_at_once.max(1)).try_collect().await?;
        let mut first = Vec::with_capacity(rows.len());
        for batch in stored {
            match batch {
                StoredRows::Done(flags) => first.extend(flags),
                StoredRows::NotYours => return Ok(Ended::NotOurs),
            }
        }
        for (row, first) in rows.iter().zip(first) {
            self.count(row, first);
        }
        Ok(Ended::Done)
    }

    fn count(&mut self, row: &Transaction, first: bool) {
        let findings = &mut self.findings;
        findings.rows += 1;
        if first {
            findings.new += 1;
        } else {
            findings.duplicates += 1;
        }
        let currency = (!row.currency.is_empty()).then_some(row.currency.as_str());
        let known = findings
            .accounts
            .iter_mut()
            .find(|found| found.account == row.key.account && found.currency.as_deref() == currency);
        match known {
            Some(found) => {
                found.rows += 1;
                found.from = found.from.min(row.key.date);
                found.to = found.to.max(row.key.date);
            }
            None => findings.accounts.push(AccountFindings {
                account: row.key.account.clone(),
                currency: currency.map(str::to_owned),
                from: row.key.date,
                to: row.key.date,
                rows: 1,
                opening: None,
                closing: None,
                balanced: None,
            }),
        }
    }

    async fn finish(&mut self) -> Result<Ended, Failure> {
        let findings = &self.findings;
        let (tenant, id, now) = (&self.file.tenant, &self.file.id, self.ingest.clock.now());
        let review = !findings.review.is_empty();
        let mut announce = vec![event(
            id,
            now,
            EventData::FileProcessed(FileProcessed {
                tenant: tenant.clone(),
                parts: self.parts,
                rows: findings.rows,
                new: findings.new,
                duplicates: findings.duplicates,
                warnings: findings.warnings.len() as u64 + findings.more_warnings,
                review,
                accounts: findings.periods(),
            }),
            &[],
        )];
        if findings.new > 0 {
            let data = TransactionsCreated { tenant: tenant.clone(), parts: self.parts, new: findings.new };
            announce.push(event(id, now, EventData::TransactionsCreated(data), &[]));
        }
        let state = if review { FileState::Review } else { FileState::Processed };
        self.end(state, &announce).await
    }

    /// Half of a file is none: what was stored of it goes first.
    async fn reject(&mut self, reason: String) -> Result<Ended, Failure> {
        metrics::rejected();
        let (tenant, id) = (self.file.tenant.clone(), self.file.id.clone());
        let uploaded = ids::event_id(&id, EventType::FileUploaded, &[]);
        let mut announce = vec![self.ingest.error_event(&tenant, &id, STAGE, &uploaded, &reason)];
        announce.extend(self.ingest.derive_again(&self.file, "rejected").await?);
        for part in 0..self.file.parts {
            let Some(keys) = self.ingest.part(&tenant, &id, part).await? else { continue };
            for batch in keys.chunks(self.ingest.transactions.batch().max(1)) {
                self.ingest.transactions.remove(&tenant, &id, batch).await?;
            }
        }
        self.findings = Findings {
            reason: Some(short(&reason)),
            errors: std::mem::take(&mut self.findings.errors),
            ..Findings::default()
        };
        self.end(FileState::Rejected, &announce).await
    }

    async fn end(&mut self, state: FileState, announce: &[Event]) -> Result<Ended, Failure> {
        let (tenant, id) = (self.file.tenant.clone(), self.file.id.clone());
        // What failed elsewhere meanwhile is on the record, too.
        if let Some(file) = self.ingest.files.file(&tenant, &id).await? {
            self.findings.errors = Findings::of(&file)?.errors;
        }
        let finish = FileChange::Finish {
            token: self.token.clone(),
            state,
            body: self.findings.to_body(),
            parts: self.parts,
        };
        let announce: Vec<_> = announce.iter().map(outgoing).collect();
        match self.ingest.files.change(&tenant, &id, finish, self.ingest.clock.now(), &announce).await? {
            Changed::Applied(file) => {
                self.file = file;
                Ok(Ended::Done)
            }
            Changed::Refused(..) | Changed::NoFile => Ok(Ended::NotOurs),
        }
    }

    /// So that the next delivery need not wait for the lease to end.
    async fn release(&self) {
        let release = FileChange::Release { token: self.token.clone() };
        let (tenant, id) = (&self.file.tenant, &self.file.id);
        if let Err(error) = self.ingest.files.change(tenant, id, release, self.ingest.clock.now(), &[]).await
        {
            tracing::warn!(processing_id = id.0, %error, "the lease ends by itself");
        }
    }
}
