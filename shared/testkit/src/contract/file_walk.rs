//! Random sequences of changes, done to the ledger and to a model: [`File::apply`] itself.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use riffle_ports::{Changed, File, FileChange, FileLedger, FileState, Ids, Outgoing};

use super::file_ledger::{new_file, outgoing, tidy};
use super::{at, ok};
use crate::memory::name_of_change;
use crate::simulator::Rng;

const WALKS: u64 = 80;
const STEPS: usize = 40;
const KINDS: [&str; 9] =
    ["begin", "extend", "release", "finish", "fail", "note", "delete", "deleted", "settled"];
const STATES: [FileState; 8] = [
    FileState::Received,
    FileState::Processing,
    FileState::Processed,
    FileState::Review,
    FileState::Rejected,
    FileState::Failed,
    FileState::Deleting,
    FileState::Deleted,
];

/// Each step's answer, and the stored file and its outbox after it, equal the model's.
pub(super) async fn every_change(ledger: &dyn FileLedger, ids: &dyn Ids) {
    let (mut seen, mut reached) = (BTreeSet::new(), Vec::new());
    for seed in 0..WALKS {
        let mut rng = Rng::new(seed);
        let mut model = new_file(ids, "contract walks");
        let mut lying: BTreeMap<String, Outgoing> = BTreeMap::new();
        ok(ledger.create(model.clone()).await, "create");
        for step in 0..STEPS {
            reached.push(model.state);
            let place = format!("walk {seed}, step {step}, in {:?}", model.state);
            let change = any_change(&mut rng, &model);
            let now = time(&mut rng);
            let events: Vec<Outgoing> =
                (0..rng.below(3)).map(|_| Outgoing { at: now, ..outgoing(ids, &model, 0) }).collect();
            let expected = match model.apply(&change, now) {
                Ok(next) => {
                    lying.extend(events.iter().map(|event| (event.event_id.clone(), event.clone())));
                    model = next;
                    Changed::Applied(model.clone())
                }
                Err(why) => Changed::Refused(model.clone(), why),
            };
            let outcome = ledger.change(&model.tenant, &model.id, change.clone(), now, &events).await;
            assert_eq!(ok(outcome, "change"), expected, "{place}: {change:?} at {now}");
            seen.insert((name_of_change(&change), matches!(expected, Changed::Applied(_))));
            if rng.chance(2_000) {
                let announced: Vec<Outgoing> = lying.values().take(2).cloned().collect();
                lying.retain(|id, _| announced.iter().all(|event| event.event_id != *id));
                ok(ledger.announced(&announced).await, "announced");
            }
        }
        let stored = ok(ledger.file(&model.tenant, &model.id).await, "file");
        assert_eq!(stored.as_ref(), Some(&model), "walk {seed}: the stored file at its end");
        let mut outbox = ok(ledger.outbox_of(&model.tenant, &model.id).await, "outbox_of");
        outbox.sort_by(|one, two| one.event_id.cmp(&two.event_id));
        assert_eq!(outbox, lying.into_values().collect::<Vec<_>>(), "walk {seed}: the outbox at its end");
        tidy(ledger, &model).await;
    }
    for kind in KINDS {
        for applied in [true, false] {
            assert!(seen.contains(&(kind, applied)), "no walk had {kind} with applied = {applied}");
        }
    }
    for state in STATES {
        assert!(reached.contains(&state), "no walk came to {state:?}");
    }
}

/// Tokens and times from few values, so that conditions hold about as often as not; the ways out come seldom, so
/// that walks get far.
fn any_change(rng: &mut Rng, file: &File) -> FileChange {
    let token = format!("token {}", rng.below(2));
    let body = format!("{{\"body\":{}}}", rng.below(1_000));
    let parts = u32::try_from(rng.below(9)).unwrap_or_default();
    let revision = |rng: &mut Rng, old: u32| file.revision - u64::from(rng.chance(old));
    match rng.below(60) {
        0..=14 => FileChange::Begin { token, until: time(rng) },
        15..=26 => FileChange::Extend { token, until: time(rng), parts },
        27..=33 => FileChange::Release { token },
        34..=39 => {
            let states = [
                FileState::Processed,
                FileState::Review,
                FileState::Rejected,
                // No end of any work: refused.
                FileState::Received,
                FileState::Failed,
            ];
            let state = *rng.pick(&states).unwrap_or(&FileState::Processed);
            FileChange::Finish { token, revision: revision(rng, 2_000), state, body, parts }
        }
        40..=43 => FileChange::Fail { revision: revision(rng, 3_000), body },
        44..=52 => FileChange::Note { revision: revision(rng, 5_000), body },
        53 => FileChange::Delete,
        54 | 55 => FileChange::Settled,
        _ => FileChange::Deleted { revision: revision(rng, 2_000) },
    }
}

/// Some a millisecond apart, some seconds, some equal, with and without a fraction.
fn time(rng: &mut Rng) -> DateTime<Utc> {
    let milliseconds = [0, 0, 1, 500, 999][rng.below(5)];
    at(i64::try_from(rng.below(12)).unwrap_or_default() * 1_000 + milliseconds)
}
