//! The checks after every single change, and the counts of interesting changes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use riffle_contracts::{BusEvent, EventData, EventType};
use riffle_statements::{FileDetails, FileRecord, FileState};
use riffle_testkit::memory::{
    FileKey, MemoryMessage, QueuePlace, RecordsChange, RecordsData, RowKey, StatementsChange, StatementsData,
    StoredTransaction,
};
use riffle_topology::RIFFLE;

use super::changes::{file_key, file_of_record, name, record_key};
use super::faults::{event_in, file_of};
use super::model::ModelKey;
use super::reader::StatementNature;
use super::scenario::When;
use super::world::World;
use crate::Violation;

/// The checker of one run.
#[derive(Debug, Default)]
pub struct Checker {
    /// The state and findings with which each file was finished.
    ended: BTreeMap<FileKey, (FileState, FileDetails)>,
    /// The version of the parser whose rows are stored for each finished file.
    versions: BTreeMap<FileKey, usize>,
    /// For each event that may occur only once per file, its id.
    single: BTreeMap<(FileKey, EventType), String>,
    /// The queues and event ids of handled messages, except of replays and shadow processing.
    consumed: BTreeSet<(&'static str, String)>,
    /// Announced failures, by the id of the event that failed and the function.
    failures: BTreeSet<(String, String)>,
    /// The ids of failures announced for files that had no record yet.
    too_early: BTreeSet<String>,
    /// The number of published events already checked.
    seen: usize,
}

impl Checker {
    pub fn consumed(&mut self, queue: &'static str, event: &str) {
        self.consumed.insert((queue, event.to_owned()));
    }

    pub fn version_of(&self, file: &FileKey) -> usize {
        self.versions.get(file).copied().unwrap_or_default()
    }

    pub fn was_too_early(&self, event: &str) -> bool {
        self.too_early.contains(event)
    }

    pub fn has_consumed(&self, queue: &'static str, event: &str) -> bool {
        self.consumed.contains(&(queue, event.to_owned()))
    }
}

/// Returns the state and findings of a file, without the errors of other functions about it.
fn result(file: &FileRecord) -> (FileState, FileDetails) {
    (file.state, FileDetails { errors: Vec::new(), ..file.findings.clone() })
}

impl World {
    pub fn watch(&mut self) -> Result<(), Violation> {
        for note in self.stores.records.inspect(RecordsData::take_notes) {
            self.count_record(&note);
            self.check_record(&note)?;
        }
        let notes = self.stores.statements.inspect(StatementsData::take_notes);
        for noted in &notes {
            self.count(noted);
            self.check(noted)?;
        }
        for event in self.stores.bus.published_since(self.checker.seen) {
            self.checker.seen += 1;
            self.published(&event)?;
        }
        self.patience()
    }

    fn check_record(&mut self, note: &RecordsChange) -> Result<(), Violation> {
        match note {
            RecordsChange::Created(key) => self.changed(&file_key(key)),
            RecordsChange::Replaced { seen, next, announce } => {
                let by = name(seen, next, !announce.is_empty());
                let (from, to) = (file_of_record(seen).state, file_of_record(next).state);
                let file = &file_key(&(next.tenant.clone(), next.subject.clone()));
                self.moments(file, by);
                if by == "delete" {
                    // The deletion counts as requested even if the requester's invocation crashed before it was
                    // answered.
                    self.unwanted.insert(file.clone());
                    self.asked.insert(file.clone(), self.now());
                }
                if by == "settled" {
                    self.settled = self.settled.max(self.asked.get(file).copied());
                }
                if from == to || to == FileState::Processing {
                    return self.changed(file);
                }
                match to {
                    FileState::Processed | FileState::Review | FileState::Rejected => self.finished(file)?,
                    FileState::Deleted => {
                        self.nothing_left(file)?;
                        // Without timeouts, a worker that outlived its lease may still write an object, and then
                        // removes it itself.
                        if self.scenario.conditions.timeouts {
                            self.without_objects(file)?;
                        }
                    }
                    _ => {}
                }
                self.changed(file)
            }
            _ => Ok(()),
        }
    }

