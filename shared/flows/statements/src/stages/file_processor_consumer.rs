//! The file processor: turns a file into transactions. Stores first and publishes after, both at least once and
//! idempotently.

use std::sync::Arc;

use chrono::TimeDelta;
use futures::{StreamExt, TryStreamExt, stream};
use riffle_contracts::{Event, EventData};
use riffle_ports::{Changed, Failure, Fetched, FileId, StoredRows, Transaction, TransactionKey};
use riffle_statement_parser::ReadError;

use crate::state::file::{File, FileChange, FileState, NotChanged};
use crate::state::file_details::{AccountDetails, FileDetails};
use crate::state::keys;
use crate::state::outbox::milliseconds;
use crate::statement_reader::transaction;
use crate::{Delivery, StatementReader, Statements, metrics};

/// The statements flow with its statement reader.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct Processor {
    pub statements: Statements,
    pub reader: Arc<dyn StatementReader>,
}

/// A file that this worker holds.
pub(crate) struct Work<'a> {
    pub statements: &'a Statements,
    pub file: File,
    pub token: String,
    pub findings: FileDetails,
    /// The next part's number.
    pub parts: u32,
    /// Parts below this number were written by earlier attempts, and this attempt should produce the same.
    earlier: u32,
    /// Whether this worker may have written a part.
    pub has_written: bool,
}

/// How work on a file ends without a failure.
pub(crate) enum Ended {
    Done,
    /// Another worker holds the file, or it is gone.
    NotOurs,
}

/// The result of reading a file.
enum Read {
    Ended(Ended),
    /// An earlier attempt (an older parser, say) stored different rows.
    Differs,
}

/// The result of storing a part.
enum Part {
    Stored,
    NotOurs,
    Differs,
}

impl Processor {
    /// Processes one event of the processor's queue.
    pub async fn run(&self, event: &Event, delivery: Delivery) -> Result<(), Failure> {
        match &event.data {
            EventData::FileUploaded(_) => {
                let outcome = self.process(event).await;
                match &outcome {
                    Err(failure) if delivery.is_last() && !self.statements.fail(event, failure).await? => {
                        Ok(())
                    }
                    _ => outcome,
                }
            }
            EventData::DeletionRequested(data) => {
                self.statements.delete_all(&data.tenant, &FileId(event.processing_id.clone())).await
            }
            _ => {
                Err(Failure::Reject(format!("{} events are not processed here", event.event_type().as_str())))
            }
        }
    }

    async fn process(&self, event: &Event) -> Result<(), Failure> {
        let statements = &self.statements;
        let tenant = event.data.tenant();
        let id = FileId(event.processing_id.clone());
        let token = statements.ids.fresh();
        let now = statements.clock.now();
        let begin = FileChange::Begin { token: token.clone(), until: now + statements.lease() };
        let file = match statements.change(tenant, &id, begin, now, &[]).await? {
            Changed::Applied(file) => file,
            Changed::Refused(file, NotChanged::State) => {
                // A worker that held the file when it was deleted may have crashed before it removed the part it wrote.
                if file.state == FileState::Deleted {
                    statements.remove_parts(&file).await?;
                }
                return statements.announce(&file).await;
            }
            // If the worker that holds the file crashes, the sweep sends the file to the processor again.
            Changed::Refused(..) | Changed::Superseded(_) => return Ok(()),
            Changed::Missing => {
                return Err(Failure::Retry(format!("file {id} has no record yet")));
            }
        };
        let findings = file.findings.begun();
        let (parts, earlier) = (findings.first_part, file.parts);
        let mut work = Work { statements, file, token, findings, parts, earlier, has_written: false };
        match work.run(self.reader.as_ref()).await {
            Ok(Ended::Done) => {
                metrics::processed(
                    work.findings.rows,
                    work.findings.new,
                    work.findings.duplicates,
                    work.file.size,
                    milliseconds(statements.clock.now() - now),
                );
                // The result is stored; the sweep publishes any events that are not published now.
                if let Err(failure) = statements.announce(&work.file).await {
                    tracing::warn!(processing_id = id.0, %failure, "the event will be published later");
                }
                Ok(())
            }
            Ok(Ended::NotOurs) => {
                tracing::info!(processing_id = id.0, "another worker is processing the file");
                work.leave().await
            }
            Err(failure) => {
                if let Err(error) = work.leave().await {
                    tracing::warn!(processing_id = id.0, %error, "could not release the lease; it will \
                                                                  expire");
                }
                Err(failure)
            }
        }
    }
}

impl Statements {
    pub(crate) fn lease(&self) -> TimeDelta {
        TimeDelta::from_std(self.settings.lease).expect("a lease is minutes")
    }
}

