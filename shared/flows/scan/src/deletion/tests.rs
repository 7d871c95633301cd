use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use futures::executor::block_on;
use riffle_contracts::{DispatchJob, FinishJob, Options, ScanFile};
use riffle_ports::{
    Attempt, Connection, ConnectionRegistry, Counts, Deadline, Lease, ObjectStore, Opened, Put, ReadError,
    ResultBody, ScanLedger, Sealed, StoredResult, Token, TokenVault,
};
use riffle_testkit::memory::{
    ManualClock, MemoryConnections, MemoryFiles, MemoryLedger, MemoryNotifier, MemoryObjects, MemoryQueue,
    MemoryTokens, NoUploads, SeededIds,
};

use super::*;
use crate::search::{FileSearch, SearchRequest, Searched};
use crate::{Dispatcher, FileMessage, ScanPorts, ScanSettings, Worker};

const UPLOAD: &str = "0123456789abcdef0123456789abcdef";
const TENANT: &str = "acme";

/// A search that must not be called: no file of these tests may be opened.
struct Nothing;

#[async_trait::async_trait]
impl FileSearch for Nothing {
    async fn recall(&self, wanted: &SearchRequest) -> Option<Searched> {
        panic!("{} is looked up although its scan is deleted", wanted.name)
    }

    async fn search(&self, wanted: &SearchRequest, _: Box<dyn Opened>) -> Result<Searched, ReadError> {
        panic!("{} is read although its scan is deleted", wanted.name)
    }
}

/// An object store that cannot be reached after a number of calls.
struct Failing {
    inner: Arc<MemoryObjects>,
    left: AtomicU32,
}

impl Failing {
    fn call(&self) -> Result<(), PortError> {
        let left = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        left.map(drop).map_err(|_| PortError::Unavailable("out of reach".to_owned()))
    }
}

#[async_trait::async_trait]
impl ObjectStore for Failing {
    async fn put(&self, key: &str, content: Bytes) -> Result<(), PortError> {
        self.call()?;
        self.inner.put(key, content).await
    }

    async fn put_if_absent(&self, key: &str, content: Bytes) -> Result<Put, PortError> {
        self.call()?;
        self.inner.put_if_absent(key, content).await
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, PortError> {
        self.call()?;
        self.inner.get(key).await
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, PortError> {
        self.call()?;
        self.inner.list(folder).await
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        self.call()?;
        self.inner.delete(key).await
    }
}

struct World {
    reach: Arc<Failing>,
    scan: Scan,
    ledger: Arc<MemoryLedger>,
    objects: Arc<MemoryObjects>,
    notifier: Arc<MemoryNotifier>,
    connections: Arc<MemoryConnections>,
    tokens: Arc<MemoryTokens>,
    clock: Arc<ManualClock>,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new());
        let (ledger, objects) = (Arc::new(MemoryLedger::new()), Arc::new(MemoryObjects::new()));
        let (notifier, connections) = (Arc::new(MemoryNotifier::new()), Arc::new(MemoryConnections::new()));
        let reach = Arc::new(Failing { inner: objects.clone(), left: AtomicU32::new(u32::MAX) });
        let tokens = Arc::new(MemoryTokens::new(clock.clone()));
        let ports = ScanPorts {
            ledger: ledger.clone(),
            objects: reach.clone(),
            queue: Arc::new(MemoryQueue::new(clock.clone(), chrono::TimeDelta::minutes(3))),
            connections: connections.clone(),
            notifier: notifier.clone(),
            clock: clock.clone(),
            ids: Arc::new(SeededIds::new(1)),
            meter: Arc::default(),
        };
        let settings = ScanSettings { folders_allowed: true, ..ScanSettings::default() };
        let scan = Scan::new(ports, settings).with_tokens(tokens.clone()).with_uploads(Arc::new(NoUploads));
        Self { reach, scan, ledger, objects, notifier, connections, tokens, clock }
    }

    /// Creates a session with three files in two chunks that has stored something everywhere.
    fn session(&self, name: &str, source: Source, transitions: &[Transition]) -> SessionId {
        let id = crate::session_id(TENANT, name);
        let request = Request {
            source,
            options: Options::default(),
            codes_digest: "c".repeat(64),
            codes: Some(1),
            retry_of: None,
        };
        let now = riffle_ports::Clock::now(&*self.clock);
        let session =
            Session::new(id.clone(), TENANT.to_owned(), request.encode(), now, now + TimeDelta::days(1));
        block_on(async {
            self.ledger.create(session).await.expect("created");
            for transition in transitions {
                let outcome = self.ledger.transition(&id, transition.clone()).await.expect("changed");
                assert!(matches!(outcome, TransitionResult::Applied(_)), "{transition:?}");
            }
            self.leave(&id).await;
        });
        id
    }

