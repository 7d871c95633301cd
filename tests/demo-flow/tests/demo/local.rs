//! The demo flow on the local platform: SQLite with its queues and bus, and the pumps that `riffle` itself uses.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_lambda_events::sqs::SqsBatchResponse;
use riffle_demo_flow_tests::TOPOLOGY;
use riffle_demo_flow_tests::bind::bind_notes;
use riffle_demo_flow_tests::flow::{Note, NoteState, Notes, note_id};
use riffle_demo_flow_tests::topology::{COUNT, COUNTER, NAME};
use riffle_local_adapters::{Deposit, Deposited, LocalInbox, LocalUploads, Observer, Pumps, Store};
use riffle_ports::{Clock, ObjectRef};
use riffle_runtime::{DeadLetterService, RandomIds, RecordClassifier, Registry, SystemClock};

/// The timeout of every wait. It is far longer than any step takes.
const PATIENCE: Duration = Duration::from_mins(2);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A running platform on the state in a folder.
struct World {
    inbox: LocalInbox,
    notes: Notes,
    dead_letters: DeadLetterService,
    pumps: Pumps,
    /// Calls of functions of other flows.
    others: Arc<AtomicU32>,
}

impl World {
    fn open(dir: &Path) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = Store::open_for(TOPOLOGY, dir, Arc::clone(&clock)).expect("a state folder");
        let uploads =
            LocalUploads::open(dir, Arc::clone(&clock), Arc::new(RandomIds)).expect("a folder of uploads");
        let inbox = LocalInbox::new(&store, uploads, Arc::new(RandomIds));
        let notes = Notes {
            records: Arc::new(store.records()),
            events: Arc::new(store.bus()),
            inbox: Arc::new(inbox.clone()),
            clock,
        };
        let mut registry = Registry::new(TOPOLOGY);
        bind_notes(&mut registry, &notes);
        let others = Arc::new(AtomicU32::new(0));
        for consumed in TOPOLOGY.consumed().filter(|consumed| consumed.flow.name != NAME) {
            registry.bind(consumed.function, &others, |calls, _| {
                calls.fetch_add(1, Ordering::Relaxed);
                Box::pin(async { SqsBatchResponse::default() })
            });
        }
        for flow in TOPOLOGY.0.iter().filter(|flow| flow.name != NAME) {
            registry.bind_sweeper(flow.sweeper, &(), |(), _| Box::pin(async { Ok(()) }));
        }
        let dead_letters = DeadLetterService {
            dead: Arc::new(store.dead_letters()),
            classifiers: Vec::new(),
            fallback: Arc::new(RecordClassifier { records: Arc::clone(&notes.records) }),
            single_tenant: true,
        };
        let observer: Observer = Arc::new(|_, _| ());
        let pumps = Pumps::start(&store.queues(), &registry, 1, &observer);
        Self { inbox, notes, dead_letters, pumps, others }
    }

    async fn put(&self, from: &Path, key: &str, content: &[u8]) -> ObjectRef {
        let path = from.join(key.replace('/', "-"));
        std::fs::write(&path, content).expect("a file");
        let deposit = Deposit { key: key.to_owned(), path, name: None, account: None, most: 1 << 20 };
        match self.inbox.deposit(&deposit, false).await.expect("a file that can be stored") {
            Deposited::Placed(object) => object,
            Deposited::Before => panic!("it was not stored before"),
        }
    }

    async fn note(&self, object: &ObjectRef) -> Option<Note> {
        self.notes.note("ann", &note_id(object)).await.expect("the database answers")
    }

    /// Waits until the note is in this state, and returns it.
    async fn wait_for(&self, object: &ObjectRef, state: NoteState) -> Note {
        let found = async {
            loop {
                match self.note(object).await {
                    Some(note) if note.state == state => return note,
                    _ => tokio::time::sleep(LOOK_AGAIN).await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("the note reaches the state")
    }

    async fn wait_for_dead_letters(&self, count: usize) -> Vec<riffle_runtime::ClassifiedDeadLetter> {
        let found = async {
            loop {
                let (dead_letters, _) = self.dead_letters.of("ann", Some(NAME), 10).await.expect("a list");
                if dead_letters.len() == count {
                    return dead_letters;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("the expected number of dead letters")
    }
}

#[tokio::test]
async fn a_note_is_counted_and_a_poisoned_one_is_a_dead_letter_of_its_stage() {
    let (state, from) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let world = World::open(state.path());
    let good = world.put(from.path(), "notes/ann/good", "zwölf Boxkämpfer jagen Viktor".as_bytes()).await;
    let poisoned = world.put(from.path(), "notes/ann/poisoned", b"\xff\xfe").await;
    assert_eq!(world.wait_for(&good, NoteState::Completed).await.body.words, Some(4));
    world.wait_for(&poisoned, NoteState::Failed).await;

    let dead_letters = world.wait_for_dead_letters(1).await;
    let dead_letter = &dead_letters[0];
    assert_eq!(
        (dead_letter.dead_letter.function.as_str(), dead_letter.dead_letter.queue.as_deref()),
        (COUNTER, Some(COUNT))
    );
    assert_eq!(
        dead_letter.message_info.as_ref().map(|message_info| message_info.subject.clone()),
        Some(note_id(&poisoned))
    );
    assert_eq!(dead_letter.record_info.state.as_deref(), Some("failed"));
    assert_eq!(world.others.load(Ordering::Relaxed), 0, "no other function receives events of notes");

    // Stored data survives the process, and redriven messages are processed.
    assert_eq!(world.dead_letters.redrive("ann", Some(NAME), None).await, Ok(1));
    world.wait_for_dead_letters(0).await;
    world.pumps.stop().await;
    drop((world.inbox, world.notes, world.dead_letters));
    let world = World::open(state.path());
    assert_eq!(world.note(&good).await.map(|note| note.state), Some(NoteState::Completed));
    world.wait_for_dead_letters(1).await;
    world.pumps.stop().await;
}
