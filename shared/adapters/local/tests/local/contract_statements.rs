//! The contract suites of the testkit for the ports of the statements flow, unchanged.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use riffle_local_adapters::{
    Deposit, Deposited, LocalBus, LocalDeadLetters, LocalInbox, LocalUploads, Permit, ReceivedMessage, Store,
    UploadDestination,
};
use riffle_ports::{
    DeadLetterStore, EventPublisher, Inbox, ObjectRef, PostForm, Record, RecordStore, Subject,
};
use riffle_runtime::RandomIds;
use riffle_testkit::contract::{self, BusHarness, DeadLetterHarness, InboxHarness};
use riffle_topology::statements;
use serde_json::Value;

use crate::{Outcome, State, VISIBILITY, receipts, send};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn records_and_transactions() -> Outcome {
    let state = State::new()?;
    contract::record_store(&state.store.records(), &RandomIds).await;
    contract::transaction_store(&state.store.records(), &state.store.transactions(), &RandomIds).await;
    // Once more on top of the first run's data, written by an earlier process.
    let state = state.reopen()?;
    contract::record_store(&state.store.records(), &RandomIds).await;
    contract::transaction_store(&state.store.records(), &state.store.transactions(), &RandomIds).await;
    Ok(())
}

#[tokio::test]
async fn a_record_goes_when_it_has_expired() -> Outcome {
    let (state, now) = (State::new()?, chrono::DateTime::UNIX_EPOCH);
    let records = state.store.records();
    let record = |id: &str, days: i64, expires: Option<i64>| Record {
        subject: Subject::new("verify", id),
        tenant: "t".to_owned(),
        revision: 1,
        state: "completed".to_owned(),
        open: false,
        created_at: now + TimeDelta::days(days),
        changed_at: now + TimeDelta::days(days),
        lease: None,
        attempts: 1,
        body: "{}".to_owned(),
        listed_by: vec!["all".to_owned(), "completed".to_owned()],
        expires_at: expires.map(|days| now + TimeDelta::days(days)),
    };
    for new in [record("short", 1, Some(3)), record("long", 1, Some(9)), record("for ever", 1, None)] {
        records.create(new, &[]).await?;
    }
    for (day, left) in [(3, 4), (5, 4), (9, 5), (10, 5)] {
        records.create(record(&format!("on day {day}"), day, None), &[]).await?;
        for list in ["all", "completed"] {
            let listed = records.list("verify", "t", list, None, 10).await?;
            assert_eq!(listed.len(), left, "on day {day} in the list {list}");
        }
    }
    assert_eq!(records.get("t", &Subject::new("verify", "long")).await?, None);
    // Its id is free again.
    assert_eq!(records.create(record("short", 11, None), &[]).await?, None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn figures_and_trail() -> Outcome {
    let suites = async |store: &Store| {
        let (records, rows) = (store.records(), store.transactions());
        contract::figure_store(&records, &rows, &store.figures(), &RandomIds).await;
        contract::audit_trail(&store.audit(), &RandomIds).await;
    };
    let state = State::new()?;
    suites(&state.store).await;
    suites(&state.reopen()?.store).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn forgotten_months() -> Outcome {
    let state = State::new()?;
    let (records, rows) = (state.store.records(), state.store.transactions());
    contract::forgotten_months(&records, &rows, &state.store.figures(), &RandomIds).await;
    Ok(())
}

/// A state with its bus, its dead letters and its inbox.
pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) inbox: LocalInbox,
    pub(crate) uploads: LocalUploads,
    bus: LocalBus,
    dead_letters: LocalDeadLetters,
}

impl World {
    pub(crate) fn new() -> Result<Self, Box<dyn std::error::Error>> {
        Self::of(State::new()?)
    }

    pub(crate) fn of(state: State) -> Result<Self, Box<dyn std::error::Error>> {
        let clock = Arc::clone(&state.clock);
        let uploads = LocalUploads::open(state.folder.path(), clock, Arc::new(RandomIds))?;
        let inbox = LocalInbox::new(&state.store, uploads.clone(), Arc::new(RandomIds));
        Ok(Self { bus: state.store.bus(), dead_letters: state.store.dead_letters(), inbox, uploads, state })
    }

    /// Drops everything except the state.
    pub(crate) fn into_state(self) -> State {
        self.state
    }

    pub(crate) async fn all(&self, queue: &str) -> Vec<ReceivedMessage> {
        let queues = self.state.store.queues();
        let mut all = Vec::new();
        loop {
            let received = queues.receive(queue, 10, VISIBILITY).await.expect("receive");
            if received.is_empty() {
                return all;
            }
            queues.delete(&receipts(&received)).await.expect("delete");
            all.extend(received);
        }
    }

    async fn bodies(&self, queue: &str) -> Vec<String> {
        self.all(queue).await.into_iter().map(|received| received.body).collect()
    }

    /// Returns the objects named by the notifications in the queue, decoded as from S3.
    pub(crate) async fn notified_objects(&self) -> Vec<ObjectRef> {
        self.bodies(statements::UPLOADS).await.iter().map(|body| notified(body)).collect()
    }

    pub(crate) async fn post(&self, form: &PostForm, content: &[u8]) -> Option<String> {
        let field = |name: &str| form.fields[name].clone();
        let permit = Permit {
            place: UploadDestination::File { key: field("key") },
            size: field("size").parse().expect("a size"),
            expires: field("expires").parse().expect("a time"),
        };
        let mut receiving = self.uploads.receive(&permit, &field("signature")).expect("permitted");
        receiving.write(content).ok()?;
        self.inbox.finish(receiving).await.ok()
    }
}

fn notified(body: &str) -> ObjectRef {
    let notification: Value = serde_json::from_str(body).expect("JSON");
    let record = &notification["Records"][0];
    assert_eq!(record["eventName"], "ObjectCreated:Post");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let key = text(&record["s3"]["object"]["key"]).replace('+', " ");
    let key = percent_encoding::percent_decode_str(&key).decode_utf8().expect("UTF-8").into_owned();
    ObjectRef {
        bucket: text(&record["s3"]["bucket"]["name"]),
        key,
        version: None,
        etag: text(&record["s3"]["object"]["eTag"]),
    }
}

#[async_trait]
impl BusHarness for World {
    fn publisher(&self) -> &dyn EventPublisher {
        &self.bus
    }

    async fn take(&self, queue: &str) -> Vec<String> {
        self.bodies(queue).await
    }
}

#[tokio::test]
async fn bus() -> Outcome {
    contract::event_bus(&World::new()?, &RandomIds).await;
    Ok(())
}

#[async_trait]
impl DeadLetterHarness for World {
    fn dead_letters(&self) -> &dyn DeadLetterStore {
        &self.dead_letters
    }

    async fn kill(&self, queue: &str, body: &str) {
        let queues = self.state.store.queues();
        send(&queues, queue, "g", &[body]).await.expect("send");
        loop {
            let received = queues.receive(queue, 10, VISIBILITY).await.expect("receive");
            if received.is_empty() {
                return;
            }
            queues.release(&receipts(&received), Duration::ZERO).await.expect("release");
        }
    }

    async fn take(&self, queue: &str) -> Vec<String> {
        self.bodies(queue).await
    }
}

#[tokio::test]
async fn dead_letters() -> Outcome {
    contract::dead_letters(&World::new()?, &RandomIds).await;
    Ok(())
}

#[async_trait]
impl InboxHarness for World {
    fn inbox(&self) -> &dyn Inbox {
        &self.inbox
    }

    async fn send(&self, form: &PostForm, content: Vec<u8>) -> Option<ObjectRef> {
        let etag = self.post(form, &content).await;
        let mut notification = self.notified_objects().await;
        assert_eq!(
            notification.len(),
            usize::from(etag.is_some()),
            "an upload sends a notification exactly if it was accepted"
        );
        let object = notification.pop();
        assert_eq!(object.as_ref().map(|object| object.etag.clone()), etag);
        object
    }

    async fn put_twice(&self, key: &str, contents: [Vec<u8>; 2]) -> [ObjectRef; 2] {
        let path = self.state.folder.path().join("statement.csv");
        for content in contents {
            std::fs::write(&path, content).expect("a file");
            let deposit =
                Deposit { key: key.to_owned(), path: path.clone(), name: None, account: None, most: 1 << 20 };
            let placed = self.inbox.deposit(&deposit, false).await.expect("deposited");
            assert!(matches!(placed, Deposited::Placed(_)), "{placed:?}");
        }
        self.notified_objects().await.try_into().expect("two notifications")
    }
}

#[tokio::test]
async fn inbox() -> Outcome {
    contract::inbox(&World::new()?, &RandomIds).await;
    Ok(())
}
