//! The function over in-memory ports: tenants see only their own data, and internal errors reveal nothing.

use std::sync::Arc;

use api::{Api, ApiDeps};
use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use axum::response::Response;
use riffle_contracts::http::{Config, DeployedAt, OcrConfig, Problem, ScanPage, SocketConfig, Upload};
use riffle_ports::{
    Clock, Ids, PortError, Probe, QueueDepth, QuotaLimits, Quotas, ScanLedger, Session, SessionId, Source,
    Vitals,
};
use riffle_runtime::{DeadLetterService, RecordClassifier};
use riffle_scan::{Request as Asked, Scan, ScanPorts, ScanSettings, Sources, Tickets, Uploads};
use riffle_testkit::memory::{
    ManualClock, MemoryConnections, MemoryLedger, MemoryNotifier, MemoryObjects, MemoryQueue, MemoryRecords,
    MemoryTickets, MemoryUsage, NoUploads, SeededIds,
};

/// Ids of the real form: 32 hexadecimal digits.
const A1: &str = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
const B2: &str = "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2";
const NOBODYS: &str = "c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3";

struct Panics;

#[async_trait]
impl Probe for Panics {
    async fn queues(&self) -> Result<Vec<QueueDepth>, PortError> {
        panic!("a secret of ours")
    }
    async fn vitals(&self) -> Result<Vitals, PortError> {
        Err(PortError::Unavailable("a secret of ours".to_owned()))
    }
}

struct World {
    api: Api,
    ledger: Arc<MemoryLedger>,
    clock: Arc<ManualClock>,
}

impl World {
    fn new() -> Self {
        Self::within(QuotaLimits::default())
    }

    /// A world in which each tenant has these quotas.
    fn within(limits: QuotaLimits) -> Self {
        let clock = Arc::new(ManualClock::new());
        let quotas = Quotas::new(Arc::new(MemoryUsage::default()), clock.clone(), limits);
        let ids: Arc<dyn Ids> = Arc::new(SeededIds::new(1));
        let (ledger, objects) = (Arc::new(MemoryLedger::new()), Arc::new(MemoryObjects::new()));
        let queue = Arc::new(MemoryQueue::new(clock.clone(), chrono::TimeDelta::minutes(3)));
        let ports = ScanPorts {
            ledger: ledger.clone(),
            objects: objects.clone(),
            queue: queue.clone(),
            connections: Arc::new(MemoryConnections::new()),
            notifier: Arc::new(MemoryNotifier::new()),
            clock: clock.clone(),
            ids: Arc::clone(&ids),
            meter: Arc::default(),
        };
        let uploads = Uploads {
            objects,
            storage: Arc::new(NoUploads),
            ids: Arc::clone(&ids),
            limits: riffle_scan::limits(),
            quotas: quotas.clone(),
        };
        let api = Api::new(ApiDeps {
            scan: Scan::new(ports, ScanSettings::default()),
            tickets: Tickets { store: Arc::new(MemoryTickets::default()), clock: clock.clone(), ids },
            files: Arc::new(Sources { folders: None, prefixes: None, drive: None, uploads: uploads.clone() }),
            pages: None,
            uploads,
            dead_letters: DeadLetterService {
                dead: queue,
                classifiers: Vec::new(),
                fallback: Arc::new(RecordClassifier { records: Arc::new(MemoryRecords::default()) }),
                single_tenant: false,
            },
            statements: None,
            probe: Some(Arc::new(Panics)),
            links: None,
            folders: None,
            quotas,
            config: Config {
                version: "0".to_owned(),
                place: DeployedAt::Aws,
                sources: Vec::new(),
                ocr: OcrConfig { available: false },
                limits: riffle_scan::limits(),
                socket: SocketConfig { path: "/ws".to_owned(), max_age_seconds: 1, idle_seconds: 1 },
                flows: vec!["scan".to_owned()],
                sign_in: None,
            },
            started_at: clock.now(),
            clock: clock.clone(),
        });
        Self { api, ledger, clock }
    }

    async fn answer(&self, tenant: &str, method: Method, path: &str, body: &str) -> Response {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let request = request.body(Body::from(body.to_owned())).expect("a request");
        api::handle(&self.api, Some(tenant), request).await
    }

    async fn ask(&self, tenant: &str, method: Method, path: &str, body: &str) -> (StatusCode, Vec<u8>) {
        let answer = self.answer(tenant, method, path, body).await;
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
        (status, body.to_vec())
    }

    async fn get(&self, tenant: &str, path: &str) -> (StatusCode, Vec<u8>) {
        self.ask(tenant, Method::GET, path, "").await
    }

    async fn session(&self, tenant: &str, id: &str) {
        let request = Asked {
            source: Source::Upload("0".repeat(32)),
            options: riffle_contracts::Options::default(),
            codes_digest: String::new(),
            codes: Some(1),
            retry_of: None,
        };
        let now = self.clock.now();
        let session = Session::new(SessionId(id.to_owned()), tenant.to_owned(), request.encode(), now, now);
        self.ledger.create(session).await.expect("a session");
    }
}

