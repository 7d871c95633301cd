//! The checks after everything has ended.

use std::collections::{BTreeMap, BTreeSet};

use riffle_contracts::{BusEvent, EventType};
use riffle_ports::Month;
use riffle_statements::{Figures, FileRecord, FileState};
use riffle_testkit::memory::{FileKey, QueuePlace};
use riffle_topology::{RIFFLE, statements};

use super::changes::{file_key, file_of_record};
use super::faults::{event_in, file_of};
use super::model::{self, ModelKey};
use super::reader::StatementNature;
use super::scenario::BUCKET;
use super::world::World;
use crate::Violation;
use crate::platform::GARBAGE;

impl World {
    pub fn files(&self) -> BTreeMap<FileKey, FileRecord> {
        self.stores.records.inspect(|data| {
            data.records.iter().map(|(key, record)| (file_key(key), file_of_record(record))).collect()
        })
    }

    /// Checks a world in which nothing will happen any more.
    pub fn check_ending(&self) -> Result<(), Violation> {
        let files = self.files();
        for (key, file) in &files {
            self.ends_well(key, file)?;
        }
        self.failures(&files)?;
        self.all_noted(&files)?;
        self.dead_letters(&files)?;
        self.announced(&files)?;
        self.rows(&files)?;
        self.figures()?;
        self.trail(&files)?;
        self.objects(&files)
    }

    /// Checks that a file has ended in the right state.
    fn ends_well(&self, key: &FileKey, file: &FileRecord) -> Result<(), Violation> {
        let Some(number) = self.uploads.get(key) else {
            return Err(Violation::new(2, format!("file {} was not uploaded", key.1)));
        };
        let upload = &self.scenario.uploads[*number];
        let nature = self.scenario.contents[upload.content].nature;
        let findings = &file.findings;
        let is = |what: &str| Err(Violation::new(6, format!("a file that {what} is {:?}", file.state)));
        if self.unwanted.contains(key) {
            return if file.state == FileState::Deleted {
                self.is_gone(key)
            } else {
                is("was to be deleted")
            };
        }
        let unnamed = findings.review.iter().any(|why| why.contains("names no account"));
        match (file.state, nature) {
            (FileState::Processed, _)
                if findings.review.is_empty() && nature != StatementNature::Unbalanced => {}
            (FileState::Processed, StatementNature::Unbalanced)
                if self.scenario.contents[upload.content].lines.is_empty() => {}
            (FileState::Review, nature) if nature == StatementNature::Unbalanced || unnamed => {}
            // Which parser rejected it was checked when it was rejected.
            (FileState::Rejected, nature)
                if nature.is_reject(0)
                    || nature.is_reject(self.reader.version())
                    || matches!(nature, StatementNature::Mistaken { .. })
                    || self.vanished.contains(key) => {}
            (FileState::Failed, nature) if nature.is_hopeless() => {}
            (FileState::Failed, _) if self.may_be_given_up(key) => {
                self.control.sometimes("a file is abandoned without a dead letter");
            }
            _ => return is(&format!("is {nature:?}")),
        }
        if matches!(file.state, FileState::Failed | FileState::Rejected) && findings.reason.is_none() {
            return Err(Violation::new(
                7,
                format!("a file is {:?}, but its record states no reason", file.state),
            ));
        }
        Ok(())
    }

    /// Checks that each failure announced for a file is on its record.
    fn failures(&self, files: &BTreeMap<FileKey, FileRecord>) -> Result<(), Violation> {
        for event in self.stores.bus.archive() {
            let Some(file) = files.get(&file_of(&event.detail)) else { continue };
            let is_gone = file.state == FileState::Deleted;
            if is_gone || event.detail.event_type() != EventType::ErrorOccurred {
                continue;
            }
            let errors = &file.findings.errors;
            // The file may not have had a record yet.
            let published = &event.detail.event_id;
            if !errors.iter().any(|failed| failed.event_id == *published)
                && !self.checker.was_too_early(published)
            {
                let what = format!(
                    "a failure of a file that is {:?} was published, but is not on its record",
                    file.state
                );
                return Err(Violation::new(7, what));
            }
        }
        Ok(())
    }

    /// Returns whether the file can never be read to its end.
    pub fn is_hopeless(&self, key: &FileKey) -> bool {
        let content = self.uploads.get(key).map(|number| self.scenario.uploads[*number].content);
        content.is_some_and(|content| self.scenario.contents[content].nature.is_hopeless())
    }

