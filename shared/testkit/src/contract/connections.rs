//! The contract suites for the connection registry and the client notifier.

use async_trait::async_trait;
use futures::future::join_all;
use riffle_ports::{ClientNotifier, Connection, ConnectionRegistry, Ids, PushResult, SessionId};

use super::{at, ok};

/// Checks everything that [`ConnectionRegistry`] promises.
///
/// # Panics
/// If a promise is broken.
pub async fn connection_registry(registry: &dyn ConnectionRegistry, ids: &dyn Ids) {
    connections(registry, ids).await;
    subscriptions(registry, ids).await;
    many(registry, ids).await;
}

fn connection(id: &str, tenant: &str) -> Connection {
    Connection { id: id.to_owned(), tenant: tenant.to_owned(), connected_at: at(123) }
}

async fn connections(registry: &dyn ConnectionRegistry, ids: &dyn Ids) {
    // API Gateway's connection ids contain these characters.
    let id = format!("{}+/=", ids.fresh());
    assert_eq!(ok(registry.get(&id).await, "get"), None, "an unknown connection is not found");
    ok(registry.remove(&id).await, "remove of an unknown connection");

    let first = connection(&id, "tenänt");
    ok(registry.add(first.clone()).await, "add");
    assert_eq!(ok(registry.get(&id).await, "get"), Some(first.clone()), "an added connection is found");
    ok(registry.add(first.clone()).await, "add again");
    assert_eq!(ok(registry.get(&id).await, "get"), Some(first), "adding a connection again changes nothing");
    let second = connection(&id, "another");
    ok(registry.add(second.clone()).await, "add");
    assert_eq!(
        ok(registry.get(&id).await, "get"),
        Some(second),
        "adding another connection with the same id replaces the first"
    );

    ok(registry.remove(&id).await, "remove");
    assert_eq!(ok(registry.get(&id).await, "get"), None, "a removed connection is not found");
    ok(registry.remove(&id).await, "remove again");
}

async fn subscriptions(registry: &dyn ConnectionRegistry, ids: &dyn Ids) {
    let (session, other) = (SessionId(ids.fresh()), SessionId(ids.fresh()));
    assert_eq!(
        ok(registry.subscribers(&session).await, "subscribers"),
        [""; 0],
        "an unknown session has no subscribers"
    );
    let base = ids.fresh();
    let names: Vec<String> = ["c", "a", "b"].iter().map(|name| format!("{base}-{name}")).collect();
    for name in &names {
        ok(registry.add(connection(name, "tenant")).await, "add");
        ok(registry.subscribe(&session, name).await, "subscribe");
    }
    ok(registry.subscribe(&session, &names[0]).await, "subscribe again");
    ok(registry.subscribe(&other, &names[0]).await, "subscribe to another session");
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(
        ok(registry.subscribers(&session).await, "subscribers"),
        sorted,
        "each subscriber is listed once, in ascending order"
    );
    assert_eq!(
        ok(registry.subscribers(&other).await, "subscribers"),
        [names[0].clone()],
        "each session has its own subscribers"
    );

    let stranger = ids.fresh();
    ok(registry.subscribe(&session, &stranger).await, "subscribe of an unknown connection");
    ok(registry.add(connection(&stranger, "tenant")).await, "add");
    assert_eq!(
        ok(registry.subscribers(&session).await, "subscribers"),
        sorted,
        "a subscription of an unknown connection is ignored, even if the connection is added later"
    );

    ok(registry.remove(&names[0]).await, "remove");
    assert_eq!(
        ok(registry.subscribers(&session).await, "subscribers"),
        sorted[..2],
        "a removed connection is not a subscriber any more"
    );
    assert_eq!(
        ok(registry.subscribers(&other).await, "subscribers"),
        [""; 0],
        "a removed connection is removed from all its sessions"
    );
    ok(registry.add(connection(&names[0], "tenant")).await, "add");
    assert_eq!(
        ok(registry.subscribers(&session).await, "subscribers"),
        sorted[..2],
        "a connection that is added again has no subscriptions"
    );
    for name in names.iter().chain([&stranger]) {
        ok(registry.remove(name).await, "remove");
    }
}

async fn many(registry: &dyn ConnectionRegistry, ids: &dyn Ids) {
    let session = SessionId(ids.fresh());
    let mut names: Vec<String> = (0..50).map(|_| ids.fresh()).collect();
    join_all(names.iter().map(|name| async {
        ok(registry.add(connection(name, "tenant")).await, "add");
        ok(registry.subscribe(&session, name).await, "subscribe");
    }))
    .await;
    names.sort();
    assert_eq!(
        ok(registry.subscribers(&session).await, "subscribers"),
        names,
        "fifty concurrent subscriptions are all stored"
    );
    let (gone, stay) = names.split_at(25);
    for outcome in join_all(gone.iter().map(|name| registry.remove(name))).await {
        ok(outcome, "remove");
    }
    assert_eq!(
        ok(registry.subscribers(&session).await, "subscribers"),
        stay,
        "concurrent removals leave the other subscriptions"
    );
    for name in stay {
        ok(registry.remove(name).await, "remove");
    }
}

/// The clients of a notifier. Its methods panic on errors.
#[async_trait]
pub trait ClientHarness: Send + Sync {
    fn notifier(&self) -> &dyn ClientNotifier;

    /// Connects a new client. Returns the id of its connection.
    async fn connect(&self) -> String;

    /// Returns the next frame that the client receives.
    async fn next(&self, connection: &str) -> String;

    async fn disconnect(&self, connection: &str);
}

/// Checks everything that [`ClientNotifier`] promises.
///
/// # Panics
/// If a promise is broken.
pub async fn client_notifier(harness: &dyn ClientHarness, ids: &dyn Ids) {
    let notifier = harness.notifier();
    let unknown = ids.fresh();
    assert_eq!(
        ok(notifier.push(&unknown, "{}").await, "push"),
        PushResult::Gone,
        "a push to an unknown connection returns Gone"
    );
    let (one, two) = (harness.connect().await, harness.connect().await);
    let largest = format!("\"{}\"", "x".repeat(32 * 1024 - 2));
    for frame in ["{\"type\":\"PONG\"}", "{\"name\":\"Ä 漢字 🦀\"}", &largest] {
        assert_eq!(
            ok(notifier.push(&one, frame).await, "push"),
            PushResult::Sent,
            "a push to an open connection returns Sent"
        );
        assert!(harness.next(&one).await == frame, "a frame of {} bytes arrives unchanged", frame.len());
    }
    ok(notifier.push(&two, "\"for the other\"").await, "push");
    assert_eq!(harness.next(&two).await, "\"for the other\"", "a frame reaches only its own connection");

    harness.disconnect(&one).await;
    assert_eq!(
        ok(notifier.push(&one, "{}").await, "push"),
        PushResult::Gone,
        "a push to a closed connection returns Gone"
    );
    assert_eq!(
        ok(notifier.push(&two, "{}").await, "push"),
        PushResult::Sent,
        "another connection stays open"
    );
    assert_eq!(harness.next(&two).await, "{}", "another connection still receives frames");
    harness.disconnect(&two).await;
}
