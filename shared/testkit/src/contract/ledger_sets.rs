//! The part of the ledger's contract suite about results, sets of indices and attempts.

use std::collections::BTreeSet;

use futures::future::join_all;
use riffle_ports::{Attempt, Ids, ResultBody, ScanLedger, SessionId, StoredResult};

use super::{assert_broken, at, new_session, ok, set};

async fn session(ledger: &dyn ScanLedger, ids: &dyn Ids) -> SessionId {
    let session = new_session(ids);
    let id = session.id.clone();
    ok(ledger.create(session).await, "create");
    id
}

fn result(number: u32) -> StoredResult {
    StoredResult {
        failed: number.is_multiple_of(2),
        matches: number,
        bytes: u64::from(number) << 20,
        pages: number / 3,
        body: if number.is_multiple_of(3) {
            ResultBody::Object(format!("results/{number}.json"))
        } else {
            ResultBody::Inline(format!("{{\"number\":{number},\"text\":\"Ä 漢 🦀 \\\" '\"}}"))
        },
    }
}

pub(super) async fn results(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    let (id, other) = (session(ledger, ids).await, session(ledger, ids).await);
    // In neither numeric nor textual order.
    let indices = [10, 2, 99, 0, 11, 1];
    for index in indices {
        let stored = ok(ledger.put_result(&id, 0, index, result(index)).await, "put_result");
        assert_eq!(stored, result(index), "the first result of a file is stored and returned");
    }
    let mut expected: Vec<_> = indices.iter().map(|&index| (index, result(index))).collect();
    expected.sort_by_key(|(index, _)| *index);
    assert_eq!(
        ok(ledger.results(&id, 0).await, "results"),
        expected,
        "results are returned whole, in ascending order of their index"
    );

    let again = ok(ledger.put_result(&id, 0, 10, result(77)).await, "put_result");
    assert_eq!(again, result(10), "a second result of a file is not stored; the first one is returned");
    assert_eq!(
        ok(ledger.results(&id, 0).await, "results"),
        expected,
        "a second result of a file changes nothing"
    );

    let extremes = StoredResult {
        failed: false,
        matches: u32::MAX,
        bytes: 1 << 40,
        pages: u32::MAX,
        body: ResultBody::Inline("x".repeat(ResultBody::MAX_INLINE)),
    };
    ok(ledger.put_result(&id, 999, 99_999, extremes.clone()).await, "put_result");
    assert_eq!(
        ok(ledger.results(&id, 999).await, "results"),
        [(99_999, extremes)],
        "a result of the largest size and numbers is stored in its own chunk"
    );
    // Text that does not compress well and contains many kinds of characters.
    let noise: String =
        (0..4_000_u32).map(|at| char::from_u32(0x20 + at * 17 % 0xD000).unwrap_or('x')).collect();
    let noise = StoredResult { body: ResultBody::Inline(noise), ..result(1) };
    ok(ledger.put_result(&id, 998, 99_800, noise.clone()).await, "put_result");
    assert_eq!(ok(ledger.results(&id, 998).await, "results"), [(99_800, noise)], "a body is kept unchanged");
    let beyond =
        StoredResult { body: ResultBody::Inline("x".repeat(ResultBody::MAX_INLINE + 1)), ..result(1) };
    assert_broken(&ledger.put_result(&id, 1, 100, beyond).await, "put_result of a body beyond the limit");
    assert_eq!(ok(ledger.results(&id, 1).await, "results"), [], "another chunk does not have the results");
    assert_eq!(
        ok(ledger.results(&other, 0).await, "results"),
        [],
        "another session does not have the results"
    );
    let stored = ok(ledger.put_result(&other, 0, 10, result(5)).await, "put_result");
    assert_eq!(stored, result(5), "the file with the same index in another session has its own result");
}

pub(super) async fn several_results(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    let id = session(ledger, ids).await;
    ok(ledger.put_result(&id, 0, 3, result(3)).await, "put_result");
    let given = [(0, 7, result(70)), (0, 3, result(30)), (2, 201, result(201))];
    let stored = ok(ledger.put_results(&id, given.to_vec()).await, "put_results");
    assert_eq!(
        stored,
        [result(70), result(3), result(201)],
        "the stored results are returned in the order of the arguments"
    );
    assert_eq!(ok(ledger.results(&id, 0).await, "results"), [(3, result(3)), (7, result(70))]);
    assert_eq!(
        ok(ledger.results(&id, 2).await, "results"),
        [(201, result(201))],
        "each result is stored in its own chunk"
    );
    assert_eq!(
        ok(ledger.put_results(&id, Vec::new()).await, "put_results"),
        [],
        "an empty list of results is valid"
    );
}