    /// Returns whether a message of the file was lost or handled as another's, so that no dead letter is left to
    /// redrive.
    fn may_be_given_up(&self, key: &FileKey) -> bool {
        self.orphaned.contains(key)
    }

    /// Checks that exactly the uploads that belong to this flow have a record.
    fn all_noted(&self, files: &BTreeMap<FileKey, FileRecord>) -> Result<(), Violation> {
        for (number, upload) in self.scenario.uploads.iter().enumerate() {
            let Some(key) = self.file_of(number) else { continue };
            let below = upload.key.strip_prefix(&format!("statements/{}/", upload.tenant));
            let is_ours = below.is_some_and(|rest| {
                !rest.is_empty() && !rest.ends_with('/') && !rest.starts_with("restore/")
            });
            let is_ours = is_ours && !upload.skipped;
            if !is_ours {
                self.control.sometimes("an object does not belong to this flow");
            }
            let noted = files.contains_key(&key);
            if noted != is_ours && !(is_ours && self.vanished.contains(&key)) {
                let what = format!("upload {number} has a record: {noted}, but should have one: {is_ours}");
                return Err(Violation::new(6, what));
            }
        }
        Ok(())
    }

    /// Checks that only messages that cannot succeed are dead letters, and that the file's record gives the reason.
    fn dead_letters(&self, files: &BTreeMap<FileKey, FileRecord>) -> Result<(), Violation> {
        for consumed in RIFFLE.consumed().filter(|consumed| consumed.flow.name == statements::NAME) {
            let (queue, function) = (consumed.queue.name, consumed.function);
            let dead = self.stores.queue.peek(QueuePlace::dead_letters(queue));
            let garbage = dead.iter().filter(|message| message.body == GARBAGE).count();
            if garbage != usize::from(self.scenario.conditions.garbage) {
                let what = format!("{garbage} undecodable messages are dead letters of {function}");
                return Err(Violation::new(6, what));
            }
            for message in dead.iter().filter(|message| message.body != GARBAGE) {
                if queue == statements::UPLOADS && !message.body.contains("\"key\":\"statements/") {
                    // An object outside the tenants' keys: only the operator sees its dead letter.
                    continue;
                }
                let Some((event, ..)) = event_in(&message.body) else {
                    return Err(Violation::new(
                        6,
                        format!("a notification became a dead letter: {}", message.body),
                    ));
                };
                let key = file_of(&event);
                let file = files.get(&key);
                let hopeless = match file.map(|file| file.state) {
                    Some(FileState::Failed) => true,
                    // A hopeless file's dead letter is not redriven, so no invocation finds out that the file is
                    // deleted.
                    Some(FileState::Deleted) => self.is_hopeless(&key),
                    _ => false,
                };
                let of_processor = queue == statements::PROCESS;
                if !(hopeless && of_processor) {
                    let what = format!(
                        "{} of a file in state {:?} is a dead letter of {function}",
                        event.event_type().as_str(),
                        file.map(|file| file.state)
                    );
                    return Err(Violation::new(6, what));
                }
                self.control.sometimes("a dead letter stays");
            }
        }
        Ok(())
    }

    /// Checks that each result was announced, and that all consumers have handled each event.
    fn announced(&self, files: &BTreeMap<FileKey, FileRecord>) -> Result<(), Violation> {
        let archive = self.stores.bus.archive();
        let published: BTreeSet<(FileKey, EventType)> =
            archive.iter().map(|event| (file_of(&event.detail), event.detail.event_type())).collect();
        for (key, file) in files {
            let findings = &file.findings;
            let must = |kind: EventType| {
                if published.contains(&(key.clone(), kind)) {
                    return Ok(());
                }
                let what = format!("a file is {:?}, but {} was never published", file.state, kind.as_str());
                Err(Violation::new(1, what))
            };
            match file.state {
                FileState::Processed | FileState::Review => {
                    must(EventType::FileProcessed)?;
                    if findings.new > 0 {
                        must(EventType::TransactionsCreated)?;
                    }
                    must(EventType::TransactionsCategorized)?;
                }
                FileState::Deleted => must(EventType::FileDeleted)?,
                FileState::Rejected | FileState::Failed => must(EventType::ErrorOccurred)?,
                _ => {}
            }
        }
        for event in &archive {
            let kind = event.detail.event_type();
            for consumer in RIFFLE.listeners(statements::NAME, kind.as_str()) {
                let queue = consumer.queue.name;
                if queue != statements::PROCESS && !self.checker.has_consumed(queue, &event.detail.event_id) {
                    let what = format!("{} was not delivered to {}", kind.as_str(), consumer.function);
                    return Err(Violation::new(1, what));
                }
            }
        }
        Ok(())
    }