    /// Stores what a session leaves behind, as does a process that works on it late.
    async fn leave(&self, id: &SessionId) {
        for key in [
            keys::codes(id, "digest"),
            keys::manifest_part(id, "sealed", 0),
            keys::manifest_part(id, "rival", 7),
            keys::result(id, 2, &"d".repeat(64)),
            keys::crops(id, 1),
            keys::report(id),
        ] {
            self.objects.put(&key, Bytes::from_static(b"drawings/secret.pdf")).await.expect("put");
        }
        for index in [0, 1, 2] {
            let body = ResultBody::Inline("drawings/secret.pdf".to_owned());
            let result = StoredResult { failed: false, matches: 1, bytes: 1, pages: 1, body };
            self.ledger.put_result(id, index / 2, index, result).await.expect("stored");
            self.ledger.add_done(id, index / 2, &[index].into()).await.expect("marked");
        }
        let attempt = Attempt { receipt: "r".to_owned(), at: riffle_ports::Clock::now(&*self.clock) };
        self.ledger.record_attempt(id, 1, attempt).await.expect("recorded");
        let expires_at = riffle_ports::Clock::now(&*self.clock) + TimeDelta::hours(1);
        let token = Token { secret: "lent".to_owned(), expires_at };
        self.tokens.put(TENANT, id, token).await.expect("kept");
    }

    fn try_dispatch(&self, id: &SessionId) -> Result<(), Failure> {
        let dispatcher = Dispatcher { scan: self.scan.clone(), source: Arc::new(MemoryFiles::new(10)) };
        block_on(dispatcher.run(DispatchJob { session_id: id.0.clone() }))
    }

    fn dispatch(&self, id: &SessionId) {
        self.try_dispatch(id).expect("dispatched");
    }

    fn delete(&self, id: &SessionId) -> Result<(), DeletionError> {
        block_on(self.scan.delete(TENANT, id))
    }

    /// Asserts that nothing is left but the ledger's record that the session was deleted.
    fn assert_nothing_left(&self, id: &SessionId, when: &str) {
        let keys: Vec<_> = self.objects.keys().into_iter().filter(|key| key.contains(&id.0)).collect();
        assert!(keys.is_empty(), "{when}: {keys:?}");
        let rows = self.ledger.inspect(|data| {
            let of = |(session, _): &&(SessionId, u32)| session == id;
            data.results.keys().filter(of).count()
                + data.done.keys().filter(of).count()
                + data.attempts.keys().filter(of).count()
        });
        assert_eq!(rows, 0, "{when}: rows are left");
        assert_eq!(block_on(self.tokens.get(TENANT, id)), Ok(None), "{when}: its token is left");
        let left = self.ledger.inspect(|data| data.sessions.get(id).cloned()).expect("remembered");
        assert!(left.state.is_gone(), "{when}: {:?}", left.state);
        let json = serde_json::to_string(&left).expect("plain data");
        assert!(!json.contains("drawings"), "{when}: {json}");
    }

    fn state(&self, id: &SessionId) -> State {
        self.ledger.inspect(|data| data.sessions[id].state)
    }
}

fn folders() -> Source {
    Source::Folders(vec!["/home/eve/drawings".to_owned()])
}

fn ended() -> Vec<Transition> {
    let now = chrono::DateTime::UNIX_EPOCH;
    let sealed = Sealed { attempt: "sealed".to_owned(), digest: "d".repeat(64), total: 3, chunk_size: 2 };
    let lease = Lease { token: "t".to_owned(), until: now };
    vec![
        Transition::Seal { sealed, now },
        Transition::Run { now },
        Transition::Lease { lease, now },
        Transition::Complete {
            token: "t".to_owned(),
            counts: Counts::default(),
            report: "reports/drawings.xlsx".to_owned(),
        },
    ]
}

#[test]
fn a_deleted_scan_is_gone_at_once_and_leaves_nothing() {
    let world = World::new();
    let (id, other) = (world.session("one", folders(), &ended()), world.session("two", folders(), &ended()));
    let others = world.objects.keys().into_iter().filter(|key| key.contains(&other.0)).count();
    assert_eq!(world.delete(&id), Ok(()));
    let page = block_on(world.scan.sessions(TENANT, None, 10)).expect("listed");
    let listed: Vec<_> = page.scans.into_iter().map(|session| session.session_id).collect();
    assert_eq!(listed, [other.0.as_str()], "only the other one is listed");
    let asked = block_on(world.scan.report_key(TENANT, &id));
    assert_eq!(asked, Ok(None), "its report is not found any more");
    world.dispatch(&id);
    world.assert_nothing_left(&id, "after the dispatcher");
    let left = world.objects.keys().into_iter().filter(|key| key.contains(&other.0)).count();
    assert_eq!(left, others, "objects of another scan are kept");
}

