//! The checks of replays: a replay changes nothing, and a shadow replay finds no difference.

use std::collections::BTreeMap;

use futures::executor::block_on;
use riffle_statements::{Figures, FileDetails, FileRecord, FileState, MonthSums};
use riffle_testkit::memory::{FileKey, RowKey, StoredTransaction};
use riffle_topology::{RIFFLE, statements};

use super::faults::file_of;
use super::functions::bare;
use super::reader::StatementNature;
use super::world::World;
use crate::Violation;

/// The state that a replay must not change. Versions of figures, the times at which they were derived, and revisions of
/// records may change, and are left out.
#[derive(Debug, PartialEq, Eq)]
pub struct Snapshot {
    files: BTreeMap<FileKey, (FileState, FileDetails)>,
    rows: BTreeMap<RowKey, StoredTransaction>,
    figures: BTreeMap<String, Option<MonthSums>>,
    trail: Vec<String>,
    objects: Vec<String>,
    published: usize,
}

impl World {
    /// Returns the findings without errors announced before the file had a record: a replay may add those to the
    /// record, which is a purpose of replaying errors.
    fn findings(&self, file: &FileRecord) -> FileDetails {
        let mut findings = file.findings.clone();
        findings.errors.retain(|failed| !self.checker.was_too_early(&failed.event_id));
        findings
    }

    pub fn snapshot(&self) -> Snapshot {
        let (published, files) = (self.stores.bus.published(), self.files());
        self.stores.statements.inspect(|data| Snapshot {
            files: files.iter().map(|(key, file)| (key.clone(), (file.state, self.findings(file)))).collect(),
            rows: data.rows.clone(),
            figures: data
                .figures
                .iter()
                .map(|(key, figures)| {
                    (format!("{key:?}"), Figures::read(&figures.body).ok().map(|it| it.sums))
                })
                .collect(),
            trail: data.audit.iter().map(|entry| entry.event_id.clone()).collect(),
            objects: self.objects_of(&files),
            published,
        })
    }

    /// Returns the objects except those of deleted files. There should be none of those, but an invocation that
    /// outlived all checks may have left one, which a replay removes.
    fn objects_of(&self, files: &BTreeMap<FileKey, FileRecord>) -> Vec<String> {
        let gone = files.values().filter(|file| file.state == FileState::Deleted);
        let gone: Vec<&str> = gone.map(|file| file.id.as_ref()).collect();
        let is_gone = |key: &str| key.split('/').nth(2).is_some_and(|id| gone.contains(&id));
        self.stores.objects.keys().into_iter().filter(|key| !is_gone(key)).collect()
    }

    /// Returns whether the current parser may judge the file differently from an earlier reading.
    fn is_told_otherwise(&self, key: &FileKey) -> bool {
        let nature = self.uploads.get(key).map(|number| {
            let upload = &self.scenario.uploads[*number];
            self.scenario.contents[upload.content].nature
        });
        matches!(
            nature,
            Some(
                StatementNature::Mistaken { .. }
                    | StatementNature::RejectedBefore
                    | StatementNature::RejectedSince
            )
        )
    }

    /// Proves that a shadow replay with unchanged code finds no difference and writes nothing.
    pub fn check_shadow(&self) -> Result<(), Violation> {
        let before = self.snapshot();
        let processor = bare(&self.stores, &self.scenario, &self.reader);
        let files = self.files();
        for event in self.stores.bus.archive() {
            let state = files.get(&file_of(&event.detail)).map(|file| file.state);
            if matches!(state, None | Some(FileState::Failed | FileState::Deleted)) {
                continue;
            }
            let kind = event.detail.event_type().as_str();
            for consumer in RIFFLE.listeners(statements::NAME, kind) {
                // The current parser reads files of another one differently, which a shadow replay is meant to show.
                let key = file_of(&event.detail);
                let by_another =
                    self.checker.version_of(&key) != self.reader.version() || self.is_told_otherwise(&key);
                if consumer.queue.name == statements::PROCESS && by_another {
                    continue;
                }
                let found = block_on(processor.differences(consumer.function, &event.detail));
                if found.as_ref().is_ok_and(Vec::is_empty) {
                    continue;
                }
                let what = format!("a shadow replay to {} differs: {found:?}", consumer.function);
                return Err(Violation::new(10, what));
            }
        }
        if self.snapshot() == before { Ok(()) } else { Err(Violation::new(10, "a shadow replay writes")) }
    }
}
