// page: counter
//! A note is there: count its words and complete the record.

use std::io::Read as _;

use riffle_ports::{Changed, Failure, ObjectRef, change};

use crate::flow::{NotChanged, Note, NoteChange, NoteState, Notes, subject};

/// The largest note, in bytes.
const MAX_BYTES: u64 = 1 << 20;

impl Notes {
    /// With `last`, nobody will try again: the record says why the note failed.
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
            return Err(Failure::Reject(format!("there is no note {id}")));
        };
        // Events come more than once.
        if note.state == NoteState::Completed {
            return Ok(());
        }
        let text = self.text(&note.body.object).await?;
        let words = text.split_whitespace().count() as u64;
        self.change(tenant, id, NoteChange::Complete { words }).await
    }

    async fn text(&self, object: &ObjectRef) -> Result<String, Failure> {
        let Some(fetched) = self.inbox.fetch(object).await? else {
            return Err(Failure::Reject("its object is not there any more".to_owned()));
        };
        let (mut bytes, unreadable) = (Vec::new(), |error: std::io::Error| Failure::Retry(error.to_string()));
        let mut content = fetched.open().map_err(unreadable)?.take(MAX_BYTES + 1);
        content.read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(Failure::Reject(format!("it is larger than {MAX_BYTES} bytes")));
        }
        String::from_utf8(bytes).map_err(|_| Failure::Reject("it is no text in UTF-8".to_owned()))
    }

    /// Makes a change to the note as it is by now. One that was made before is no failure.
    pub(super) async fn change(&self, tenant: &str, id: &str, what: NoteChange) -> Result<(), Failure> {
        let now = self.clock.now();
        match change::<Note>(&*self.records, tenant, &subject(id), &what, now, &[]).await? {
            Changed::Applied(_) | Changed::Refused(_, NotChanged(NoteState::Completed)) => Ok(()),
            Changed::Refused(note, NotChanged(state)) => {
                Err(Failure::Reject(format!("{} may not change: it is {}", note.id, state.as_str())))
            }
            Changed::Superseded(_) => Err(Failure::Retry(format!("others change {id} all the time"))),
            Changed::Missing => Err(Failure::Reject(format!("there is no note {id}"))),
        }
    }
}
// page: end
