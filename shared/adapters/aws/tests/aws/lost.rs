//! Lost answers: the SDK sends the request again, and its effect happens twice. Each port states what its caller then
//! sees.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use riffle_ports::{
    Attempt, ChunkDone, Clock as _, Counts, Ids, ObjectStore as _, Put, ScanLedger as _, Sealed, Session,
    SessionId, State as Stands, StoredResult, StoredTicket, TicketHash, TicketStore as _, Transition,
    TransitionResult, Usage,
};
use riffle_runtime::{RandomIds, SystemClock};
use tokio::net::TcpListener;

use crate::emulator::endpoint;
use crate::world::{World, http};

/// A proxy to AWS that loses every first answer to a write.
struct Road {
    upstream: String,
    http: reqwest::Client,
    lost: AtomicUsize,
    last: std::sync::Mutex<Option<Bytes>>,
}

async fn pass(State(road): State<Arc<Road>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 10 << 20).await.expect("a request");
    let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let writes = ["UpdateItem", "PutItem", "DeleteItem"].iter().any(|write| target.ends_with(write))
        || head.method == "PUT";
    // The request is signed for this address, so it is forwarded unchanged, including the host.
    let url = format!("{}{}", road.upstream, head.uri);
    let sent = road.http.request(head.method, url).headers(head.headers).body(body.clone()).send();
    let answer = sent.await.expect("an answer");
    let again = road.last.lock().expect("no panic").replace(body.clone());
    if writes && again != Some(body) {
        road.lost.fetch_add(1, Ordering::Relaxed);
        return (StatusCode::INTERNAL_SERVER_ERROR, "lost").into_response();
    }
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = Response::new(Body::from(answer.bytes().await.expect("content")));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

async fn lossy() -> (World, Arc<Road>) {
    let (upstream, http) = (endpoint(), http());
    let road =
        Arc::new(Road { upstream, http, lost: AtomicUsize::default(), last: std::sync::Mutex::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let routes = Router::new().fallback(pass).with_state(Arc::clone(&road));
    tokio::spawn(async move { axum::serve(listener, routes).await.expect("a server") });
    (World::at(&format!("http://{address}")).await, road)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_repeated_is_as_the_port_says() {
    let sound = World::new().await;
    let (table, bucket) = (sound.scan_table().await, sound.bucket().await);
    let (world, road) = lossy().await;
    let (ledger, now) = (world.aws.ledger(&table), SystemClock.now());

    let id = SessionId(RandomIds.fresh());
    let session = Session::new(id.clone(), "tenant".to_owned(), "{}".to_owned(), now, now);
    let created = ledger.create(session.clone()).await.expect("create");
    assert_eq!(created, Some(session), "a repeated create returns the session that it created");

    let sealed = Sealed { attempt: "mine".to_owned(), digest: "d".to_owned(), total: 1, chunk_size: 100 };
    let outcome =
        ledger.transition(&id, Transition::Seal { sealed: sealed.clone(), now }).await.expect("seal");
    let TransitionResult::Refused(session) = outcome else {
        panic!("a seal is refused after its own first attempt, but the outcome was {outcome:?}")
    };
    assert_eq!((session.state, session.sealed), (Stands::Dispatching, Some(sealed)));
    let upto = Transition::Dispatched { upto: 1, now };
    let outcome = ledger.transition(&id, upto).await.expect("dispatched");
    assert!(matches!(&outcome, TransitionResult::Applied(session) if session.dispatched == 1), "{outcome:?}");

    let result = StoredResult {
        failed: false,
        matches: 1,
        bytes: 1,
        pages: 1,
        body: riffle_ports::ResultBody::Inline("{}".to_owned()),
    };
    let stored = ledger.put_result(&id, 0, 0, result.clone()).await;
    assert_eq!(stored, Ok(result), "a repeated put_result returns its own result");
    let done = ledger.add_done(&id, 0, &BTreeSet::from([0])).await;
    assert_eq!(
        done,
        Ok(ChunkDone { new: BTreeSet::new(), len: 1 }),
        "the number is in the set, but is not reported as new"
    );
    let counts = Counts { processed: 1, ..Counts::default() };
    let shown = ledger.add_progress(&id, &BTreeSet::from([0]), counts, Usage::default()).await;
    let shown = shown.expect("add_progress").expect("a session");
    assert_eq!(
        (shown.chunks_done, shown.counts.processed),
        (BTreeSet::from([0]), 2),
        "only counts, which are for display, may be added twice"
    );
    let attempt = Attempt { receipt: "1".to_owned(), at: now };
    assert_eq!(
        ledger.record_attempt(&id, 0, attempt.clone()).await,
        Ok(attempt),
        "a repeated record_attempt returns its own attempt"
    );

    let tickets = world.aws.tickets(&table);
    let ticket = StoredTicket { tenant: "tenant".to_owned(), expires_at: now };
    tickets.put(TicketHash([7; 32]), ticket).await.expect("put");
    assert_eq!(
        tickets.take(TicketHash([7; 32])).await,
        Ok(None),
        "the ticket is used up by the lost response"
    );

    let objects = world.aws.objects(&bucket);
    let put = objects.put_if_absent("a/b", Bytes::from_static(b"mine")).await;
    assert_eq!(put, Ok(Put::Exists), "the key was taken by the call's own first attempt");
    assert_eq!(objects.get("a/b").await, Ok(Some(Bytes::from_static(b"mine"))));
    assert!(road.lost.load(Ordering::Relaxed) >= 10, "responses were lost: {:?}", road.lost);
}
