//! Faulty record stores.

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};
use riffle_ports::{Outgoing, PortError, Record, RecordCursor, RecordStore, Replaced, Subject};

use super::super::record_store;
use super::{FaultName, assert_noticed, give_way, run};
use crate::memory::{MemoryRecords, OutboxEvent, SeededIds};

struct FaultyRecordStore {
    inner: MemoryRecords,
    fault: FaultName,
}

impl FaultyRecordStore {
    fn new(fault: FaultName) -> Self {
        Self { inner: MemoryRecords::default(), fault }
    }

    /// Returns the first record for which `fits` holds.
    fn any(&self, fits: impl Fn(&Record) -> bool) -> Option<Record> {
        self.inner.inspect(|data| data.records.values().find(|record| fits(record)).cloned())
    }

    fn all(&self, fits: impl Fn(&Record) -> bool) -> Vec<Record> {
        self.inner.inspect(|data| data.records.values().filter(|record| fits(record)).cloned().collect())
    }

    /// Stores a record without any check.
    fn insert(&self, record: Record) {
        let key = (record.tenant.clone(), record.subject.clone());
        self.inner.inspect(|data| data.records.insert(key, record));
    }

    fn put_out(&self, announce: &[Outgoing], since: DateTime<Utc>) {
        self.inner.inspect(|data| {
            for event in announce {
                data.outbox.insert(event.event_id.clone(), OutboxEvent { event: event.clone(), since });
            }
        });
    }

    /// Returns the record as a careless adapter stores it.
    fn worn(&self, mut record: Record) -> Record {
        match self.fault {
            "times are cut" => record.created_at = record.created_at.trunc_subsecs(3),
            "leases are cut" => {
                record.lease.iter_mut().for_each(|lease| lease.until = lease.until.trunc_subsecs(0));
            }
            "what is left out stays" => {
                let before = self.any(|other| other.subject == record.subject);
                record.lease = record.lease.or(before.and_then(|before| before.lease));
            }
            "records never expire" => record.expires_at = None,
            "long bodies are cut" if record.body.len() > 65_536 => {
                record.body = record.body.chars().take(30_000).collect();
            }
            "one list a record" => record.listed_by.truncate(1),
            "attempts are counted to 2 billion" => record.attempts = record.attempts.min(i32::MAX as u32),
            _ => {}
        }
        record
    }
}

#[async_trait]
impl RecordStore for FaultyRecordStore {
    async fn create(&self, record: Record, announce: &[Outgoing]) -> Result<Option<Record>, PortError> {
        let record = self.worn(record);
        match self.fault {
            "create replaces" => {
                let taken = self.inner.get(&record.tenant, &record.subject).await?;
                self.insert(record);
                Ok(taken)
            }
            "create is two steps" => {
                let taken = self.inner.get(&record.tenant, &record.subject).await?;
                give_way().await;
                if taken.is_some() {
                    return Ok(taken);
                }
                self.put_out(announce, record.changed_at);
                self.insert(record);
                Ok(None)
            }
            "a creation announces nothing" => self.inner.create(record, &[]).await,
            "create announces first" => {
                self.put_out(announce, record.changed_at);
                self.inner.create(record, announce).await
            }
            "any revision is a first" => self.inner.create(Record { revision: 1, ..record }, announce).await,
            _ => self.inner.create(record, announce).await,
        }
    }

    async fn get(&self, tenant: &str, subject: &Subject) -> Result<Option<Record>, PortError> {
        match self.fault {
            "tenants are one" => Ok(self.any(|record| record.subject == *subject)),
            "flows are one" => {
                Ok(self.any(|record| record.tenant == tenant && record.subject.id == subject.id))
            }
            _ => self.inner.get(tenant, subject).await,
        }
    }

