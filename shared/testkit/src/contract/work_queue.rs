//! The contract suite for work queues, seen from the consumers.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::future::join_all;
use riffle_ports::{Ids, Message, WorkQueue};
use riffle_topology::scan::{DISPATCH, FINISH, WORK};

use super::{assert_broken, ok};

/// A received message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumedMessage {
    pub receipt: String,
    pub body: String,
    pub group: String,
    /// 1 at the first receive.
    pub receive_count: u32,
}

/// The consuming side of a queue. Its methods panic on errors.
#[async_trait]
pub trait QueueHarness: Send + Sync {
    fn queue(&self) -> &dyn WorkQueue;

    /// Receives up to 10 messages. Empty if there are none (a real queue is polled long enough to be sure).
    async fn receive(&self, queue: &str) -> Vec<ConsumedMessage>;

    async fn delete(&self, queue: &str, delivered: ConsumedMessage);

    /// Lets the visibility timeout of all received messages expire.
    async fn expire(&self);
}

/// Checks everything that [`WorkQueue`] promises and its consumers rely on. The queues must be empty at the start, and
/// are so at the end.
///
/// # Panics
/// If a promise is broken.
pub async fn work_queue(harness: &dyn QueueHarness, ids: &dyn Ids) {
    delivery(harness, ids).await;
    redelivery(harness, ids).await;
    batches(harness, ids).await;
    separate_queues(harness, ids).await;
}

fn message(group: &str, body: String) -> Message {
    Message { group: group.to_owned(), body }
}

async fn send(harness: &dyn QueueHarness, queue: &str, messages: &[Message]) {
    let refused = ok(harness.queue().send(queue, messages).await, "send");
    assert!(refused.is_empty(), "an idle queue accepts every message, but refused {refused:?}");
}

/// Receives and deletes messages until none are left. Returns the number of deliveries of each body and group.
async fn drain(harness: &dyn QueueHarness, queue: &str) -> BTreeMap<(String, String), u32> {
    let mut drained = BTreeMap::new();
    loop {
        let batch = harness.receive(queue).await;
        if batch.is_empty() {
            return drained;
        }
        assert!(batch.len() <= 10, "a batch of {}", batch.len());
        for delivered in batch {
            *drained.entry((delivered.group.clone(), delivered.body.clone())).or_default() += 1;
            harness.delete(queue, delivered).await;
        }
    }
}

fn assert_same(drained: &BTreeMap<(String, String), u32>, sent: &[Message], what: &str) {
    for message in sent {
        let key = (message.group.clone(), message.body.clone());
        let body: String = message.body.chars().take(80).collect();
        assert!(drained.contains_key(&key), "{what}: {body:?} was sent but not received");
    }
    for (group, body) in drained.keys() {
        let known = sent.iter().any(|message| &message.group == group && &message.body == body);
        let body: String = body.chars().take(80).collect();
        assert!(known, "{what}: {body:?} of {group:?} was received but not sent");
    }
}

async fn delivery(harness: &dyn QueueHarness, ids: &dyn Ids) {
    assert_eq!(harness.receive(WORK).await, [], "the suite requires an empty queue");
    let (one, two) = (ids.fresh(), ids.fresh());
    let sent = [
        message(&one, "{\"plain\":1}".to_owned()),
        message(&two, "{\"of\":\"another group\"}".to_owned()),
        message(&one, "{\"unicode\":\"Ä 漢字 🦀 \\\" \\\\ <&>\"}".to_owned()),
        message(&two, format!("{{\"large\":\"{}\"}}", "x".repeat(200_000))),
    ];
    send(harness, WORK, &sent).await;
    let received = harness.receive(WORK).await;
    assert!(!received.is_empty(), "no message was received after some were sent");
    for delivered in received {
        assert_eq!(
            delivered.receive_count, 1,
            "the first delivery of {} has a receive count of 1",
            delivered.receipt
        );
    }
    harness.expire().await;
    assert_same(&drain(harness, WORK).await, &sent, "four messages");
    send(harness, WORK, &[]).await;
    assert_eq!(harness.receive(WORK).await, [], "sending an empty list sends nothing");
}

async fn redelivery(harness: &dyn QueueHarness, ids: &dyn Ids) {
    let group = ids.fresh();
    let sent = [message(&group, "kept".to_owned()), message(&group, "deleted".to_owned())];
    send(harness, WORK, &sent).await;
    let mut receipts = Vec::new();
    while receipts.len() < 2 {
        let received = harness.receive(WORK).await;
        assert!(!received.is_empty(), "of two messages only {receipts:?} were received");
        for delivered in received {
            receipts.push(delivered.receipt.clone());
            if delivered.body == "deleted" {
                harness.delete(WORK, delivered).await;
            }
        }
    }
    assert_eq!(harness.receive(WORK).await, [], "a message in flight is not delivered again");
    harness.expire().await;
    let again = harness.receive(WORK).await;
    let bodies: Vec<&str> = again.iter().map(|delivered| delivered.body.as_str()).collect();
    assert_eq!(bodies, ["kept"], "a message is delivered again unless it was deleted");
    assert_eq!(again[0].receive_count, 2, "deliveries are counted");
    assert!(!receipts.contains(&again[0].receipt), "each delivery has a new receipt");
    for delivered in again {
        harness.delete(WORK, delivered).await;
    }
    harness.expire().await;
    assert_eq!(harness.receive(WORK).await, [], "deleted messages are not delivered again");
}

/// Checks more messages than one request of the underlying queue holds, and many concurrent senders.
async fn batches(harness: &dyn QueueHarness, ids: &dyn Ids) {
    let groups = [ids.fresh(), ids.fresh(), ids.fresh()];
    let sent: Vec<Message> =
        (0..137).map(|number| message(&groups[number % 3], format!("message {number}"))).collect();
    for refused in join_all(sent.chunks(23).map(|part| harness.queue().send(WORK, part))).await {
        assert!(ok(refused, "send").is_empty(), "an idle queue accepts every message");
    }
    assert_same(&drain(harness, WORK).await, &sent, "137 messages");

    // Equal messages are separate messages.
    let twins = vec![message(&groups[0], "twin".to_owned()); 12];
    send(harness, WORK, &twins).await;
    let drained = drain(harness, WORK).await;
    let times: u32 = drained.values().sum();
    assert!(times >= 12, "of 12 equal messages only {times} were received");
}

async fn separate_queues(harness: &dyn QueueHarness, ids: &dyn Ids) {
    let group = ids.fresh();
    let queues = [DISPATCH, WORK, FINISH];
    let sent: Vec<[Message; 1]> =
        queues.iter().map(|queue| [message(&group, format!("for {queue}"))]).collect();
    for (queue, sent) in queues.into_iter().zip(&sent) {
        send(harness, queue, sent).await;
    }
    for (queue, sent) in queues.into_iter().zip(&sent) {
        assert_same(&drain(harness, queue).await, sent, "each queue has its own messages");
    }
    let nowhere = harness.queue().send("no-such-queue", &sent[0]).await;
    assert_broken(&nowhere, "send to an unknown queue");
}
