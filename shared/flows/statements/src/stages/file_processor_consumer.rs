//! The file processor: turns a file into transactions. Stores first and publishes after, both at least once and
//! idempotently.

use std::sync::Arc;

use chrono::TimeDelta;
use futures::{StreamExt, TryStreamExt, stream};
use riffle_contracts::{Event, EventData};
use riffle_ports::{Changed, Failure, Fetched, FileId, StoredRows, Transaction, TransactionKey};
use riffle_statement_parser::ParseError;

use crate::state::file::{FileChange, FileNotChanged, FileRecord, FileState};
use crate::state::file_details::{AccountDetails, FileDetails};
use crate::state::keys;
use crate::state::outbox::milliseconds;
use crate::statement_reader::transaction;
use crate::{DeliveryInfo, StatementReader, Statements, metrics};

/// The statements flow with its statement reader.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct Processor {
    pub statements: Statements,
    pub reader: Arc<dyn StatementReader>,
}

/// A file that this worker holds.
pub(crate) struct FileWork<'a> {
    pub statements: &'a Statements,
    pub file: FileRecord,
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
pub(crate) enum WorkEnd {
    Done,
    /// Another worker holds the file, or it is gone.
    NotOurs,
}

/// The result of reading a file.
enum ReadResult {
    Ended(WorkEnd),
    /// An earlier attempt (an older parser, say) stored different rows.
    Differs,
}

/// The result of storing a part.
enum PartResult {
    Stored,
    NotOurs,
    Differs,
}

impl Processor {
    /// Processes one event of the processor's queue.
    pub async fn run(&self, event: &Event, delivery: DeliveryInfo) -> Result<(), Failure> {
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
            Changed::Refused(file, FileNotChanged::State) => {
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
        let mut work = FileWork { statements, file, token, findings, parts, earlier, has_written: false };
        match work.run(self.reader.as_ref()).await {
            Ok(WorkEnd::Done) => {
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
            Ok(WorkEnd::NotOurs) => {
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

impl FileWork<'_> {
    async fn run(&mut self, reader: &dyn StatementReader) -> Result<WorkEnd, Failure> {
        let Some(object) = self.file.object.clone() else { return Ok(WorkEnd::NotOurs) };
        let Some(content) = self.statements.inbox.fetch(&object).await? else {
            return self.reject("the file was removed before it was read".to_owned()).await;
        };
        if let ReadResult::Ended(ended) = self.read(reader, content.clone()).await? {
            return Ok(ended);
        }
        tracing::info!(processing_id = self.file.id.0, "an earlier attempt stored different rows");
        if let WorkEnd::NotOurs = self.begin_anew().await? {
            return Ok(WorkEnd::NotOurs);
        }
        match self.read(reader, content).await? {
            ReadResult::Ended(ended) => Ok(ended),
            ReadResult::Differs => Err(Failure::Retry("there are no earlier rows to differ from".to_owned())),
        }
    }

    /// Removes all stored rows of the file and starts over at unused part numbers. Records this, so that the next
    /// attempt continues from there.
    async fn begin_anew(&mut self) -> Result<WorkEnd, Failure> {
        if let WorkEnd::NotOurs = self.take_back().await? {
            return Ok(WorkEnd::NotOurs);
        }
        let touched = self.statements.touched_by(&self.file).await?;
        let first_part = self.file.parts;
        (self.parts, self.earlier) = (first_part, first_part);
        self.findings = FileDetails { first_part, touched, ..FileDetails::default() };
        self.record(|findings| FileChange::Note { findings }, &[]).await
    }

    async fn read(&mut self, reader: &dyn StatementReader, content: Fetched) -> Result<ReadResult, Failure> {
        let unnamed = self.file.account.clone().unwrap_or_else(|| keys::UNNAMED_ACCOUNT.to_owned());
        let mut stream = reader.open(&self.file.name, content);
        let mut part = Vec::new();
        while let Some(rows) = stream.next().await {
            part.extend(rows.into_iter().map(|row| transaction(row, &self.file.id, &unnamed)));
            while part.len() >= self.statements.settings.part_rows {
                let rest = part.split_off(self.statements.settings.part_rows);
                match self.part(&part).await? {
                    PartResult::Stored => part = rest,
                    PartResult::NotOurs => return Ok(ReadResult::Ended(WorkEnd::NotOurs)),
                    PartResult::Differs => return Ok(ReadResult::Differs),
                }
            }
        }
        let statement = match stream.end().await {
            Ok(statement) => statement,
            Err(ParseError::Reject(reject)) => {
                return self.reject(reject.to_string()).await.map(ReadResult::Ended);
            }
            Err(ParseError::Io(error)) => {
                return Err(Failure::Retry(format!("the file cannot be read: {error}")));
            }
            Err(ParseError::Stopped) => {
                return Err(Failure::Retry("the parser was stopped".to_owned()));
            }
        };
        let last = if part.is_empty() { PartResult::Stored } else { self.part(&part).await? };
        match last {
            PartResult::Stored if self.parts < self.earlier => return Ok(ReadResult::Differs),
            PartResult::Stored => {}
            PartResult::NotOurs => return Ok(ReadResult::Ended(WorkEnd::NotOurs)),
            PartResult::Differs => return Ok(ReadResult::Differs),
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
        self.finish().await.map(ReadResult::Ended)
    }

    /// Stores some rows. Stores their keys first, so that a deletion finds the rows even if this worker crashes.
    async fn part(&mut self, rows: &[Transaction]) -> Result<PartResult, Failure> {
        let statements = self.statements;
        let (tenant, id, number) = (self.file.tenant.clone(), self.file.id.clone(), self.parts);
        let keys: Vec<TransactionKey> = rows.iter().map(|row| row.key.clone()).collect();
        let before = if number < self.earlier { statements.part(&tenant, &id, number).await? } else { None };
        if before.as_ref().is_some_and(|before| *before != keys) {
            return Ok(PartResult::Differs);
        }
        let now = statements.clock.now();
        let (token, parts) = (self.token.clone(), number + 1);
        let extend = FileChange::Extend { token, until: now + statements.lease(), parts };
        match statements.change_from(&self.file, extend, now).await? {
            Changed::Applied(file) => self.file = file,
            Changed::Refused(..) | Changed::Superseded(_) | Changed::Missing => {
                return Ok(PartResult::NotOurs);
            }
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
                StoredRows::NotYours => return Ok(PartResult::NotOurs),
            }
        }
        for (row, first) in rows.iter().zip(first) {
            self.count(row, first);
        }
        Ok(PartResult::Stored)
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