    fn check(&mut self, noted: &StatementsChange) -> Result<(), Violation> {
        match noted {
            StatementsChange::Forgotten(tenant, subject) => {
                self.changed(&file_key(&(tenant.clone(), subject.clone())))
            }
            StatementsChange::Stored { file, .. } => {
                self.moment(file, When::Stored);
                self.rows_of(file)
            }
            StatementsChange::Audited { tenant, subject, event, new: true } => {
                self.stores.statements.inspect(|stored_data| {
                    let same = |entry: &&riffle_ports::AuditEntry| {
                        entry.event_id == *event && entry.subject == *subject && entry.tenant == *tenant
                    };
                    match stored_data.audit.iter().filter(same).count() {
                        0 | 1 => Ok(()),
                        times => Err(Violation::new(5, format!("an event is in the trail {times} times"))),
                    }
                })
            }
            _ => Ok(()),
        }
    }

    fn moments(&mut self, file: &FileKey, by: &str) {
        match by {
            "begin" => self.moment(file, When::Begun),
            "extend" => {
                self.moment(file, When::Writing);
                self.moment(file, When::Asleep);
            }
            "deleted" => self.wake(file),
            "finish" => self.moment(file, When::Finished),
            "fail" => self.moment(file, When::Failed),
            _ => {}
        }
    }

    pub fn file(&self, file: &FileKey) -> Option<FileRecord> {
        self.stores
            .records
            .inspect(|stored_data| stored_data.records.get(&record_key(file)).map(file_of_record))
    }

    /// Checks that a finished file does not change until its deletion is requested.
    fn changed(&mut self, key: &FileKey) -> Result<(), Violation> {
        let Some(file) = self.file(key) else { return Ok(()) };
        let Some(ended) = self.checker.ended.get(key) else { return Ok(()) };
        if !file.is_going() && result(&file) != *ended {
            let what = format!("a file was {:?}, and is {:?} now or has other findings", ended.0, file.state);
            return Err(Violation::new(4, what));
        }
        Ok(())
    }

    /// Checks that a finished file has the findings that its content requires, and that all its rows are stored.
    fn finished(&mut self, key: &FileKey) -> Result<(), Violation> {
        let Some(file) = self.file(key) else { return Ok(()) };
        let ended = result(&file);
        let findings = &ended.1;
        let Some(number) = self.uploads.get(key).copied() else {
            return Err(Violation::new(2, format!("file {} was not uploaded", key.1)));
        };
        let upload = &self.scenario.uploads[number];
        let content = &self.scenario.contents[upload.content];
        let vanished = self.vanished.contains(key);
        if file.state == FileState::Rejected {
            let left = self.stores.statements.inspect(|stored_data| {
                stored_data.rows.values().filter(|row| row.shown_by.contains(&key.1)).count()
            });
            if left > 0 {
                return Err(Violation::new(2, format!("a rejected file still has {left} transactions")));
            }
            let mistaken = matches!(content.nature, StatementNature::Mistaken { .. });
            let rejects = (0..=self.reader.version()).any(|version| content.nature.is_reject(version));
            if !rejects && !mistaken && !vanished {
                return Err(Violation::new(2, format!("a file that is {:?} was rejected", content.nature)));
            }
        } else {
            let found = self.stores.statements.inspect(|stored_data| {
                let own = stored_data
                    .rows
                    .iter()
                    .filter(|((of, _), row)| *of == key.0 && row.shown_by.contains(&key.1));
                let own: Vec<_> = own.collect();
                let stored: BTreeSet<ModelKey> =
                    own.iter().map(|(_, row)| ModelKey::of(&row.transaction)).collect();
                let first = own.iter().filter(|(_, row)| row.transaction.file == key.1).count();
                let is_all = |version: &usize| stored.iter().eq(self.shown[number][*version].keys());
                (0..=self.reader.version()).rev().find(is_all).map(|version| (version, first))
            });
            let Some((version, first)) = found else {
                return Err(Violation::new(
                    2,
                    "the stored transactions of a processed file are not exactly those in the file",
                ));
            };
            // A file without rows does not show which parser version read it: one that accepts it is enough.
            let takes = |version: usize| !content.nature.is_reject(version);
            let is_one = takes(version) || (content.lines.is_empty() && (0..version).any(takes));
            if !is_one || content.nature.is_hopeless() {
                return Err(Violation::new(2, format!("a file that is {:?} was processed", content.nature)));
            }
            self.checker.versions.insert(key.clone(), version);
            let shown = &self.shown[number][version];
            let counted = (findings.rows, findings.new, findings.duplicates);
            let (rows, new) = (shown.len() as u64, first as u64);
            if counted != (rows, new, rows - new) {
                let what = format!("the record has the counts {counted:?}, but {new} of {rows} rows are new");
                return Err(Violation::new(3, what));
            }
            if findings.first_part > 0 {
                self.control.sometimes("a file is parsed differently than in an earlier attempt");
            }
            if new < rows && new > 0 {
                self.control.sometimes("a file overlaps another");
            }
            if shown.keys().any(|key| key.occurrence > 1) {
                self.control.sometimes("a file has identical rows");
            }
        }
        self.checker.ended.insert(key.clone(), ended);
        Ok(())
    }

