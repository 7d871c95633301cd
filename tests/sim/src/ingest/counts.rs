//! What is interesting about a change: the generator must reach each of these.

use riffle_ports::{FileState, NotChanged};
use riffle_testkit::memory::{FileKey, Noted};

use super::reader::Nature;
use super::world::World;

impl World {
    pub fn count(&self, noted: &Noted) {
        use FileState::{Deleted, Deleting, Failed, Processed, Processing, Received, Rejected, Review};
        let nature = |file: &FileKey| {
            let upload = self.uploads.get(file)?;
            Some(self.scenario.contents[self.scenario.uploads[*upload].content].nature)
        };
        let event = match noted {
            Noted::Taken(_) => "a file is noted a second time",
            Noted::Changed { by: "begin", from: Processing, .. } => "a file is taken over",
            Noted::Changed { by: "begin", from: Failed, .. } => "a file that failed is begun again",
            Noted::Changed { by: "finish", to: Rejected, .. } => "a file is rejected",
            Noted::Changed { by: "finish", to: Review, .. } => "a file needs a look",
            Noted::Changed { by: "finish", file, .. } => match nature(file) {
                Some(Nature::Fails { .. } | Nature::Kills { .. }) => {
                    "a poisoned file is processed in the end"
                }
                _ => "a file is processed",
            },
            Noted::Changed { by: "fail", from: Processing, .. } => "a file fails while processed",
            Noted::Changed { by: "fail", from: Received, .. } => "a file fails before it is begun",
            Noted::Changed { by: "fail", .. } => "a file fails again",
            Noted::Changed { by: "delete", from: Processing, .. } => "a file is deleted in mid-processing",
            Noted::Changed { by: "delete", from: Received, .. } => "a file is deleted before it is begun",
            Noted::Changed { by: "delete", from: Failed, .. } => "a failed file is deleted",
            Noted::Changed { by: "delete", from: Rejected, .. } => "a rejected file is deleted",
            Noted::Changed { by: "delete", .. } => "a processed file is deleted",
            Noted::Changed { by: "deleted", .. } => "a file is gone",
            Noted::Changed { by: "settled", .. } => "nobody can be left who worked on a file that is gone",
            Noted::Changed { by: "release", .. } => "a file is given up for now",
            Noted::Refused { by: "begin", state: Processing, .. } => "a file is in other hands",
            Noted::Refused { by: "begin", state: Processed | Review | Rejected, .. } => {
                "a file was done already"
            }
            Noted::Refused { by: "begin", state: Deleting | Deleted, .. } => {
                "a file that goes is to be begun"
            }
            Noted::Refused { by: "extend", why: NotChanged::Token, .. } => {
                "who was late finds he holds nothing"
            }
            Noted::Refused { by: "extend", state: Deleting | Deleted, .. } => {
                "who works finds the file going"
            }
            Noted::Refused { by: "finish", why: NotChanged::Token, .. } => "who was late cannot finish",
            Noted::Refused { by: "finish", why: NotChanged::Revision, .. } => "who finishes finds a note",
            Noted::Refused { by: "finish", .. } => "who finishes finds the file elsewhere",
            Noted::Refused { by: "deleted", why: NotChanged::Token, .. } => "a deletion waits for a lease",
            Noted::Refused { by: "deleted", why: NotChanged::Revision, .. } => "who deletes finds a note",
            Noted::Refused { by: "deleted", .. } => "a deletion is done twice",
            Noted::Refused { by: "note", why: NotChanged::Revision, .. } => "a note is lost to a rival",
            Noted::Refused { by: "fail", why: NotChanged::Revision, .. } => {
                "who gives up finds the file changed"
            }
            Noted::Refused { by: "fail", .. } => "a failure comes too late",
            Noted::NotStored(_) => "rows are refused",
            Noted::NotWithdrawn(_) => "who was late takes nothing back",
            Noted::Stored { again: 1.., .. } => "rows are stored again by their file",
            Noted::Stored { known: 1.., .. } => "rows are known from another file",
            Noted::Removed { kept: 1.., .. } => "rows stay since others show them",
            Noted::Figures { put: false, .. } => "figures are lost to a rival",
            Noted::Audited { new: false, .. } => "an event is in the trail already",
            Noted::Announced { there: 0, .. } => "events are struck off twice",
            _ => return,
        };
        self.control.sometimes(event);
    }
}
