//! Faulty books of files.

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};
use riffle_ports::{
    Changed, File, FileChange, FileId, FileLedger, FileListedAt, FileState, Outgoing, PortError,
};

use super::super::file_ledger;
use super::{assert_noticed, give_way, run};
use crate::memory::{MemoryStatements, SeededIds, Waiting};

/// What is wrong, by name. Each adapter below knows its own.
type Fault = &'static str;

struct Books {
    inner: MemoryStatements,
    fault: Fault,
}

impl Books {
    fn new(fault: Fault) -> Self {
        Self { inner: MemoryStatements::default(), fault }
    }

    /// Whoever has the id.
    fn anybodys(&self, id: &FileId) -> Option<File> {
        self.inner.inspect(|books| books.files.values().find(|file| file.id == *id).cloned())
    }
}

#[async_trait]
impl FileLedger for Books {
    async fn create(&self, file: File) -> Result<Option<File>, PortError> {
        match self.fault {
            "create replaces" => {
                let key = (file.tenant.clone(), file.id.clone());
                Ok(self.inner.inspect(|books| books.files.insert(key, file)))
            }
            "create is two steps" => {
                let taken = self.inner.file(&file.tenant, &file.id).await?;
                give_way().await;
                if taken.is_some() {
                    return Ok(taken);
                }
                let key = (file.tenant.clone(), file.id.clone());
                self.inner.inspect(|books| books.files.insert(key, file));
                Ok(None)
            }
            "times are cut" => {
                let received_at = file.received_at.trunc_subsecs(3);
                self.inner.create(File { received_at, ..file }).await
            }
            "a missing account is empty" => {
                let account = file.account.clone().or(Some(String::new()));
                self.inner.create(File { account, ..file }).await
            }
            _ => self.inner.create(file).await,
        }
    }

    async fn file(&self, tenant: &str, id: &FileId) -> Result<Option<File>, PortError> {
        match self.fault {
            "tenants are one" => Ok(self.anybodys(id)),
            _ => self.inner.file(tenant, id).await,
        }
    }

    async fn change(
        &self,
        tenant: &str,
        id: &FileId,
        change: FileChange,
        now: DateTime<Utc>,
        announce: &[Outgoing],
    ) -> Result<Changed, PortError> {
        let mut change = change;
        match (self.fault, &mut change) {
            ("the outbox is written first", _) => self.inner.inspect(|books| {
                for event in announce {
                    let waiting = Waiting { event: event.clone(), since: now };
                    books.outbox.insert(event.event_id.clone(), waiting);
                }
            }),
            ("nothing is to be announced", _) => {
                return self.inner.change(tenant, id, change, now, &[]).await;
            }
            ("one thing is to be announced", _) => {
                let one = &announce[..announce.len().min(1)];
                return self.inner.change(tenant, id, change, now, one).await;
            }
            ("changes are two steps", _) => {
                let before = self.inner.file(tenant, id).await?;
                give_way().await;
                if let Some(before) = before
                    && let Ok(next) = before.apply(&change, now)
                {
                    let key = (tenant.to_owned(), id.clone());
                    self.inner.inspect(|books| books.files.insert(key, next.clone()));
                    return Ok(Changed::Applied(next));
                }
            }
            ("leases are ignored", FileChange::Begin { token, .. }) => {
                let holder = self.inner.file(tenant, id).await?.and_then(|file| file.lease);
                *token = holder.map_or_else(|| token.clone(), |lease| lease.token);
            }
            ("revisions are ignored", FileChange::Note { revision, .. }) => {
                *revision = self.inner.file(tenant, id).await?.map_or(0, |file| file.revision);
            }
            ("a failure goes over everything", FileChange::Fail { revision, .. })
            | ("an end goes over everything", FileChange::Finish { revision, .. })
            | ("a deletion goes over everything", FileChange::Deleted { revision }) => {
                *revision = self.inner.file(tenant, id).await?.map_or(0, |file| file.revision);
            }
            ("long bodies are cut", FileChange::Finish { body, .. }) if body.len() > 65_536 => {
                *body = body.chars().take(30_000).collect();
            }
            _ => {}
        }
        self.inner.change(tenant, id, change, now, announce).await
    }