    async fn replace(
        &self,
        seen: &Record,
        next: Record,
        announce: &[Outgoing],
    ) -> Result<Replaced, PortError> {
        let next = self.worn(next);
        let current = self.inner.get(&next.tenant, &next.subject).await?;
        match self.fault {
            "nothing is checked" => {
                self.insert(next);
                return Ok(Replaced::Done);
            }
            "the outbox is written first" => self.put_out(announce, next.changed_at),
            "nothing is to be announced" => return self.inner.replace(seen, next, &[]).await,
            "one thing is to be announced" => {
                return self.inner.replace(seen, next, &announce[..announce.len().min(1)]).await;
            }
            "replacements are two steps" => {
                give_way().await;
                if current.as_ref().is_some_and(|current| current.revision == seen.revision) {
                    self.put_out(announce, next.changed_at);
                    self.insert(next);
                    return Ok(Replaced::Done);
                }
            }
            "revisions are ignored" => {
                if let Some(current) = current {
                    let next = Record { revision: current.revision + 1, ..next };
                    return self.inner.replace(&current, next, announce).await;
                }
            }
            "later revisions do" => {
                if let Some(current) = current.filter(|current| current.revision <= seen.revision) {
                    let next = Record { revision: current.revision + 1, ..next };
                    return self.inner.replace(&current, next, announce).await;
                }
            }
            "what is missing is made" if current.is_none() => {
                self.insert(next);
                return Ok(Replaced::Done);
            }
            "a conflict shows what was seen" => {
                let replaced = self.inner.replace(seen, next, announce).await?;
                return Ok(match replaced {
                    Replaced::Conflict(_) => Replaced::Conflict(seen.clone()),
                    other => other,
                });
            }
            "a conflict is no record" => {
                let replaced = self.inner.replace(seen, next, announce).await?;
                return Ok(match replaced {
                    Replaced::Conflict(_) => Replaced::Missing,
                    other => other,
                });
            }
            "lists stay as they were" => {
                let next = Record { listed_by: seen.listed_by.clone(), ..next };
                return self.inner.replace(seen, next, announce).await;
            }
            "left lists stay" => {
                let mut next = next;
                let left = seen.listed_by.iter().filter(|list| !next.listed_by.contains(list));
                let left: Vec<String> = left.cloned().collect();
                next.listed_by.extend(left);
                next.listed_by.truncate(Record::MAX_LISTS);
                return self.inner.replace(seen, next, announce).await;
            }
            "who is open stays open" => {
                let next = Record { open: seen.open || next.open, ..next };
                return self.inner.replace(seen, next, announce).await;
            }
            _ => {}
        }
        self.inner.replace(seen, next, announce).await
    }