#[test]
fn deleted_twice_is_deleted_once() {
    let world = World::new();
    let id = world.session("one", folders(), &ended());
    for _ in 0..2 {
        assert_eq!(world.delete(&id), Ok(()));
        world.dispatch(&id);
        world.assert_nothing_left(&id, "each time");
    }
    world.clock.advance(SETTLED);
    world.dispatch(&id);
    assert_eq!(world.state(&id), State::Deleted);
    assert_eq!(world.delete(&id), Ok(()), "deleting a deleted scan again succeeds");
    assert_eq!(world.state(&id), State::Deleted);
}

#[test]
fn whoever_removes_may_end_anywhere() {
    for calls in 0.. {
        let world = World::new();
        let id = world.session("one", Source::Upload(UPLOAD.to_owned()), &ended());
        let put = |key: String| block_on(world.objects.put(&key, Bytes::from_static(b"{}"))).expect("put");
        put(keys::upload(TENANT, UPLOAD));
        put(keys::upload_batch(UPLOAD, 0));
        put(keys::upload_use(UPLOAD, &id));
        assert_eq!(world.delete(&id), Ok(()));
        world.clock.advance(SETTLED);
        world.reach.left.store(calls, Ordering::Relaxed);
        let whole = world.try_dispatch(&id).is_ok();
        assert_eq!(world.state(&id) == State::Deleted, whole, "after {calls} calls");
        world.reach.left.store(u32::MAX, Ordering::Relaxed);
        world.dispatch(&id);
        world.assert_nothing_left(&id, "after another try");
        assert_eq!(world.objects.keys(), [""; 0], "after {calls} calls and another try");
        assert_eq!(world.state(&id), State::Deleted);
        if whole {
            assert!(calls > 10, "the deletion was never interrupted");
            return;
        }
    }
}

#[test]
fn what_was_begun_before_is_removed_after_it() {
    let world = World::new();
    let id = world.session("one", folders(), &ended());
    assert_eq!(world.delete(&id), Ok(()));
    // The call died before the dispatcher was called, and work begun earlier writes again after the first removal.
    for _ in 0..8 {
        world.clock.advance(TimeDelta::minutes(40));
        block_on(world.scan.sweep(&Deadline::none())).expect("swept");
        world.dispatch(&id);
        world.assert_nothing_left(&id, "after a sweep");
        if world.state(&id) == State::Deleted {
            let open = block_on(world.ledger.open_sessions()).expect("listed");
            assert!(open.is_empty(), "a deleted scan is not open");
            return;
        }
        block_on(world.leave(&id));
    }
    panic!("the deletion never completes");
}

#[test]
fn the_sweep_calls_the_dispatcher_as_long_as_it_is_not_done() {
    let world = World::new();
    let id = world.session("one", folders(), &ended());
    block_on(world.scan.mark_deleted(TENANT, &id)).expect("marked, and then the call died");
    block_on(world.scan.sweep(&Deadline::none())).expect("swept");
    let swept = || world.ledger.inspect(|data| data.sessions[&id].swept_at);
    assert_eq!(swept(), None, "the sweep waits, because an earlier dispatcher may still be running");
    world.clock.advance(TimeDelta::minutes(40));
    block_on(world.scan.sweep(&Deadline::none())).expect("swept");
    assert!(swept().is_some(), "the dispatcher is called again");
}

/// Delivers a message a second time.
fn late(worker: &Worker, file: &ScanFile) -> Vec<(usize, Failure)> {
    let message = FileMessage { file: file.clone(), again: true };
    block_on(worker.run(&[message], &Deadline::none()))
}

#[test]
fn late_messages_leave_nothing() {
    let world = World::new();
    let id = world.session("one", folders(), &ended());
    assert_eq!(world.delete(&id), Ok(()));
    world.dispatch(&id);
    let worker = Worker {
        scan: world.scan.clone(),
        source: Arc::new(MemoryFiles::new(10)),
        search: Arc::new(Nothing),
    };
    for settled in [false, true] {
        if settled {
            world.clock.advance(SETTLED);
            world.dispatch(&id);
        }
        let file = ScanFile { session_id: id.0.clone(), index: 1 };
        assert!(late(&worker, &file).is_empty(), "the message is acknowledged");
        block_on(worker.read_quarantined(&file, "receipt".to_owned(), 1)).expect("acknowledged");
        block_on(world.scan.finish(FinishJob { session_id: id.0.clone() })).expect("acknowledged");
        world.dispatch(&id);
        world.assert_nothing_left(&id, "after late messages");
    }
}

