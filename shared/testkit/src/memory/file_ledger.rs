//! The books of uploaded statements, in memory.

use std::cmp::Reverse;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{
    Changed, File, FileChange, FileId, FileLedger, FileListedAt, FileState, Outgoing, PortError,
};

use super::statements::{MemoryStatements, Noted, Waiting, name_of_change};

#[async_trait]
impl FileLedger for MemoryStatements {
    async fn create(&self, file: File) -> Result<Option<File>, PortError> {
        self.inspect(|books| {
            let key = (file.tenant.clone(), file.id.clone());
            if let Some(taken) = books.files.get(&key).cloned() {
                books.note(Noted::Taken(key));
                return Ok(Some(taken));
            }
            books.note(Noted::Created(key.clone()));
            books.files.insert(key, file);
            Ok(None)
        })
    }

    async fn file(&self, tenant: &str, id: &FileId) -> Result<Option<File>, PortError> {
        Ok(self.inspect(|books| books.files.get(&(tenant.to_owned(), id.clone())).cloned()))
    }

    async fn change(
        &self,
        tenant: &str,
        id: &FileId,
        change: FileChange,
        now: DateTime<Utc>,
        announce: &[Outgoing],
    ) -> Result<Changed, PortError> {
        self.inspect(|books| {
            let key = (tenant.to_owned(), id.clone());
            let Some(file) = books.files.get_mut(&key) else {
                return Ok(Changed::NoFile);
            };
            let by = name_of_change(&change);
            let from = file.state;
            match file.apply(&change, now) {
                Ok(next) => {
                    *file = next.clone();
                    for event in announce {
                        let waiting = Waiting { event: event.clone(), since: now };
                        books.outbox.insert(event.event_id.clone(), waiting);
                    }
                    let announce = announce.iter().map(|event| event.event_id.clone()).collect();
                    books.note(Noted::Changed { file: key, by, from, to: next.state, announce });
                    Ok(Changed::Applied(next))
                }
                Err(why) => {
                    let file = file.clone();
                    books.note(Noted::Refused { file: key, by, state: from, why });
                    Ok(Changed::Refused(file, why))
                }
            }
        })
    }

    async fn files(
        &self,
        tenant: &str,
        after: Option<&FileListedAt>,
        limit: u32,
    ) -> Result<Vec<File>, PortError> {
        self.inspect(|books| {
            let own = books.files.values().filter(|file| file.tenant == tenant);
            let older = |file: &&File| after.is_none_or(|after| FileListedAt::from(*file) < *after);
            let mut files: Vec<File> = own.filter(older).cloned().collect();
            files.sort_by_key(|file| Reverse(FileListedAt::from(file)));
            files.truncate(limit as usize);
            Ok(files)
        })
    }

    async fn unfinished(
        &self,
        state: FileState,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<File>, PortError> {
        self.inspect(|books| {
            let open = books.files.values().filter(|file| file.is_open() && file.state == state);
            let open = open.filter(|file| file.changed_at < before);
            Ok(open.take(limit as usize).cloned().collect())
        })
    }

    async fn outbox_of(&self, tenant: &str, id: &FileId) -> Result<Vec<Outgoing>, PortError> {
        self.inspect(|books| {
            let waiting = books.outbox.values().map(|waiting| &waiting.event);
            Ok(waiting.filter(|event| event.tenant == tenant && event.file == *id).cloned().collect())
        })
    }

    async fn outbox(&self, before: DateTime<Utc>, limit: u32) -> Result<Vec<Outgoing>, PortError> {
        self.inspect(|books| {
            let waiting = books.outbox.values().filter(|waiting| waiting.since < before);
            Ok(waiting.take(limit as usize).map(|waiting| waiting.event.clone()).collect())
        })
    }

    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError> {
        self.inspect(|books| {
            let there = events.iter().filter(|event| books.outbox.remove(&event.event_id).is_some()).count();
            let events = events.iter().map(|event| event.event_id.clone()).collect();
            books.note(Noted::Announced { events, there });
            Ok(())
        })
    }
}
