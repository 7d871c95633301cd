//! The part of the record store's contract suite about [`change`], [`change_from`] and [`change_seen`].

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::future::join_all;
use riffle_ports::{
    Changed, FlowState, Ids, Outgoing, PortError, Record, RecordCursor, RecordStore, Replaced, Subject,
    change, change_from, change_seen,
};

use super::record_store::{assert_outbox, create, get, new_record, next, outgoing, replace, tidy};
use super::{at, ok};

/// A flow whose records count.
#[derive(Debug, Clone, PartialEq)]
struct Counter(Record);

#[derive(Debug)]
enum CounterStep {
    Add(u64),
    /// Stops the counter. Refused if it is stopped already.
    Stop,
}

#[derive(Debug, Clone, PartialEq)]
struct CounterStopped;

impl Counter {
    fn count(&self) -> u64 {
        self.0.body.parse().expect("a counter has a number")
    }
}

impl FlowState for Counter {
    type Change = CounterStep;
    type Refused = CounterStopped;

    fn from_record(record: &Record) -> Result<Self, PortError> {
        let broken = |_| PortError::Broken("the body is not a number".to_owned());
        record.body.parse::<u64>().map(|_| Self(record.clone())).map_err(broken)
    }

    fn to_record(&self) -> Record {
        self.0.clone()
    }

    fn apply(&self, change: &CounterStep, now: DateTime<Utc>) -> Result<Self, CounterStopped> {
        if self.0.state == "stopped" {
            return Err(CounterStopped);
        }
        let mut next = Record { changed_at: now, ..next(&self.0, 0) };
        match change {
            CounterStep::Add(number) => next.body = (self.count() + number).to_string(),
            CounterStep::Stop => "stopped".clone_into(&mut next.state),
        }
        Ok(Self(next))
    }
}

async fn counter(store: &dyn RecordStore, ids: &dyn Ids) -> Counter {
    let record = Record { body: "0".to_owned(), ..new_record(ids, "contract changes") };
    create(store, &record).await;
    Counter(record)
}

async fn add(store: &dyn RecordStore, counter: &Counter, number: u64) -> Changed<Counter> {
    let Record { tenant, subject, .. } = &counter.0;
    ok(change(store, tenant, subject, &CounterStep::Add(number), at(2), &[]).await, "change")
}

/// Proves that a change is applied to the stored record, and that a refused change has no effect.
pub(super) async fn rules(store: &dyn RecordStore, ids: &dyn Ids) {
    let none = Counter(new_record(ids, "contract changes"));
    assert_eq!(add(store, &none, 1).await, Changed::Missing);
    let new = counter(store, ids).await;
    let event = [outgoing(ids, &new.0, 5)];
    for number in 1..4 {
        let Changed::Applied(after) = add(store, &new, number).await else {
            panic!("a counter that is not stopped accepts a change")
        };
        assert_eq!(get(store, &new.0).await, Some(after.0), "change returns the stored record");
    }
    let Record { tenant, subject, .. } = &new.0;
    let stopped = change::<Counter>(store, tenant, subject, &CounterStep::Stop, at(9), &event).await;
    let Changed::Applied(stopped) = ok(stopped, "change") else {
        panic!("a counter that is not stopped accepts a change")
    };
    assert_eq!((stopped.count(), stopped.0.revision, stopped.0.changed_at), (6, 5, at(9)));
    assert_outbox(store, &new.0, &[&event[0]], "the event of an applied change is in the outbox").await;
    let late = [outgoing(ids, &new.0, 5)];
    let refused =
        ok(change::<Counter>(store, tenant, subject, &CounterStep::Stop, at(10), &late).await, "change");
    assert_eq!(refused, Changed::Refused(stopped.clone(), CounterStopped));
    assert_outbox(store, &new.0, &[&event[0]], "a refused change announces nothing").await;
    assert_eq!(get(store, &new.0).await, Some(stopped.0), "a refused change does not alter the record");
    tidy(store, &new.0).await;

    let strange = new_record(ids, "contract changes");
    create(store, &strange).await;
    let outcome =
        change::<Counter>(store, &strange.tenant, &strange.subject, &CounterStep::Stop, at(2), &[]).await;
    assert!(
        matches!(outcome, Err(PortError::Broken(_))),
        "a record that cannot be parsed is not changed: {outcome:?}"
    );
    assert_eq!(get(store, &strange).await.as_ref(), Some(&strange));
    tidy(store, &strange).await;
}