    async fn list(
        &self,
        flow: &str,
        tenant: &str,
        list: &str,
        after: Option<&RecordCursor>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError> {
        let limit = if self.fault == "limits are ignored" { 1_000 } else { limit };
        let mut listed = self.inner.list(flow, tenant, list, after, limit).await?;
        match self.fault {
            "the oldest are first" => listed.reverse(),
            "the closed are left out" => listed.retain(|record| record.open),
            "lists of tenants are one" => {
                listed = self.all(|record| {
                    let own = record.subject.flow == flow && record.listed_by.iter().any(|of| of == list);
                    own && after.is_none_or(|after| RecordCursor::from(record) < *after)
                });
                listed.sort_by_key(|record| std::cmp::Reverse(RecordCursor::from(record)));
                listed.truncate(limit as usize);
            }
            "lists of flows are one" => {
                listed.extend(self.inner.list("workbook", tenant, list, after, limit).await?);
                listed.sort_by_key(|record| std::cmp::Reverse(RecordCursor::from(record)));
                listed.truncate(limit as usize);
            }
            "all lists are one" => {
                listed = self.inner.list(flow, tenant, "all", after, limit).await?;
            }
            "pages begin with the last" => {
                if let Some(after) = after {
                    let again = self.any(|record| record.subject.id == after.id && record.tenant == tenant);
                    listed.splice(0..0, again);
                    listed.truncate(limit as usize);
                }
            }
            "lists show what was created" => listed.iter_mut().for_each(|record| record.revision = 1),
            _ => {}
        }
        Ok(listed)
    }

    async fn open_before(
        &self,
        flow: &str,
        state: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError> {
        let before = match self.fault {
            "everything is old" => DateTime::<Utc>::MAX_UTC,
            "the moment itself is before" => before + chrono::TimeDelta::nanoseconds(1),
            _ => before,
        };
        let mut open = self.inner.open_before(flow, state, before, limit).await?;
        match self.fault {
            "all that is open is one list" => {
                open = self.all(|record| record.open && record.subject.flow == flow);
                open.retain(|record| record.changed_at < before);
                open.truncate(limit as usize);
            }
            "states are looked at last" => {
                open = self.all(|record| record.open && record.subject.flow == flow);
                open.retain(|record| record.changed_at < before);
                open.truncate(limit as usize);
                open.retain(|record| record.state == state);
            }
            "flows are swept together" => {
                open = self.all(|record| record.open && record.state == state);
                open.retain(|record| record.changed_at < before);
                open.truncate(limit as usize);
            }
            "deletions are finished" => open.retain(|record| record.state != "deleting"),
            "what is deleted is closed" => open.retain(|record| record.state != "deleted"),
            "the state says what is open" => {
                open = self.all(|record| {
                    record.subject.flow == flow && record.state == state && state != "processed"
                });
                open.retain(|record| record.changed_at < before);
                open.truncate(limit as usize);
            }
            "age goes by creation" => {
                open = self.all(|record| record.open && record.subject.flow == flow);
                open.retain(|record| record.state == state && record.created_at < before);
                open.truncate(limit as usize);
            }
            "one open record is enough" => open.truncate(1),
            _ => {}
        }
        Ok(open)
    }

    async fn outbox_of(&self, tenant: &str, subject: &Subject) -> Result<Vec<Outgoing>, PortError> {
        match self.fault {
            "outboxes of flows are one" => Ok(self.inner.inspect(|data| {
                let events = data.outbox.values().map(|waiting| &waiting.event);
                let own = events.filter(|event| event.tenant == tenant && event.subject.id == subject.id);
                own.cloned().collect()
            })),
            _ => self.inner.outbox_of(tenant, subject).await,
        }
    }

    async fn outbox(
        &self,
        flow: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Outgoing>, PortError> {
        match self.fault {
            "the young are old" => self.inner.outbox(flow, DateTime::<Utc>::MAX_UTC, limit).await,
            "the outbox has no end" => self.inner.outbox(flow, before, u32::MAX).await,
            "flows announce for each other" => {
                let mut events = self.inner.outbox("workbook", before, limit).await?;
                events.extend(self.inner.outbox(flow, before, limit).await?);
                events.truncate(limit as usize);
                Ok(events)
            }
            "events lie since they happened" => Ok(self.inner.inspect(|data| {
                let events = data.outbox.values().map(|waiting| &waiting.event);
                let old = events.filter(|event| event.subject.flow == flow && event.at < before);
                old.take(limit as usize).cloned().collect()
            })),
            _ => self.inner.outbox(flow, before, limit).await,
        }
    }

    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError> {
        match self.fault {
            "what was announced stays" => Ok(()),
            "all of a subject was announced" => {
                let of = |event: &Outgoing| events.iter().any(|other| other.subject == event.subject);
                self.inner.inspect(|data| data.outbox.retain(|_, waiting| !of(&waiting.event)));
                Ok(())
            }
            "unknown is an error" => {
                let is_known = self
                    .inner
                    .inspect(|data| events.iter().all(|event| data.outbox.contains_key(&event.event_id)));
                if is_known {
                    return self.inner.announced(events).await;
                }
                Err(PortError::Broken("no such event".to_owned()))
            }
            _ => self.inner.announced(events).await,
        }
    }
}

#[test]
fn every_faulty_record_store_is_noticed() {
    run(record_store(&FaultyRecordStore::new("none"), &SeededIds::new(1)));
    for fault in [
        "times are cut",
        "leases are cut",
        "what is left out stays",
        "records never expire",
        "long bodies are cut",
        "one list a record",
        "attempts are counted to 2 billion",
        "create replaces",
        "create is two steps",
        "a creation announces nothing",
        "create announces first",
        "any revision is a first",
        "tenants are one",
        "flows are one",
        "nothing is checked",
        "the outbox is written first",
        "nothing is to be announced",
        "one thing is to be announced",
        "replacements are two steps",
        "revisions are ignored",
        "later revisions do",
        "what is missing is made",
        "a conflict shows what was seen",
        "a conflict is no record",
        "lists stay as they were",
        "left lists stay",
        "who is open stays open",
        "limits are ignored",
        "the oldest are first",
        "the closed are left out",
        "lists of tenants are one",
        "lists of flows are one",
        "all lists are one",
        "pages begin with the last",
        "lists show what was created",
        "everything is old",
        "the moment itself is before",
        "all that is open is one list",
        "states are looked at last",
        "flows are swept together",
        "deletions are finished",
        "what is deleted is closed",
        "the state says what is open",
        "age goes by creation",
        "one open record is enough",
        "outboxes of flows are one",
        "the young are old",
        "the outbox has no end",
        "flows announce for each other",
        "events lie since they happened",
        "what was announced stays",
        "all of a subject was announced",
        "unknown is an error",
    ] {
        assert_noticed(fault, record_store(&FaultyRecordStore::new(fault), &SeededIds::new(1)));
    }
}