    /// Checks that exactly the rows that the files show are stored, with the content of the first file and their
    /// category.
    fn rows(&self, files: &BTreeMap<FileKey, FileRecord>) -> Result<(), Violation> {
        let rows = self.stores.statements.inspect(|data| data.rows.clone());
        let mut wanted: BTreeMap<(String, ModelKey), BTreeSet<String>> = BTreeMap::new();
        // After a deployment, a row that was new in one file may belong to another one by now, so the counts need not
        // match.
        let (mut new, mut aside) = (0, self.reader.version() > 0);
        for (key, file) in files {
            let versions = &self.shown[self.uploads[key]];
            let shown = &versions[self.checker.version_of(key)];
            match file.state {
                FileState::Processed | FileState::Review => {
                    let findings = &file.findings;
                    if findings.rows != shown.len() as u64
                        || findings.new + findings.duplicates != findings.rows
                    {
                        return Err(Violation::new(3, "the counts of a file are not those of its rows"));
                    }
                    new += findings.new;
                    for row in shown.keys() {
                        wanted.entry((key.0.clone(), row.clone())).or_default().insert(key.1.to_string());
                    }
                }
                // The stored rows of a failed file stay its own until it is redriven or deleted.
                FileState::Failed => {
                    aside = true;
                    let of_it =
                        rows.iter().filter(|((of, _), row)| *of == key.0 && row.shown_by.contains(&key.1));
                    for (_, row) in of_it {
                        let row = ModelKey::of(&row.transaction);
                        if !versions[row.version].contains_key(&row) {
                            return Err(Violation::new(
                                2,
                                format!("{row:?} belongs to a file that does not contain it"),
                            ));
                        }
                        wanted.entry((key.0.clone(), row)).or_default().insert(key.1.to_string());
                    }
                }
                FileState::Deleted | FileState::Rejected => aside = true,
                _ => {}
            }
        }
        for ((tenant, _), row) in &rows {
            let key = (tenant.clone(), ModelKey::of(&row.transaction));
            let shown_by: BTreeSet<String> = row.shown_by.iter().map(ToString::to_string).collect();
            match wanted.remove(&key) {
                Some(wanted) if wanted == shown_by => {}
                Some(_) => {
                    return Err(Violation::new(
                        2,
                        format!("the stored files of {key:?} differ from those that contain it"),
                    ));
                }
                None => return Err(Violation::new(2, format!("{key:?} is stored, but no file contains it"))),
            }
            let category = if self.scenario.rules { model::category(key.1.cents, &key.1.text) } else { None };
            let is_done = row.shown_by.iter().any(|file| {
                let file = files.get(&(tenant.clone(), file.clone()));
                file.is_some_and(|file| matches!(file.state, FileState::Processed | FileState::Review))
            });
            let stored = row.transaction.category.as_ref().map(|category| category.name.as_str());
            if is_done && stored != category {
                return Err(Violation::new(9, format!("{key:?} is {stored:?} and should be {category:?}")));
            }
        }
        if let Some((key, _)) = wanted.first_key_value() {
            return Err(Violation::new(2, format!("a file contains {key:?}, but it is not stored")));
        }
        if !aside && new != rows.len() as u64 {
            let what = format!("the files report {new} new transactions, but {} are stored", rows.len());
            return Err(Violation::new(3, what));
        }
        Ok(())
    }