/// Proves that no concurrent change is lost, and that [`change_seen`] applies only if the record is still as the caller
/// saw it.
pub(super) async fn rivals(store: &dyn RecordStore, ids: &dyn Ids) {
    let new = counter(store, ids).await;
    let outcomes = join_all((1..=8).map(|number| add(store, &new, number))).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Changed::Applied(_))), "{outcomes:?}");
    let stored = Counter(get(store, &new.0).await.expect("the record exists"));
    assert_eq!((stored.count(), stored.0.revision), (36, 9), "each of 8 concurrent changes is applied once");

    let event = [outgoing(ids, &new.0, 5)];
    let late = ok(change_seen(store, &new, &CounterStep::Add(1), at(3), &event).await, "change_seen");
    assert_eq!(
        late,
        Changed::Superseded(stored.clone()),
        "change_seen does not apply a change to an outdated record"
    );
    assert_eq!(
        get(store, &new.0).await.as_ref(),
        Some(&stored.0),
        "a superseded change does not alter the record"
    );
    assert_outbox(store, &new.0, &[], "a superseded change announces nothing").await;
    let seen = ok(change_seen(store, &stored, &CounterStep::Add(1), at(3), &event).await, "change_seen");
    let Changed::Applied(after) = seen else {
        panic!("change_seen applies a change to the current record: {seen:?}")
    };
    let from = ok(change_from(store, &new, &CounterStep::Add(1), at(4), &[]).await, "change_from");
    let Changed::Applied(from) = from else {
        panic!("a counter that is not stopped accepts a change: {from:?}")
    };
    assert_eq!((after.count(), from.count()), (37, 38), "change_from reads an outdated record again");

    let once = join_all((0..8).map(|_| change_seen(store, &from, &CounterStep::Stop, at(5), &event))).await;
    let applied = once
        .into_iter()
        .filter(|outcome| matches!(outcome, Ok(Changed::Applied(_)) | Err(PortError::Unavailable(_))));
    assert_eq!(applied.count(), 1, "of 8 concurrent changes of one state one is applied");
    tidy(store, &new.0).await;
}

/// A store that loses the answers to replacements, so that callers retry them.
struct Lossy<'a>(&'a dyn RecordStore);

/// Proves that a change whose answer was lost is recognised as made.
pub(super) async fn lost_answers(store: &dyn RecordStore, ids: &dyn Ids) {
    let new = counter(store, ids).await;
    let lossy = Lossy(store);
    let Changed::Applied(after) = add(&lossy, &new, 1).await else {
        panic!("a change whose response was lost is reported as applied")
    };
    assert_eq!((after.count(), after.0.revision), (1, 2), "a change whose response was lost is applied once");
    let seen: Changed<Counter> =
        ok(change_seen(&lossy, &after, &CounterStep::Add(1), at(3), &[]).await, "change_seen");
    let Changed::Applied(after) = seen else {
        panic!("a change whose response was lost is reported as applied: {seen:?}")
    };
    assert_eq!(get(store, &new.0).await, Some(after.0.clone()));
    // An equal change by another caller is not taken for the caller's own if the caller announces an event.
    let event = [outgoing(ids, &new.0, 5)];
    let rival =
        after.apply(&CounterStep::Add(1), at(4)).expect("a counter that is not stopped accepts a change");
    replace(store, &after.0, rival.to_record(), &[]).await;
    let late = ok(change_seen(store, &after, &CounterStep::Add(1), at(4), &event).await, "change_seen");
    assert_eq!(late, Changed::Superseded(rival), "a change that lost against a concurrent one is superseded");
    assert_outbox(store, &new.0, &[], "a superseded change announces nothing").await;
    tidy(store, &new.0).await;
}

#[async_trait]
impl RecordStore for Lossy<'_> {
    async fn create(&self, record: Record, announce: &[Outgoing]) -> Result<Option<Record>, PortError> {
        self.0.create(record, announce).await
    }

    async fn get(&self, tenant: &str, subject: &Subject) -> Result<Option<Record>, PortError> {
        self.0.get(tenant, subject).await
    }

    async fn replace(
        &self,
        seen: &Record,
        next: Record,
        announce: &[Outgoing],
    ) -> Result<Replaced, PortError> {
        assert_eq!(self.0.replace(seen, next.clone(), announce).await, Ok(Replaced::Done));
        self.0.replace(seen, next, announce).await
    }

    async fn list(
        &self,
        flow: &str,
        tenant: &str,
        list: &str,
        after: Option<&RecordCursor>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError> {
        self.0.list(flow, tenant, list, after, limit).await
    }

    async fn open_before(
        &self,
        flow: &str,
        state: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError> {
        self.0.open_before(flow, state, before, limit).await
    }

    async fn outbox_of(&self, tenant: &str, subject: &Subject) -> Result<Vec<Outgoing>, PortError> {
        self.0.outbox_of(tenant, subject).await
    }

    async fn outbox(
        &self,
        flow: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Outgoing>, PortError> {
        self.0.outbox(flow, before, limit).await
    }

    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError> {
        self.0.announced(events).await
    }
}