    /// Checks that the rows stored for a file are in it, with the place they have in the file that first brought them.
    fn rows_of(&self, file: &FileKey) -> Result<(), Violation> {
        let shown = |id: &riffle_ports::FileId| {
            self.uploads.get(&(file.0.clone(), id.clone())).map(|number| &self.shown[*number])
        };
        let Some(own) = shown(&file.1) else {
            return Err(Violation::new(2, format!("file {} was not uploaded", file.1)));
        };
        self.stores.statements.inspect(|stored_data| {
            let rows = stored_data.rows.iter().filter(|((tenant, _), _)| *tenant == file.0);
            for (_, row) in rows.filter(|(_, row)| row.shown_by.contains(&file.1)) {
                let key = ModelKey::of(&row.transaction);
                if !own[key.version].contains_key(&key) {
                    return Err(Violation::new(
                        2,
                        format!("{key:?} is stored for a file that does not contain it"),
                    ));
                }
                let line =
                    shown(&row.transaction.file).and_then(|shown| shown[key.version].get(&key).copied());
                if line.map(|line| format!("line {line}")).as_ref() != Some(&row.transaction.place) {
                    let what = format!("{key:?} is at another place in its first file");
                    return Err(Violation::new(2, what));
                }
            }
            Ok(())
        })
    }

    /// Checks that an announced event is true.
    fn published(&mut self, bus_event: &BusEvent) -> Result<(), Violation> {
        use FileState::{Deleted, Deleting, Processed, Review};
        let event = &bus_event.detail;
        let key = file_of(event);
        let kind = event.event_type();
        let state = self.file(&key).map(|file| file.state);
        let stands = match &event.data {
            EventData::FileUploaded(_) => state.is_some(),
            EventData::FileProcessed(_) | EventData::TransactionsCreated(_) => {
                matches!(state, Some(Processed | Review | Deleting | Deleted))
            }
            EventData::DeletionRequested(_) => matches!(state, Some(Deleting | Deleted)),
            EventData::FileDeleted(_) => state == Some(Deleted),
            EventData::TransactionsCategorized(_) | EventData::ErrorOccurred(_) => true,
        };
        if !stands {
            return Err(Violation::new(
                1,
                format!("{} is announced for a file in state {state:?}", kind.as_str()),
            ));
        }
        if let EventData::FileProcessed(data) = &event.data
            && let Some((_, findings)) = self.checker.ended.get(&key)
            && (data.rows, data.new, data.duplicates) != (findings.rows, findings.new, findings.duplicates)
        {
            return Err(Violation::new(1, "the announced data differs from the stored data"));
        }
        if let EventData::ErrorOccurred(data) = &event.data {
            self.checker.failures.insert((data.event_id.clone(), data.stage.clone()));
            if state.is_none() {
                self.checker.too_early.insert(event.event_id.clone());
            }
        }
        let happens_once =
            !matches!(event.data, EventData::TransactionsCategorized(_) | EventData::ErrorOccurred(_));
        if happens_once {
            let single = self.checker.single.entry((key, kind)).or_insert_with(|| event.event_id.clone());
            if *single != event.event_id {
                return Err(Violation::new(5, format!("{} is published under two ids", kind.as_str())));
            }
        }
        Ok(())
    }