/// Proves that of concurrent results for one file one is stored, and that each caller receives the stored one.
pub(super) async fn one_result(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    let id = session(ledger, ids).await;
    for index in 0..4 {
        let calls = (0..24).map(|number| ledger.put_result(&id, 0, index, result(number)));
        let returned: Vec<_> =
            join_all(calls).await.into_iter().map(|outcome| ok(outcome, "put_result")).collect();
        let stored = ok(ledger.results(&id, 0).await, "results");
        let (_, stored) = stored
            .iter()
            .find(|(at, _)| *at == index)
            .unwrap_or_else(|| panic!("none of 24 concurrent results of file {index} was stored"));
        assert!(
            (0..24).any(|number| &result(number) == stored),
            "the stored result is none of those that were put: {stored:?}"
        );
        for returned in &returned {
            assert_eq!(
                returned, stored,
                "one of 24 concurrent calls returned a result other than the stored one"
            );
        }
    }
}

pub(super) async fn done(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    let (id, other) = (session(ledger, ids).await, session(ledger, ids).await);
    let added = ok(ledger.add_done(&id, 3, &set([300, 302])).await, "add_done");
    assert_eq!((added.new, added.len), (set([300, 302]), 2), "the first numbers are all new");
    let added = ok(ledger.add_done(&id, 3, &set([300, 301, 302, 310])).await, "add_done");
    assert_eq!((added.new, added.len), (set([301, 310]), 4), "only numbers that were not in the set are new");
    let added = ok(ledger.add_done(&id, 3, &set([300, 310])).await, "add_done");
    assert_eq!((added.new, added.len), (set([]), 4), "adding the same numbers again adds nothing");
    let added = ok(ledger.add_done(&id, 3, &set([])).await, "add_done");
    assert_eq!((added.new, added.len), (set([]), 4), "adding no numbers is valid");
    assert_eq!(
        ok(ledger.done(&id, 3).await, "done"),
        set([300, 301, 302, 310]),
        "the set has the added numbers"
    );
    assert_eq!(ok(ledger.done(&id, 4).await, "done"), set([]), "another chunk has its own set");
    assert_eq!(ok(ledger.done(&other, 3).await, "done"), set([]), "another session has its own set");
    let added = ok(ledger.add_done(&other, 3, &set([300])).await, "add_done");
    assert_eq!((added.new, added.len), (set([300]), 1), "another session has its own set");
}

/// Proves that with overlapping sets each index is new to exactly one caller.
pub(super) async fn done_by_many(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    let id = session(ledger, ids).await;
    // The files of a full chunk, each added by three of thirty callers.
    let asked: Vec<BTreeSet<u32>> =
        (0..30).map(|caller| set((0..100).filter(move |file| (file + caller) % 10 == 0))).collect();
    let answers = join_all(asked.iter().map(|indices| ledger.add_done(&id, 0, indices))).await;
    let (mut claimed, mut lens) = (BTreeSet::new(), BTreeSet::new());
    for (asked, answer) in asked.iter().zip(answers) {
        let answer = ok(answer, "add_done");
        assert!(
            answer.new.is_subset(asked),
            "{:?} were returned as new, but the call added {asked:?}",
            answer.new
        );
        for index in &answer.new {
            assert!(claimed.insert(*index), "{index} was returned as new by two calls");
        }
        assert!(
            answer.len as usize >= asked.len() && answer.len <= 100,
            "a call reported a set of {} numbers after it added {}; there are at most 100",
            answer.len,
            asked.len()
        );
        lens.insert(answer.len);
    }
    assert_eq!(claimed, set(0..100), "each number is new in exactly one call");
    assert!(lens.contains(&100), "at least one call must report the full set: {lens:?}");
    assert_eq!(
        ok(ledger.done(&id, 0).await, "done"),
        set(0..100),
        "the set is the union of the added numbers"
    );
}