#[test]
fn a_scan_that_runs_is_refused_and_stays() {
    let world = World::new();
    for (name, reached) in [("listing", 0), ("dispatching", 1), ("running", 2), ("finalizing", 3)] {
        let id = world.session(name, folders(), &ended()[..reached]);
        let before = world.ledger.inspect(|data| data.sessions[&id].clone());
        assert_eq!(world.delete(&id), Err(DeletionError::Running), "{name}");
        assert_eq!(world.ledger.inspect(|data| data.sessions[&id].clone()), before, "{name}");
    }
    for (name, end) in
        [("cancelled", Transition::Cancel), ("failed", Transition::Fail { reason: String::new() })]
    {
        let id = world.session(name, folders(), &[end]);
        assert_eq!(world.delete(&id), Ok(()), "{name}");
    }
}

#[test]
fn anothers_scan_is_not_found() {
    let world = World::new();
    let id = world.session("one", folders(), &ended());
    let refused = block_on(world.scan.delete("somebody else", &id));
    assert_eq!(refused, Err(DeletionError::NotFound));
    assert_eq!(world.state(&id), State::Complete);
    assert_eq!(world.delete(&SessionId("none".to_owned())), Err(DeletionError::NotFound));
    assert_eq!(world.delete(&id), Ok(()));
    let refused = block_on(world.scan.delete("somebody else", &id));
    assert_eq!(
        refused,
        Err(DeletionError::NotFound),
        "another tenant cannot delete a scan that is being deleted"
    );
}

#[test]
fn its_request_does_not_make_it_anew() {
    let world = World::new();
    let id = world.session("again", folders(), &ended());
    assert_eq!(world.delete(&id), Ok(()));
    world.dispatch(&id);
    let connection = Connection {
        id: "c".to_owned(),
        tenant: TENANT.to_owned(),
        connected_at: riffle_ports::Clock::now(&*world.clock),
    };
    block_on(world.connections.add(connection.clone())).expect("connected");
    world.notifier.open("c");
    let start =
        r#"{"action":"start_scan","request_id":"again","folders":["f"],"target_hole_codes":["HOLE-1"]}"#;
    block_on(world.scan.act(&connection, start));
    let frames = world.notifier.take_of("c");
    assert!(frames.iter().any(|frame| frame.contains("REQUEST_ID_REUSED")), "{frames:?}");
    world.assert_nothing_left(&id, "after the same request");
}

#[test]
fn an_upload_goes_with_the_last_scan_that_used_it() {
    let world = World::new();
    let source = || Source::Upload(UPLOAD.to_owned());
    let (first, second) =
        (world.session("first", source(), &ended()), world.session("second", source(), &ended()));
    let put = |key: String| block_on(world.objects.put(&key, Bytes::from_static(b"{}"))).expect("put");
    put(keys::upload(TENANT, UPLOAD));
    put(keys::upload_batch(UPLOAD, 0));
    for id in [&first, &second] {
        block_on(world.scan.use_upload(id, UPLOAD)).expect("noted");
    }
    assert_eq!(world.delete(&first), Ok(()));
    world.dispatch(&first);
    world.assert_nothing_left(&first, "after the first");
    assert!(
        world.objects.peek(&keys::upload_batch(UPLOAD, 0)).is_some(),
        "the second scan still uses the upload"
    );
    assert_eq!(world.delete(&second), Ok(()));
    world.dispatch(&second);
    let left: Vec<_> = world.objects.keys().into_iter().filter(|key| key.contains(UPLOAD)).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_scan_that_is_about_to_use_an_upload_keeps_it() {
    let world = World::new();
    let id = world.session("first", Source::Upload(UPLOAD.to_owned()), &ended());
    let put = |key: String| block_on(world.objects.put(&key, Bytes::from_static(b"{}"))).expect("put");
    put(keys::upload(TENANT, UPLOAD));
    put(keys::upload_batch(UPLOAD, 0));
    // It records its use first, and is created after that.
    let coming = crate::session_id(TENANT, "coming");
    block_on(world.scan.use_upload(&coming, UPLOAD)).expect("noted");
    assert_eq!(world.delete(&id), Ok(()));
    world.dispatch(&id);
    assert!(world.objects.peek(&keys::upload_batch(UPLOAD, 0)).is_some());
    // It was never created: its recorded use does not keep the upload permanently.
    world.clock.advance(SETTLED);
    world.dispatch(&id);
    let left: Vec<_> = world.objects.keys().into_iter().filter(|key| key.contains(UPLOAD)).collect();
    assert!(left.is_empty(), "{left:?}");
}