    /// Checks that figures equal those computed from the stored transactions.
    fn figures(&self) -> Result<(), Violation> {
        self.stores.statements.inspect(|data| {
            let rows = data.rows.iter().map(|((tenant, _), row)| (tenant.as_str(), &row.transaction));
            let mut reckoned = model::figures(rows);
            for ((tenant, account, month), stored) in &data.figures {
                let key = (tenant.clone(), account.clone(), month.to_string());
                let Some(reckoned) = reckoned.remove(&key) else {
                    return Err(Violation::new(8, format!("{key:?} has figures, but no transactions")));
                };
                let stored =
                    Figures::read(&stored.body).map_err(|error| Violation::new(9, error.to_string()))?.sums;
                if stored != reckoned {
                    let what = format!("figures of {key:?} are {stored:?} and should be {reckoned:?}");
                    return Err(Violation::new(9, what));
                }
            }
            let is_empty = |(tenant, account, month): &&(String, String, Month)| {
                data.month(tenant, account, *month).next().is_none()
            };
            if let Some(left) = data.months.iter().find(is_empty) {
                return Err(Violation::new(
                    8,
                    format!("the month {left:?} is still known, but has no transactions"),
                ));
            }
            match reckoned.first_key_value() {
                None => Ok(()),
                Some((key, _)) => Err(Violation::new(9, format!("there are no figures of {key:?}"))),
            }
        })
    }

    /// Checks that the trail has each event of an existing file once, and of a deleted file only its deletion.
    fn trail(&self, files: &BTreeMap<FileKey, FileRecord>) -> Result<(), Violation> {
        let mut happened: BTreeMap<FileKey, BTreeSet<String>> = BTreeMap::new();
        for BusEvent { detail, .. } in self.stores.bus.archive() {
            let key = file_of(&detail);
            let is_gone = files.get(&key).is_some_and(|file| file.state == FileState::Deleted);
            if !is_gone || detail.event_type() == EventType::FileDeleted {
                happened.entry(key).or_default().insert(detail.event_id);
            }
        }
        let mut kept: BTreeMap<FileKey, BTreeSet<String>> = BTreeMap::new();
        let trail = self.stores.statements.inspect(|data| data.audit.clone());
        for entry in trail {
            let key = file_key(&(entry.tenant, entry.subject));
            if !kept.entry(key).or_default().insert(entry.event_id) {
                return Err(Violation::new(5, format!("a {} is in the trail twice", entry.event_type)));
            }
        }
        if kept == happened {
            return Ok(());
        }
        let wrong = happened.keys().chain(kept.keys()).find(|key| happened.get(*key) != kept.get(*key));
        let state = wrong.and_then(|key| files.get(key)).map(|file| file.state);
        let count = |of: &BTreeMap<FileKey, BTreeSet<String>>| {
            wrong.and_then(|key| of.get(key)).map_or(0, BTreeSet::len)
        };
        let what = format!(
            "of a file in state {state:?} {} events should be in the trail, but there are {}",
            count(&happened),
            count(&kept)
        );
        Err(Violation::new(5, what))
    }

    /// Checks that the stored objects are exactly those of existing files.
    fn objects(&self, files: &BTreeMap<FileKey, FileRecord>) -> Result<(), Violation> {
        let mut parts = BTreeSet::new();
        for ((tenant, id), file) in files {
            let counted = if file.state == FileState::Deleted { 0 } else { file.parts };
            for part in 0..counted {
                parts.insert(riffle_statements::part_key(tenant, id, part));
            }
            if matches!(file.state, FileState::Processed | FileState::Review) {
                for part in file.findings.first_part..file.parts {
                    let key = riffle_statements::part_key(tenant, id, part);
                    if self.stores.objects.peek(&key).is_none() {
                        return Err(Violation::new(2, format!("part {part} of a processed file is missing")));
                    }
                }
            }
            let object = self.arrived[self.uploads[&(tenant.clone(), id.clone())]].clone();
            let there = object.is_some_and(|object| {
                object.bucket == BUCKET
                    && self.stores.inbox.stored().contains(&(object.key, object.version.unwrap_or_default()))
            });
            let should =
                file.state != FileState::Deleted && !self.vanished.contains(&(tenant.clone(), id.clone()));
            if there != should {
                let what = format!("a file is {:?}, but whether its object exists is {there}", file.state);
                return Err(Violation::new(8, what));
            }
        }
        let keys = self.stores.objects.keys();
        let stray = keys.iter().find(|key| key.starts_with("statements/") && !parts.contains(*key));
        match stray {
            Some(key) if !self.outlived => {
                Err(Violation::new(8, format!("{key} was not removed, but belongs to no file")))
            }
            _ => Ok(()),
        }
    }
}