pub(super) async fn attempts(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    let (id, other) = (session(ledger, ids).await, session(ledger, ids).await);
    let attempt = |number: i64| Attempt { receipt: format!("message #{number}"), at: at(number) };
    let first = ok(ledger.record_attempt(&id, 7, attempt(1)).await, "record_attempt");
    assert_eq!(first, attempt(1), "the first attempt is stored and returned");
    let second = ok(ledger.record_attempt(&id, 7, attempt(2)).await, "record_attempt");
    assert_eq!(second, attempt(1), "a second attempt returns the first one");
    let third = ok(ledger.record_attempt(&id, 8, attempt(3)).await, "record_attempt");
    assert_eq!(third, attempt(3), "another file has its own attempt");
    let fourth = ok(ledger.record_attempt(&other, 7, attempt(4)).await, "record_attempt");
    assert_eq!(fourth, attempt(4), "another session has its own attempts");

    ok(ledger.forget_attempt(&id, 7, "message #2").await, "forget_attempt");
    let kept = ok(ledger.record_attempt(&id, 7, attempt(5)).await, "record_attempt");
    assert_eq!(kept, attempt(1), "a different receipt does not forget the attempt");
    ok(ledger.forget_attempt(&id, 7, "message #1").await, "forget_attempt");
    ok(ledger.forget_attempt(&id, 7, "message #1").await, "forget_attempt");
    let anew = ok(ledger.record_attempt(&id, 7, attempt(6)).await, "record_attempt");
    assert_eq!(anew, attempt(6), "after an attempt was forgotten, a new one is stored");

    let calls = (10..26).map(|number| ledger.record_attempt(&id, 9, attempt(number)));
    let returned: Vec<_> =
        join_all(calls).await.into_iter().map(|outcome| ok(outcome, "record_attempt")).collect();
    assert!(
        (10..26).any(|number| attempt(number) == returned[0]),
        "the returned attempt was not made by any caller: {:?}",
        returned[0]
    );
    for other in &returned {
        assert_eq!(
            other, &returned[0],
            "of 16 concurrent attempts one is stored and returned to all callers"
        );
    }
}

/// Proves that erased data is gone and can be written again, and that other sessions' data stays.
pub(super) async fn erase(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    let (id, other) = (session(ledger, ids).await, session(ledger, ids).await);
    let attempt = |number: i64| Attempt { receipt: format!("message #{number}"), at: at(number) };
    for of in [&id, &other] {
        for (chunk, first) in [(0, 0), (1, 100), (11, 1_100)] {
            // More items than one request to a table changes.
            let results = (first..first + 40).map(|index| (chunk, index, result(index))).collect();
            ok(ledger.put_results(of, results).await, "put_results");
            ok(ledger.add_done(of, chunk, &set(first..first + 40)).await, "add_done");
        }
        for file in [3, 1_130] {
            ok(ledger.record_attempt(of, file, attempt(1)).await, "record_attempt");
        }
    }
    let before = ok(ledger.session(&id).await, "session");
    for _ in 0..2 {
        ok(ledger.erase(&id, 12).await, "erase (repeated once)");
        for chunk in [0, 1, 11] {
            assert_eq!(ok(ledger.results(&id, chunk).await, "results"), [], "results are removed");
            assert_eq!(ok(ledger.done(&id, chunk).await, "done"), set([]), "sets are removed");
        }
    }
    assert_eq!(ok(ledger.session(&id).await, "session"), before, "the session itself is kept");
    for chunk in [0, 1, 11] {
        assert_eq!(
            ok(ledger.results(&other, chunk).await, "results").len(),
            40,
            "another session's results are kept"
        );
        assert_eq!(ok(ledger.done(&other, chunk).await, "done").len(), 40, "another session's sets are kept");
    }
    for file in [3, 1_130] {
        let anew = ok(ledger.record_attempt(&id, file, attempt(2)).await, "record_attempt");
        assert_eq!(anew, attempt(2), "attempts are removed");
        let kept = ok(ledger.record_attempt(&other, file, attempt(2)).await, "record_attempt");
        assert_eq!(kept, attempt(1), "another session's attempts are kept");
    }
    ok(ledger.put_result(&id, 0, 7, result(7)).await, "put_result");
    assert_eq!(
        ok(ledger.results(&id, 0).await, "results"),
        [(7, result(7))],
        "results stored after the removal are kept"
    );
    let nobody = SessionId(ids.fresh());
    ok(ledger.erase(&nobody, 3).await, "erase of an unknown session");
    assert_eq!(ok(ledger.session(&nobody).await, "session"), None, "erase does not create a session");
}
