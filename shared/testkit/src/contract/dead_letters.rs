//! The contract suite for dead letters.

use std::collections::BTreeMap;

use async_trait::async_trait;
use riffle_ports::{DeadLetter, DeadLetterStore, Ids};
use riffle_topology::{RIFFLE, Then, scan, statements};

use super::ok;

/// The maximum number of attempts to list the dead letters, for platforms that cannot read a queue completely at once.
const PATIENCE: usize = 50;

/// The queues whose messages become dead letters. Its methods panic on errors.
#[async_trait]
pub trait DeadLetterHarness: Send + Sync {
    fn dead_letters(&self) -> &dyn DeadLetterStore;

    /// Makes a message fail in `queue` until it is among the dead letters.
    async fn kill(&self, queue: &str, body: &str);

    /// Takes the messages in `queue` and returns their bodies. Empty once nothing more arrives (a real queue is polled
    /// long enough to be sure).
    async fn take(&self, queue: &str) -> Vec<String>;
}

/// A queue with dead letters of its own: its flow, its name, and the function that consumes it.
type DeadLetterSource = (&'static str, &'static str, &'static str);

fn places() -> Vec<DeadLetterSource> {
    let ends = RIFFLE.consumed().filter(|consumed| consumed.queue.then == Then::DeadLetter);
    ends.map(|consumed| (consumed.flow.name, consumed.queue.name, consumed.function)).collect()
}

/// Checks everything that [`DeadLetterStore`] promises. There must be no dead letters at the start, and none are left.
///
/// # Panics
/// If a promise is broken.
pub async fn dead_letters(harness: &dyn DeadLetterHarness, ids: &dyn Ids) {
    let places = places();
    let (none, more) = ok(harness.dead_letters().list(None, 10).await, "list");
    assert_eq!((none, more), (Vec::new(), false), "the suite requires a store without dead letters");
    let mut dead = BTreeMap::new();
    for place in &places {
        for _ in 0..2 {
            let body = format!("{{\"odd\":\"Ä 漢字 🦀 \\\" <&>\",\"id\":\"{}\"}}", ids.fresh());
            harness.kill(place.1, &body).await;
            dead.insert(body, *place);
        }
    }
    let dead_letters = listed(harness, &dead).await;
    let few = ok(harness.dead_letters().list(None, 5).await, "list");
    assert!(few.0.len() <= 5, "the list has at most the requested number of dead letters");
    assert!(few.1, "the list reports that there are more dead letters");

    for flow in [scan::NAME, statements::NAME] {
        let of_flow = dead.iter().filter(|(_, place)| place.0 == flow);
        let of_flow = of_flow.map(|(body, place)| (body.clone(), *place)).collect();
        listed_of(harness, Some(flow), &of_flow).await;
    }

    // One dead letter is redriven alone, and only to the queue in which it failed.
    let (body, dead_letter) = dead_letters.first_key_value().expect("there are dead letters");
    let (_, queue, _) = dead[body];
    let again = ok(harness.dead_letters().redrive(std::slice::from_ref(dead_letter)).await, "redrive");
    assert_eq!(again, 1, "one dead letter is redriven");
    for (_, other, _) in &places {
        let there = harness.take(other).await;
        let expected: &[String] = if *other == queue { std::slice::from_ref(body) } else { &[] };
        assert_eq!(there, expected, "messages in {other} after one dead letter of {queue} was redriven");
    }
    let gone = ok(harness.dead_letters().redrive(std::slice::from_ref(dead_letter)).await, "redrive");
    assert_eq!(gone, 0, "redriving a dead letter again is not an error and redrives nothing");
    assert_eq!(
        ok(harness.dead_letters().redrive(&[]).await, "redrive"),
        0,
        "redriving an empty list redrives nothing"
    );
    let mut left = dead.clone();
    left.remove(body);
    let dead_letters = listed(harness, &left).await;

    // A redriven message may fail again.
    harness.kill(queue, body).await;
    let died_again = listed(harness, &dead).await;
    let rest: Vec<DeadLetter> = died_again.into_values().collect();
    let count = ok(harness.dead_letters().redrive(&rest).await, "redrive");
    assert_eq!(count, dead.len() as u64, "all dead letters are redriven");
    drop(dead_letters);
    let mut came = BTreeMap::new();
    for place in places {
        for body in harness.take(place.1).await {
            came.insert(body, place);
        }
    }
    assert_eq!(came, dead, "each redriven message is in the queue where it failed");
    listed(harness, &BTreeMap::new()).await;
}

/// Lists until the dead letters are those of `dead`, and returns them by body.
async fn listed(
    harness: &dyn DeadLetterHarness,
    dead: &BTreeMap<String, DeadLetterSource>,
) -> BTreeMap<String, DeadLetter> {
    listed_of(harness, None, dead).await
}

/// Like [`listed`], for one flow.
async fn listed_of(
    harness: &dyn DeadLetterHarness,
    flow: Option<&str>,
    dead: &BTreeMap<String, DeadLetterSource>,
) -> BTreeMap<String, DeadLetter> {
    let mut seen = BTreeMap::new();
    for _ in 0..PATIENCE {
        let (dead_letters, more) = ok(harness.dead_letters().list(flow, 100).await, "list");
        assert!(
            dead_letters.len() <= dead.len() || dead.is_empty(),
            "a dead letter is listed twice: {dead_letters:?}"
        );
        if dead.is_empty() && dead_letters.is_empty() && !more {
            return BTreeMap::new();
        }
        for dead_letter in dead_letters {
            if let Some((flow, queue, function)) = dead.get(&dead_letter.body) {
                let failed = (&*dead_letter.flow, dead_letter.queue.as_deref(), &*dead_letter.function);
                assert_eq!(
                    failed,
                    (*flow, Some(*queue), *function),
                    "a dead letter names the flow, queue and function where it failed"
                );
                seen.insert(dead_letter.body.clone(), dead_letter);
            }
        }
        if !dead.is_empty() && seen.len() == dead.len() {
            let mut ids: Vec<&str> = seen.values().map(|dead_letter| dead_letter.id.as_str()).collect();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), seen.len(), "each dead letter has a different id");
            return seen;
        }
    }
    panic!("of {} dead letters only {} are listed", dead.len(), seen.len());
}
