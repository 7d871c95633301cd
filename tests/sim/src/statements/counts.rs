//! Counts of interesting changes, each of which the generator must reach. Refused changes are counted in `changes`.

use riffle_ports::Record;
use riffle_testkit::memory::{FileKey, Noted, RecordNote};

use super::changes::{file_key, name};
use super::reader::Nature;
use super::world::World;

impl World {
    fn nature(&self, file: &FileKey) -> Option<Nature> {
        let upload = self.uploads.get(file)?;
        Some(self.scenario.contents[self.scenario.uploads[*upload].content].nature)
    }

    pub fn count_record(&self, note: &RecordNote) {
        let event = match note {
            RecordNote::Taken(_) => "a file is noted a second time",
            RecordNote::Replaced { seen, next, announce } => {
                let Some(event) = self.replaced(seen, next, !announce.is_empty()) else { return };
                event
            }
            RecordNote::Announced { there: 0, .. } => "events are removed from the outbox twice",
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
                    Some(Nature::Fails { .. } | Nature::Kills { .. }) => {
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

    pub fn count(&self, noted: &Noted) {
        let event = match noted {
            Noted::NotStored(_) => "rows are refused",
            Noted::NotWithdrawn(_) => "a late worker withdraws nothing",
            Noted::Stored { again: 1.., .. } => "rows are stored again by their file",
            Noted::Stored { known: 1.., .. } => "rows are known from another file",
            Noted::Removed { kept: 1.., .. } => "rows stay because other files contain them",
            Noted::Figures { put: false, .. } => "figures lose against a concurrent change",
            Noted::Audited { new: false, .. } => "an event is in the trail already",
            _ => return,
        };
        self.control.sometimes(event);
    }
}
