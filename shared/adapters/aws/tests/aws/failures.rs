//! The classification of failed calls, with answers as in the services' references.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use riffle_ports::{
    ClientNotifier as _, Clock as _, Entry, FileSource as _, ObjectStore as _, PortError, PushResult, Put,
    ReadError, ScanLedger as _, SessionId, Source, TokenVault as _, UploadStorage as _, WorkQueue as _,
};
use riffle_runtime::SystemClock;
use riffle_topology::scan;
use tokio::net::TcpListener;

use crate::world::World;

/// Gives the same answer to every request.
#[derive(Debug, Clone, Copy)]
struct Always {
    status: u16,
    kind: &'static str,
    body: &'static str,
}

/// Returns a world where AWS always gives this answer, its address, and the count of requests.
async fn world(answer: Always) -> (World, String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::new(AtomicUsize::default());
    let count = Arc::clone(&asked);
    let routes = Router::new().fallback(move || {
        count.fetch_add(1, Ordering::Relaxed);
        async move { respond(answer) }
    });
    tokio::spawn(async move { axum::serve(listener, routes).await.expect("a server") });
    (World::at(&address).await, address, asked)
}

fn respond(answer: Always) -> Response {
    let status = StatusCode::from_u16(answer.status).expect("a status");
    let headers = [("x-amzn-errortype", answer.kind), ("content-type", "application/json")];
    (status, headers, answer.body).into_response()
}

fn id() -> SessionId {
    SessionId("0123".to_owned())
}

#[track_caller]
fn assert_says(error: &PortError, unavailable: bool, words: &[&str]) {
    assert_eq!(matches!(error, PortError::Unavailable(_)), unavailable, "{error:?}");
    for word in words {
        assert!(error.to_string().contains(word), "{error} lacks {word}");
    }
}

#[tokio::test]
async fn throttled_tables_are_unavailable_after_some_tries() {
    let answer = Always {
        status: 400,
        kind: "ProvisionedThroughputExceededException",
        body: r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"too fast"}"#,
    };
    let (world, _, asked) = world(answer).await;
    let error = world.aws.ledger("scans").session(&id()).await.expect_err("throttled");
    assert_says(&error, true, &["GetItem", "scans", "ProvisionedThroughputExceeded"]);
    assert_eq!(asked.load(Ordering::Relaxed), 6, "a throttled request is retried");
    assert_eq!(
        world.meter.take(SystemClock.now()).table_read_half_units,
        0,
        "a throttled request is not billed"
    );
}

#[tokio::test]
async fn a_failing_service_is_unavailable() {
    let (world, _, _) = world(Always { status: 503, kind: "ServiceUnavailable", body: "{}" }).await;
    let queues = world.aws.queues([(scan::WORK.to_owned(), "http://127.0.0.1:1/q".to_owned())]);
    let message = riffle_ports::Message { group: "g".to_owned(), body: "secret content".to_owned() };
    let error = queues.send(scan::WORK, &[message]).await.expect_err("down");
    assert_says(&error, true, &["SendMessageBatch"]);
    assert!(!error.to_string().contains("secret"), "{error}");
    let error = queues.send(scan::FINISH, &[]).await.expect_err("no address");
    assert_says(&error, false, &["scan-finish"]);
}

#[tokio::test]
async fn a_missing_permission_is_broken_and_says_which() {
    let answer = Always {
        status: 400,
        kind: "AccessDeniedException",
        body: r#"{"__type":"AccessDeniedException","message":"User: worker is not authorized to perform: dynamodb:GetItem"}"#,
    };
    let (world, _, asked) = world(answer).await;
    let error = world.aws.ledger("scans").session(&id()).await.expect_err("denied");
    assert_says(
        &error,
        false,
        &["GetItem", "scans", "worker is not authorized to perform: dynamodb:GetItem"],
    );
    assert_eq!(asked.load(Ordering::Relaxed), 1, "a denied request is not retried");
}

#[tokio::test]
async fn what_does_not_exist_is_broken() {
    let world = World::new().await;
    let error = world.aws.ledger("riffle-no-such-table").session(&id()).await.expect_err("no table");
    assert_says(&error, false, &["riffle-no-such-table", "ResourceNotFoundException"]);
    let error = world.aws.objects("riffle-no-such-bucket").get("a/b").await.expect_err("no bucket");
    assert_says(&error, false, &["riffle-no-such-bucket/a/b", "NoSuchBucket"]);
    let url = world.queue_urls().await.remove(0).1.replace("riffle-test-", "riffle-none-");
    let message = riffle_ports::Message { group: "g".to_owned(), body: "{}".to_owned() };
    let queues = world.aws.queues([(scan::WORK.to_owned(), url)]);
    let error = queues.send(scan::WORK, &[message]).await.expect_err("no queue");
    assert_says(&error, false, &["SendMessageBatch"]);
    let token = riffle_ports::Token { secret: "ya29.secret".to_owned(), expires_at: SystemClock.now() };
    let vault =
        world.aws.tokens("riffle-none", "00000000-0000-0000-0000-000000000000", Arc::new(SystemClock));
    let error = vault.put("one", &id(), token).await.expect_err("no key");
    assert_says(&error, false, &["Encrypt", "NotFoundException"]);
    let tenant = Source::Prefix { tenant: "../two".to_owned(), prefix: String::new() };
    let error = world.aws.prefixes("b").list(&tenant).await.err().expect("no tenant");
    assert!(matches!(error, riffle_ports::SourceError::Port(PortError::Broken(_))), "{error:?}");
}