impl Work<'_> {
    async fn run(&mut self, reader: &dyn StatementReader) -> Result<Ended, Failure> {
        let Some(object) = self.file.object.clone() else { return Ok(Ended::NotOurs) };
        let Some(content) = self.statements.inbox.fetch(&object).await? else {
            return self.reject("the file was removed before it was read".to_owned()).await;
        };
        if let Read::Ended(ended) = self.read(reader, content.clone()).await? {
            return Ok(ended);
        }
        tracing::info!(processing_id = self.file.id.0, "an earlier attempt stored different rows");
        if let Ended::NotOurs = self.begin_anew().await? {
            return Ok(Ended::NotOurs);
        }
        match self.read(reader, content).await? {
            Read::Ended(ended) => Ok(ended),
            Read::Differs => Err(Failure::Retry("there are no earlier rows to differ from".to_owned())),
        }
    }

    /// Removes all stored rows of the file and starts over at unused part numbers. Records this, so that the next
    /// attempt continues from there.
    async fn begin_anew(&mut self) -> Result<Ended, Failure> {
        if let Ended::NotOurs = self.take_back().await? {
            return Ok(Ended::NotOurs);
        }
        let touched = self.statements.touched_by(&self.file).await?;
        let first_part = self.file.parts;
        (self.parts, self.earlier) = (first_part, first_part);
        self.findings = FileDetails { first_part, touched, ..FileDetails::default() };
        self.record(|findings| FileChange::Note { findings }, &[]).await
    }

    async fn read(&mut self, reader: &dyn StatementReader, content: Fetched) -> Result<Read, Failure> {
        let unnamed = self.file.account.clone().unwrap_or_else(|| keys::UNNAMED_ACCOUNT.to_owned());
        let mut stream = reader.open(&self.file.name, content);
        let mut part = Vec::new();
        while let Some(rows) = stream.next().await {
            part.extend(rows.into_iter().map(|row| transaction(row, &self.file.id, &unnamed)));
            while part.len() >= self.statements.settings.part_rows {
                let rest = part.split_off(self.statements.settings.part_rows);
                match self.part(&part).await? {
                    Part::Stored => part = rest,
                    Part::NotOurs => return Ok(Read::Ended(Ended::NotOurs)),
                    Part::Differs => return Ok(Read::Differs),
                }
            }
        }
        let statement = match stream.end().await {
            Ok(statement) => statement,
            Err(ReadError::Reject(reject)) => return self.reject(reject.to_string()).await.map(Read::Ended),
            Err(ReadError::Io(error)) => {
                return Err(Failure::Retry(format!("the file cannot be read: {error}")));
            }
            Err(ReadError::Stopped) => {
                return Err(Failure::Retry("the parser was stopped".to_owned()));
            }
        };
        let last = if part.is_empty() { Part::Stored } else { self.part(&part).await? };
        match last {
            Part::Stored if self.parts < self.earlier => return Ok(Read::Differs),
            Part::Stored => {}
            Part::NotOurs => return Ok(Read::Ended(Ended::NotOurs)),
            Part::Differs => return Ok(Read::Differs),
        }
        self.findings.note_statement(&statement, &unnamed);
        let named =
            self.file.account.is_some() || statement.accounts.iter().all(|part| part.account.is_some());
        if !named && self.findings.duplicates > 0 && self.findings.new > 0 {
            self.findings.review.push(
                "the file names no account, and some of its rows are duplicates: if they belong to another \
                 account, delete the file and upload it again with its account"
                    .to_owned(),
            );
        }
        self.finish().await.map(Read::Ended)
    }

    /// Stores some rows. Stores their keys first, so that a deletion finds the rows even if this worker crashes.
    async fn part(&mut self, rows: &[Transaction]) -> Result<Part, Failure> {
        let statements = self.statements;
        let (tenant, id, number) = (self.file.tenant.clone(), self.file.id.clone(), self.parts);
        let keys: Vec<TransactionKey> = rows.iter().map(|row| row.key.clone()).collect();
        let before = if number < self.earlier { statements.part(&tenant, &id, number).await? } else { None };
        if before.as_ref().is_some_and(|before| *before != keys) {
            return Ok(Part::Differs);
        }
        let now = statements.clock.now();
        let (token, parts) = (self.token.clone(), number + 1);
        let extend = FileChange::Extend { token, until: now + statements.lease(), parts };
        match statements.change_from(&self.file, extend, now).await? {
            Changed::Applied(file) => self.file = file,
            Changed::Refused(..) | Changed::Superseded(_) | Changed::Missing => return Ok(Part::NotOurs),
        }
        self.parts = parts;
        if before.is_none() {
            self.has_written = true;
            statements.put_part(&tenant, &id, number, &keys).await?;
        }
        // Create the calls up front: a future that created them lazily could not move between threads.
        let batches = rows.chunks(statements.transactions.batch().max(1));
        let calls: Vec<_> =
            batches.map(|batch| statements.transactions.store(&tenant, &id, &self.token, batch)).collect();
        let stored: Vec<StoredRows> =
            stream::iter(calls).buffered(statements.settings.stores_at_once.max(1)).try_collect().await?;
        let mut first = Vec::with_capacity(rows.len());
        for batch in stored {
            match batch {
                StoredRows::Done(flags) => first.extend(flags),
                StoredRows::NotYours => return Ok(Part::NotOurs),
            }
        }
        for (row, first) in rows.iter().zip(first) {
            self.count(row, first);
        }
        Ok(Part::Stored)
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
            None => findings.accounts.push(AccountDetails {
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
}
