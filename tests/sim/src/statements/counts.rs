//! Counts of interesting changes, each of which the generator must reach. Refused changes are counted in `changes`.

use riffle_ports::Record;
use riffle_testkit::memory::{FileKey, RecordsChange, StatementsChange};

use super::changes::{file_key, name};
use super::reader::StatementNature;
use super::world::World;

impl World {
    fn nature(&self, file: &FileKey) -> Option<StatementNature> {
        let upload = self.uploads.get(file)?;
        Some(self.scenario.contents[self.scenario.uploads[*upload].content].nature)
    }

    pub fn count_record(&self, note: &RecordsChange) {
        let event = match note {
            RecordsChange::Taken(_) => "a file is noted a second time",
            RecordsChange::Replaced { seen, next, announce } => {
                let Some(event) = self.replaced(seen, next, !announce.is_empty()) else { return };
                event
            }
            RecordsChange::Announced { there: 0, .. } => "events are removed from the outbox twice",
            _ => return,
        };
        self.control.sometimes(event);
    }

    fn replaced(&self, seen: &Record, next: &Record, announces: bool) -> Option<&'static str> {
        let by = name(seen, next, announces);
        Some(match (by, seen.state.as_str(), next.state.as_str()) {
            ("begin", "processing", _) => "a file is taken over",
            ("begin", "failed", _) => "a file that failed is begun again",
            ("finish", _, "rejected") => "a file is rejected",
            ("finish", _, "review") => "a file needs review",
            ("finish", ..) => {
                let file = file_key(&(next.tenant.clone(), next.subject.clone()));
                match self.nature(&file) {
                    Some(StatementNature::Fails { .. } | StatementNature::Kills { .. }) => {
                        "a poisoned file is processed in the end"
                    }
                    _ => "a file is processed",
                }
            }
            ("fail", "processing", _) => "a file fails while processed",
            ("fail", "received", _) => "a file fails before it is begun",
            ("fail", ..) => "a file fails again",
            ("delete", "processing", _) => "a file is deleted while processed",
            ("delete", "received", _) => "a file is deleted before it is begun",
            ("delete", "failed", _) => "a failed file is deleted",
            ("delete", "rejected", _) => "a rejected file is deleted",
            ("delete", ..) => "a processed file is deleted",
            ("deleted", ..) => "a file is gone",
            ("settled", ..) => "no worker of a deleted file can remain",
            ("release", ..) => "a file is released for now",
            _ => return None,
        })
    }

    pub fn count(&self, noted: &StatementsChange) {
        let event = match noted {
            StatementsChange::NotStored(_) => "rows are refused",
            StatementsChange::NotWithdrawn(_) => "a late worker withdraws nothing",
            StatementsChange::Stored { again: 1.., .. } => "rows are stored again by their file",
            StatementsChange::Stored { known: 1.., .. } => "rows are known from another file",
            StatementsChange::Removed { kept: 1.., .. } => "rows stay because other files contain them",
            StatementsChange::Figures { put: false, .. } => "figures lose against a concurrent change",
            StatementsChange::Audited { new: false, .. } => "an event is in the trail already",
            _ => return,
        };
        self.control.sometimes(event);
    }
}