const CONFLICT: &str = "<Error><Code>ConditionalRequestConflict</Code><Message>again</Message></Error>";
const PRECONDITION: &str = "<Error><Code>PreconditionFailed</Code><Message>no</Message></Error>";
const DENIED: &str = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
const ARCHIVED: &str = "<Error><Code>InvalidObjectState</Code><Message>no</Message></Error>";

fn entry() -> Entry {
    Entry { name: "Kunde.pdf".to_owned(), locator: "Kunde.pdf".to_owned(), size: 3, version: "v".to_owned() }
}

#[tokio::test]
async fn conditions_of_objects_are_answers() {
    let (world, _, asked) = self::world(Always { status: 409, kind: "", body: CONFLICT }).await;
    let put = world.aws.objects("b").put_if_absent("a/b", Bytes::new()).await;
    assert_says(&put.expect_err("a conflict"), true, &["b/a/b"]);
    assert_eq!(asked.load(Ordering::Relaxed), 5, "a conflict is retried");

    let (world, _, _) = self::world(Always { status: 412, kind: "", body: PRECONDITION }).await;
    assert_eq!(world.aws.objects("b").put_if_absent("a/b", Bytes::new()).await, Ok(Put::Exists));
    let place = Source::Prefix { tenant: "one".to_owned(), prefix: String::new() };
    let opened = world.aws.prefixes("b").open(&place, &entry()).await.err();
    assert_eq!(opened, Some(ReadError::Changed));

    for body in [DENIED, ARCHIVED] {
        let (world, _, _) = self::world(Always { status: 403, kind: "", body }).await;
        let opened = world.aws.prefixes("b").open(&place, &entry()).await.err().expect("denied");
        assert!(matches!(&opened, ReadError::Denied(why) if !why.contains("Kunde")), "{opened:?}");
        let error = world.aws.objects("b").get("a/b").await.expect_err("denied");
        assert_says(&error, false, &["GetObject", "b/a/b"]);
        let found = world.aws.prefixes("b").find(&place, &entry()).await;
        assert_eq!(found, Ok(Some(entry())), "a file that may not be read is still found");
        assert!(world.aws.uploads("b", Arc::new(SystemClock)).received("a/b").await.is_err());
    }
    let large = Entry { size: 1 << 40, ..entry() };
    let opened = world.aws.prefixes("b").open(&place, &large).await.err();
    assert!(matches!(opened, Some(ReadError::TooLarge { .. })), "{opened:?}");
}

#[tokio::test]
async fn clients_that_are_gone_are_an_answer() {
    let gone = Always { status: 410, kind: "GoneException", body: "{}" };
    // API Gateway's answer for an id that it never issued.
    let never = Always {
        status: 400,
        kind: "BadRequestException",
        body: r#"{"message":"Invalid connectionId: abc","connectionId":"abc","requestId":"1"}"#,
    };
    for answer in [gone, never] {
        let (world, address, _) = self::world(answer).await;
        assert_eq!(world.aws.notifier(&address).push("abc", "{}").await, Ok(PushResult::Gone));
    }
    let large = Always { status: 413, kind: "PayloadTooLargeException", body: "{}" };
    let (world, address, _) = self::world(large).await;
    let error = world.aws.notifier(&address).push("abc", "\"a secret\"").await.expect_err("too large");
    assert_says(&error, false, &["PostToConnection", "PayloadTooLarge"]);
    let busy = Always { status: 429, kind: "LimitExceededException", body: "{}" };
    let (world, address, asked) = self::world(busy).await;
    let error = world.aws.notifier(&address).push("abc", "{}").await.expect_err("throttled");
    assert_says(&error, true, &["LimitExceeded"]);
    assert_eq!(asked.load(Ordering::Relaxed), 2, "a throttled push is retried once only");
}

#[tokio::test]
async fn who_hangs_up_is_out_of_reach() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            drop(socket);
        }
    });
    let world = World::at(&address).await;
    let error = world.aws.ledger("scans").session(&id()).await.expect_err("hung up");
    assert_says(&error, true, &["GetItem", "scans"]);
    // Nothing listens at this address.
    let error = World::at("http://127.0.0.1:1")
        .await
        .aws
        .objects("b")
        .get("a/b")
        .await
        .expect_err("nothing listens on this port");
    assert_says(&error, true, &["GetObject", "b/a/b", "out of reach (Connection refused"]);
}