    async fn files(
        &self,
        tenant: &str,
        after: Option<&FileListedAt>,
        limit: u32,
    ) -> Result<Vec<File>, PortError> {
        let limit = if self.fault == "limits are ignored" { 1_000 } else { limit };
        let mut files = self.inner.files(tenant, after, limit).await?;
        match self.fault {
            "the oldest are first" => files.reverse(),
            "the deleted are left out" => files.retain(|file| file.state != FileState::Deleted),
            "pages begin with the last" => {
                if let Some(after) = after {
                    files.insert(0, self.inner.file(tenant, &after.id).await?.expect("it was listed"));
                    files.truncate(limit as usize);
                }
            }
            _ => {}
        }
        Ok(files)
    }

    async fn unfinished(
        &self,
        state: FileState,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<File>, PortError> {
        let before = match self.fault {
            "everything is old" => DateTime::<Utc>::MAX_UTC,
            "the moment itself is before" => before + chrono::TimeDelta::nanoseconds(1),
            _ => before,
        };
        let mut files = self.inner.unfinished(state, before, limit).await?;
        match self.fault {
            "all that is open is one list" => {
                files.clear();
                for state in [FileState::Received, FileState::Processing, FileState::Deleting] {
                    files.extend(self.inner.unfinished(state, before, limit).await?);
                }
                files.truncate(limit as usize);
            }
            "states are looked at last" => {
                files.clear();
                for state in [FileState::Received, FileState::Processing, FileState::Deleting] {
                    files.extend(self.inner.unfinished(state, before, limit).await?);
                }
                files.truncate(limit as usize);
                files.retain(|file| file.state == state);
            }
            "deletions are finished" => files.retain(|file| file.state != FileState::Deleting),
            "what is deleted is settled" => files.retain(|file| file.state != FileState::Deleted),
            "what is settled stays" => {
                let settled = self.inner.inspect(|books| {
                    let files = books.files.values();
                    files
                        .filter(|file| file.state == FileState::Deleted && !file.unsettled)
                        .cloned()
                        .collect()
                });
                files.extend::<Vec<File>>(settled);
            }
            "one open file is enough" => files.truncate(1),
            "who failed is open" => {
                let failed = self.inner.inspect(|books| {
                    let files = books.files.values();
                    files.filter(|file| file.state == FileState::Failed).cloned().collect::<Vec<_>>()
                });
                files.extend(failed);
            }
            _ => {}
        }
        Ok(files)
    }

    async fn outbox_of(&self, tenant: &str, id: &FileId) -> Result<Vec<Outgoing>, PortError> {
        self.inner.outbox_of(tenant, id).await
    }

    async fn outbox(&self, before: DateTime<Utc>, limit: u32) -> Result<Vec<Outgoing>, PortError> {
        match self.fault {
            "the young are old" => self.inner.outbox(DateTime::<Utc>::MAX_UTC, limit).await,
            "the outbox has no end" => self.inner.outbox(before, u32::MAX).await,
            _ => self.inner.outbox(before, limit).await,
        }
    }

    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError> {
        match self.fault {
            "what was announced stays" => Ok(()),
            "all of a file was announced" => {
                let of = |event: &Outgoing| events.iter().any(|other| other.file == event.file);
                self.inner.inspect(|books| books.outbox.retain(|_, waiting| !of(&waiting.event)));
                Ok(())
            }
            "unknown is an error" => {
                let known = self
                    .inner
                    .inspect(|books| events.iter().all(|event| books.outbox.contains_key(&event.event_id)));
                if known {
                    return self.inner.announced(events).await;
                }
                Err(PortError::Broken("no such event".to_owned()))
            }
            _ => self.inner.announced(events).await,
        }
    }
}

#[test]
fn every_faulty_ledger_of_files_is_noticed() {
    run(file_ledger(&Books::new("none"), &SeededIds::new(1)));
    for fault in [
        "create replaces",
        "create is two steps",
        "times are cut",
        "a missing account is empty",
        "tenants are one",
        "the outbox is written first",
        "nothing is to be announced",
        "one thing is to be announced",
        "changes are two steps",
        "leases are ignored",
        "revisions are ignored",
        "a failure goes over everything",
        "an end goes over everything",
        "a deletion goes over everything",
        "long bodies are cut",
        "limits are ignored",
        "the oldest are first",
        "the deleted are left out",
        "pages begin with the last",
        "everything is old",
        "the moment itself is before",
        "deletions are finished",
        "what is deleted is settled",
        "what is settled stays",
        "one open file is enough",
        "all that is open is one list",
        "states are looked at last",
        "who failed is open",
        "the young are old",
        "the outbox has no end",
        "what was announced stays",
        "all of a file was announced",
        "unknown is an error",
    ] {
        assert_noticed(fault, file_ledger(&Books::new(fault), &SeededIds::new(1)));
    }
}
