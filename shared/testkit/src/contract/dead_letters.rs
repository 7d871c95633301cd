//! What is promised of dead letters.

use std::collections::BTreeMap;

use async_trait::async_trait;
use riffle_ports::{DeadLetter, DeadLetters, Ids, Queue};

use super::ok;

/// What platforms that cannot look into their queues are asked as often as.
const PATIENCE: usize = 50;

/// The queues around dead letters. Panics on errors.
#[async_trait]
pub trait DeadLetterHarness: Send + Sync {
    fn letters(&self) -> &dyn DeadLetters;

    /// Has a message fail in `queue` until it lies among the dead letters.
    async fn kill(&self, queue: Queue, body: &str);

    /// Takes what lies in `queue`: the body of each message. Empty if nothing comes any more (a real queue is asked
    /// long enough to be sure).
    async fn take(&self, queue: Queue) -> Vec<String>;
}

/// The queues of the flow, and the functions in which messages of theirs fail.
const STAGES: [(Queue, &str); 6] = [
    (Queue::FileUploads, "s3-event-handler"),
    (Queue::FileProcessor, "file-processor-consumer"),
    (Queue::Categorization, "categorization-consumer"),
    (Queue::Analytics, "analytics-consumer"),
    (Queue::Audit, "audit-consumer"),
    (Queue::Errors, "error-consumer"),
];

/// Everything [`DeadLetters`] promises. Begins and ends without any.
///
/// # Panics
/// If a promise is broken.
pub async fn dead_letters(harness: &dyn DeadLetterHarness, ids: &dyn Ids) {
    let (none, more) = ok(harness.letters().list(10).await, "list");
    assert_eq!((none, more), (Vec::new(), false), "the suite begins without dead letters");
    let mut dead = BTreeMap::new();
    for (queue, stage) in STAGES {
        for _ in 0..2 {
            let body = format!("{{\"odd\":\"Ä 漢字 🦀 \\\" <&>\",\"id\":\"{}\"}}", ids.fresh());
            harness.kill(queue, &body).await;
            dead.insert(body, (queue, stage));
        }
    }
    let letters = listed(harness, &dead).await;
    let few = ok(harness.letters().list(5).await, "list");
    assert!(few.0.len() <= 5, "no more than asked for");
    assert!(few.1, "of twelve there are more than five");

    // One goes back alone, and only to where it failed.
    let (body, letter) = letters.first_key_value().expect("twelve are dead");
    let (queue, _) = dead[body];
    let again = ok(harness.letters().redrive(std::slice::from_ref(letter)).await, "redrive");
    assert_eq!(again, 1, "one was handed out again");
    for (other, _) in STAGES {
        let there = harness.take(other).await;
        let expected: &[String] = if other == queue { std::slice::from_ref(body) } else { &[] };
        assert_eq!(there, expected, "{other:?} after one of {queue:?} was handed out again");
    }
    let gone = ok(harness.letters().redrive(std::slice::from_ref(letter)).await, "redrive");
    assert_eq!(gone, 0, "it has left: that is no error");
    assert_eq!(ok(harness.letters().redrive(&[]).await, "redrive"), 0, "none");
    let mut left = dead.clone();
    left.remove(body);
    let letters = listed(harness, &left).await;

    // What is handed out again may fail again.
    harness.kill(queue, body).await;
    let died_again = listed(harness, &dead).await;
    let rest: Vec<DeadLetter> = died_again.into_values().collect();
    let count = ok(harness.letters().redrive(&rest).await, "redrive");
    assert_eq!(count, 12, "all are handed out again");
    drop(letters);
    let mut came = BTreeMap::new();
    for (queue, stage) in STAGES {
        for body in harness.take(queue).await {
            came.insert(body, (queue, stage));
        }
    }
    assert_eq!(came, dead, "each is where it failed");
    listed(harness, &BTreeMap::new()).await;
}

/// The letters by body, once they are those that are dead.
async fn listed(
    harness: &dyn DeadLetterHarness,
    dead: &BTreeMap<String, (Queue, &str)>,
) -> BTreeMap<String, DeadLetter> {
    let mut seen = BTreeMap::new();
    for _ in 0..PATIENCE {
        let (letters, more) = ok(harness.letters().list(100).await, "list");
        assert!(letters.len() <= dead.len() || dead.is_empty(), "a letter is listed twice: {letters:?}");
        if dead.is_empty() && letters.is_empty() && !more {
            return BTreeMap::new();
        }
        for letter in letters {
            if let Some((_, stage)) = dead.get(&letter.body) {
                assert_eq!(letter.stage, *stage, "where it failed");
                seen.insert(letter.body.clone(), letter);
            }
        }
        if !dead.is_empty() && seen.len() == dead.len() {
            let mut ids: Vec<&str> = seen.values().map(|letter| letter.id.as_str()).collect();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), seen.len(), "each letter has an id of its own");
            return seen;
        }
    }
    panic!("of {} dead letters {} are listed", dead.len(), seen.len());
}