    /// Checks a message that has failed for the last time in an invocation, started at `since`, that lived to announce
    /// it.
    pub fn died(
        &self,
        place: QueuePlace,
        message: &MemoryMessage,
        since: DateTime<Utc>,
    ) -> Result<(), Violation> {
        let Some((event, replayed, shadow)) = event_in(&message.message.body) else { return Ok(()) };
        let function = RIFFLE.queue(place.queue).map_or("no function", |consumed| consumed.function);
        self.control.sometimes("a message of statements becomes a dead letter");
        // With faults the announcement may be missing; the sweep makes it later.
        let is_quiet = self.is_friendly() || self.platform.calm_since.is_some_and(|calm| calm < since);
        // A failure to handle the announcement of a failure is not announced itself.
        let tells_of_one = event.event_type() == EventType::ErrorOccurred;
        if !is_quiet || replayed || shadow || tells_of_one {
            return Ok(());
        }
        let about = (event.event_id.clone(), function.to_owned());
        if self.checker.failures.contains(&about) || self.has_just_reported(&about) {
            return Ok(());
        }
        let what = format!("{} became a dead letter of {} without a reason", about.0, about.1);
        Err(Violation::new(7, what))
    }

    fn has_just_reported(&self, about: &(String, String)) -> bool {
        self.stores.bus.published_since(self.checker.seen).iter().any(|bus_event| {
            match &bus_event.detail.data {
                EventData::ErrorOccurred(data) => (data.event_id.clone(), data.stage.clone()) == *about,
                _ => false,
            }
        })
    }

    /// Checks that the run ends within the time allowed after the faults have stopped.
    fn patience(&self) -> Result<(), Violation> {
        let Some(calm) = self.platform.calm_since else {
            return Ok(());
        };
        let waited = self.now() - calm;
        if waited <= self.scenario.patience() {
            return Ok(());
        }
        let open = self.stores.records.inspect(|stored_data| {
            let states: Vec<&str> =
                stored_data.records.values().map(|record| record.state.as_str()).collect();
            format!("files are {states:?}, {} events wait", stored_data.outbox.len())
        });
        Err(Violation::new(6, format!("after {waited} without faults work is not finished: {open}")))
    }

    fn without_objects(&self, file: &FileKey) -> Result<(), Violation> {
        let parts = riffle_statements::part_key(&file.0, &file.1, 0);
        let parts = parts.trim_end_matches('0');
        let keys = self.stores.objects.keys();
        // An invocation that outlives even the last check of a deleted file may leave an object that is never found.
        if !self.outlived
            && let Some(left) = keys.iter().find(|key| key.starts_with(parts))
        {
            return Err(Violation::new(8, format!("{left} of a deleted file was not removed")));
        }
        let object = self.uploads.get(file).and_then(|number| self.arrived[*number].clone());
        let stored = self.stores.inbox.stored();
        if object.is_some_and(|object| stored.contains(&(object.key, object.version.unwrap_or_default()))) {
            return Err(Violation::new(8, "the object of a deleted file was not removed"));
        }
        Ok(())
    }

    /// Checks that nothing of a deleted file is left, also after everything has ended.
    pub fn is_gone(&self, file: &FileKey) -> Result<(), Violation> {
        self.nothing_left(file)?;
        self.without_objects(file)
    }

    /// Checks that only a record of its existence is left of a deleted file. Events still on their way into the audit
    /// trail are forgotten by the consumer that appends them; `end_state` checks the trail.
    fn nothing_left(&self, file: &FileKey) -> Result<(), Violation> {
        let left = |what: String| Err(Violation::new(8, what));
        let rows = self.stores.statements.inspect(|stored_data| {
            let shown = |((tenant, _), row): &(&RowKey, &StoredTransaction)| {
                *tenant == file.0 && row.shown_by.contains(&file.1)
            };
            stored_data.rows.iter().filter(shown).count()
        });
        if rows > 0 {
            return left(format!("a deleted file still has {rows} transactions"));
        }
        let keeps_data = |file: &FileRecord| {
            !file.name.is_empty()
                || file.object.is_some()
                || file.account.is_some()
                || file.size != 0
                || file.findings != FileDetails::default()
        };
        if self.file(file).is_some_and(|file| keeps_data(&file)) {
            return left("the record of a deleted file still has its data".to_owned());
        }
        Ok(())
    }
}
