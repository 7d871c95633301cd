// page: counter
//! Counts the words of a note and completes its record.

use std::io::Read as _;

use riffle_ports::{Changed, Failure, ObjectRef, change};

use crate::flow::{NotChanged, Note, NoteChange, NoteState, Notes, subject};

/// The largest note, in bytes.
const MAX_BYTES: u64 = 1 << 20;

impl Notes {
    /// If this is the last attempt and it fails, the record stores the reason.
    pub async fn count(&self, tenant: &str, id: &str, last: bool) -> Result<(), Failure> {
        let outcome = self.try_to_count(tenant, id).await;
        if let Err(failure) = &outcome
            && last
        {
            self.change(tenant, id, NoteChange::Fail { reason: failure.to_string() }).await?;
        }
        outcome
    }

    async fn try_to_count(&self, tenant: &str, id: &str) -> Result<(), Failure> {
        let Some(note) = self.note(tenant, id).await? else {
            return Err(Failure::Reject(format!("note {id} does not exist")));
        };
        // Events are delivered at least once.
        if note.state == NoteState::Completed {
            return Ok(());
        }
        let text = self.text(&note.body.object).await?;
        let words = text.split_whitespace().count() as u64;
        self.change(tenant, id, NoteChange::Complete { words }).await
    }

    async fn text(&self, object: &ObjectRef) -> Result<String, Failure> {
        let Some(fetched) = self.inbox.fetch(object).await? else {
            return Err(Failure::Reject("its object no longer exists".to_owned()));
        };
        let (mut bytes, unreadable) = (Vec::new(), |error: std::io::Error| Failure::Retry(error.to_string()));
        let mut content = fetched.open().map_err(unreadable)?.take(MAX_BYTES + 1);
        content.read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(Failure::Reject(format!("it is larger than {MAX_BYTES} bytes")));
        }
        String::from_utf8(bytes).map_err(|_| Failure::Reject("it is not UTF-8 text".to_owned()))
    }

    /// Applies a change to the current version of the note. A note that is already completed is not a failure.
    pub(super) async fn change(&self, tenant: &str, id: &str, what: NoteChange) -> Result<(), Failure> {
        let now = self.clock.now();
        match change::<Note>(&*self.records, tenant, &subject(id), &what, now, &[]).await? {
            Changed::Applied(_) | Changed::Refused(_, NotChanged(NoteState::Completed)) => Ok(()),
            Changed::Refused(note, NotChanged(state)) => {
                Err(Failure::Reject(format!("{} cannot be changed in state {}", note.id, state.as_str())))
            }
            Changed::Superseded(_) => Err(Failure::Retry(format!("other processes keep changing {id}"))),
            Changed::Missing => Err(Failure::Reject(format!("note {id} does not exist"))),
        }
    }
}
// page: end