#[track_caller]
fn problem((status, body): &(StatusCode, Vec<u8>)) -> Problem {
    let problem: Problem = serde_json::from_slice(body).expect("a problem");
    assert_eq!(problem.status, status.as_u16());
    assert!(!problem.detail.contains("secret"), "{problem:?}");
    problem
}

#[tokio::test]
async fn what_is_anothers_is_not_there() {
    let world = World::new();
    world.session("one", A1).await;
    world.session("two", B2).await;
    for (tenant, own, anothers) in [("one", A1, B2), ("two", B2, A1), ("three", "", A1)] {
        let (status, body) = world.get(tenant, "/api/scans").await;
        assert_eq!(status, StatusCode::OK);
        let page: ScanPage = serde_json::from_slice(&body).expect("a page");
        let ids: Vec<&str> = page.scans.iter().map(|session| &*session.session_id).collect();
        assert_eq!(ids, if own.is_empty() { vec![] } else { vec![own] });
        if !own.is_empty() {
            assert_eq!(world.get(tenant, &format!("/api/scans/{own}")).await.0, StatusCode::OK);
        }
        for rest in ["", "/matches", "/failures", "/codes", "/matches/0-0/evidence"] {
            let answer = world.get(tenant, &format!("/api/scans/{anothers}{rest}")).await;
            let none = world.get(tenant, &format!("/api/scans/{NOBODYS}{rest}")).await;
            assert_eq!(answer, none, "{rest}: the answer is the same as for an unknown scan");
            assert_eq!(answer.0, StatusCode::NOT_FOUND);
            problem(&answer);
        }
        for rest in ["report.xlsx", "files/0"] {
            let answer = world.get(tenant, &format!("/scans/{anothers}/{rest}")).await;
            assert_eq!(answer.0, StatusCode::NOT_FOUND);
        }
    }
    let (status, body) = world.ask("one", Method::POST, "/api/uploads", "{}").await;
    assert_eq!(status, StatusCode::CREATED);
    let Upload { upload_id } = serde_json::from_slice(&body).expect("an upload");
    let path = format!("/api/uploads/{upload_id}");
    assert_eq!(world.get("one", &path).await.0, StatusCode::OK);
    let files = r#"{"first":0,"files":[{"name":"a","size":1}]}"#;
    for tenant in ["two", "one/sets", ""] {
        assert_eq!(world.get(tenant, &path).await.0, StatusCode::NOT_FOUND, "{tenant:?}");
        let declared = world.ask(tenant, Method::POST, &format!("{path}/files"), files).await;
        assert_eq!(declared.0, StatusCode::NOT_FOUND);
        let completed =
            world.ask(tenant, Method::POST, &format!("{path}/files/0/complete"), r#"{"parts":[]}"#).await;
        assert_eq!(completed.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(world.ask("one", Method::POST, &format!("{path}/files"), files).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_mistake_of_ours_tells_nothing_of_itself() {
    let world = World::new();
    let panicked = world.get("one", "/api/health").await;
    assert_eq!((panicked.0, problem(&panicked).status), (StatusCode::INTERNAL_SERVER_ERROR, 500));
    let unavailable = world.get("one", "/api/metrics").await;
    assert_eq!((unavailable.0, problem(&unavailable).status), (StatusCode::SERVICE_UNAVAILABLE, 503));
    let elsewhere = world.get("one", "/api/folders").await;
    assert_eq!((elsewhere.0, problem(&elsewhere).status), (StatusCode::NOT_FOUND, 404));
}

#[tokio::test]
async fn a_session_is_deleted_once_it_has_ended_and_by_its_own_tenant() {
    let world = World::new();
    world.session("one", A1).await;
    let path = &*format!("/api/scans/{A1}");
    let running = world.ask("one", Method::DELETE, path, "").await;
    assert_eq!(running.0, StatusCode::CONFLICT);
    assert!(problem(&running).detail.contains("Cancel it first"), "what to do");
    let cancel = riffle_ports::Transition::Cancel;
    world.ledger.transition(&SessionId(A1.to_owned()), cancel).await.expect("cancelled");

    let anothers = world.ask("two", Method::DELETE, path, "").await;
    assert_eq!(anothers, world.ask("two", Method::DELETE, &format!("/api/scans/{NOBODYS}"), "").await);
    assert_eq!((anothers.0, problem(&anothers).status), (StatusCode::NOT_FOUND, 404));
    assert_eq!(world.get("one", path).await.0, StatusCode::OK, "the other tenant's scan is not deleted");

    for time in ["once", "again"] {
        let (status, body) = world.ask("one", Method::DELETE, path, "").await;
        assert_eq!((status, body.len()), (StatusCode::ACCEPTED, 0), "{time}");
        assert_eq!(world.get("one", path).await.0, StatusCode::NOT_FOUND, "{time}");
    }
    let (_, body) = world.get("one", "/api/scans").await;
    let page: ScanPage = serde_json::from_slice(&body).expect("a page");
    assert!(page.scans.is_empty());
}

#[tokio::test]
async fn what_is_no_id_reaches_no_store_and_what_is_no_flow_here_is_not_there() {
    let world = World::new();
    let long = "a".repeat(2_000);
    for id in ["a1", "nobodys", &A1.to_uppercase(), &long, "%00"] {
        for path in [
            format!("/api/scans/{id}"),
            format!("/api/uploads/{id}"),
            format!("/api/status/{id}"),
            format!("/api/statements/files/{id}"),
            format!("/scans/{id}/files/0"),
        ] {
            let answer = world.get("one", &path).await;
            assert_eq!((answer.0, problem(&answer).status), (StatusCode::NOT_FOUND, 404), "{path}");
        }
    }
    for path in [
        format!("/api/status/{A1}"),
        "/api/statements/files".to_owned(),
        "/api/statements/rules".to_owned(),
        "/api/dead-letters?flow=statements".to_owned(),
    ] {
        assert_eq!(world.get("one", &path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let none = world.get("one", "/api/dead-letters?flow=scan&limit=1").await;
    assert_eq!((none.0, &*none.1), (StatusCode::OK, &br#"{"letters":[],"more":false}"#[..]));
}

/// Every list has the same paging parameters and refuses the same ones.
#[tokio::test]
async fn limits_and_cursors_are_refused_alike() {
    let world = World::new();
    world.session("one", A1).await;
    for (list, most) in [
        ("/api/scans".to_owned(), 200),
        (format!("/api/scans/{A1}/matches"), 5_000),
        (format!("/api/scans/{A1}/failures"), 5_000),
        (format!("/api/scans/{A1}/codes"), 5_000),
        ("/api/dead-letters".to_owned(), 200),
    ] {
        let cursors = ["", "x", "1.1.1", "-1", "1.2.3.4"].map(|cursor| format!("cursor={cursor}"));
        let limits = ["0", "-1", "x", ""].map(|limit| format!("limit={limit}"));
        let refused = limits.into_iter().chain([format!("limit={}", most + 1)]);
        for query in refused.chain(cursors.into_iter().filter(|_| !list.ends_with("letters"))) {
            let answer = world.get("one", &format!("{list}?{query}")).await;
            assert_eq!((answer.0, problem(&answer).status), (StatusCode::BAD_REQUEST, 400), "{list}?{query}");
        }
    }
}

#[tokio::test]
async fn a_tenant_that_used_what_it_may_waits_and_others_do_not() {
    let limits = QuotaLimits { requests_per_minute: Some(3), ..QuotaLimits::default() };
    let world = World::within(limits);
    for _ in 0..3 {
        assert_eq!(world.get("one", "/api/scans").await.0, StatusCode::OK);
    }
    let refused = world.answer("one", Method::GET, "/api/scans", "").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let after: u64 = refused.headers()[header::RETRY_AFTER].to_str().expect("text").parse().expect("seconds");
    assert!((1..=61).contains(&after), "{after}");
    let refusal = problem(&world.get("one", "/api/scans").await);
    assert_eq!(refusal.kind, "/problems/quota-exceeded");
    assert!(refusal.detail.contains("3 requests a minute"), "{refusal:?}");
    assert_eq!(world.get("two", "/api/scans").await.0, StatusCode::OK);
    world.clock.advance(chrono::TimeDelta::seconds(i64::try_from(after).expect("a minute")));
    assert_eq!(world.get("one", "/api/scans").await.0, StatusCode::OK);
}

#[tokio::test]
async fn bytes_are_counted_when_files_are_declared_and_once() {
    let limits = QuotaLimits { upload_bytes_per_day: Some(100), ..QuotaLimits::default() };
    let world = World::within(limits);
    let (_, body) = world.ask("one", Method::POST, "/api/uploads", "{}").await;
    let Upload { upload_id } = serde_json::from_slice(&body).expect("an upload");
    let declare = async |first: u32, size: u64| {
        let files = format!(r#"{{"first":{first},"files":[{{"name":"a","size":{size}}}]}}"#);
        world.ask("one", Method::POST, &format!("/api/uploads/{upload_id}/files"), &files).await
    };
    assert_eq!(declare(0, 60).await.0, StatusCode::OK);
    assert_eq!(declare(0, 60).await.0, StatusCode::OK, "the same again");
    let refused = declare(1_000, 41).await;
    assert_eq!(refused.0, StatusCode::TOO_MANY_REQUESTS);
    assert!(problem(&refused).detail.contains("100 bytes a day"));
    assert_eq!(declare(1_000, 40).await.0, StatusCode::OK, "refused uploads are not counted");
}
