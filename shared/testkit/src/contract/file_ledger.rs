//! What a ledger of files promises, except the changes one by one (see `file_walk`) and its lists (see `file_lists`).

use futures::future::join_all;
use riffle_ports::{
    Changed, File, FileChange, FileId, FileLedger, FileState, Ids, NotChanged, ObjectRef, Outgoing,
};

use super::{at, ok};

pub(super) fn new_file(ids: &dyn Ids, tenant: &str) -> File {
    let id = ids.fresh();
    File {
        tenant: tenant.to_owned(),
        name: "Kontoauszug März \"2026\" 漢字 🦀.csv".to_owned(),
        object: Some(ObjectRef {
            bucket: "uploads".to_owned(),
            key: format!("statements/{tenant}/Ünïcode + {id}"),
            version: Some("3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo".to_owned()),
            etag: "d41d8cd98f00b204e9800998ecf8427e-3".to_owned(),
        }),
        id: FileId(id),
        size: 5_000_000_000,
        account: Some("DE02 1203 0000 0000 2020 51".to_owned()),
        state: FileState::Received,
        received_at: at(1),
        changed_at: at(1),
        lease: None,
        attempts: 0,
        parts: 0,
        body: "{}".to_owned(),
        revision: 1,
        unsettled: false,
    }
}

pub(super) fn outgoing(ids: &dyn Ids, file: &File, milliseconds: i64) -> Outgoing {
    Outgoing {
        event_id: ids.fresh(),
        event_type: "file.processed".to_owned(),
        tenant: file.tenant.clone(),
        file: file.id.clone(),
        at: at(milliseconds),
        detail: "{\"odd\":\"Ä 漢字 🦀 \\\" \\\\ <&>\"}".to_owned(),
    }
}

pub(super) fn begin(token: &str, until: i64) -> FileChange {
    FileChange::Begin { token: token.to_owned(), until: at(until) }
}

/// Of `file` as it is.
pub(super) fn finish(file: &File, token: &str, body: &str) -> FileChange {
    let (token, body) = (token.to_owned(), body.to_owned());
    FileChange::Finish { token, revision: file.revision, state: FileState::Processed, body, parts: 2 }
}

/// Of `file` as it is.
pub(super) fn fail(file: &File) -> FileChange {
    FileChange::Fail { revision: file.revision, body: "{}".to_owned() }
}

/// Changes `file` at so many milliseconds, and says what it is then.
pub(super) async fn applied(
    ledger: &dyn FileLedger,
    file: &File,
    change: FileChange,
    milliseconds: i64,
    announce: &[Outgoing],
) -> File {
    let what = format!("{change:?}");
    match ok(ledger.change(&file.tenant, &file.id, change, at(milliseconds), announce).await, "change") {
        Changed::Applied(file) => file,
        other => panic!("{what} must be applied, and was {other:?}"),
    }
}

/// The file and what it has to announce go away, so that nobody's list is full of them.
pub(super) async fn tidy(ledger: &dyn FileLedger, file: &File) {
    let change = async |change| {
        let changed = ok(ledger.change(&file.tenant, &file.id, change, at(9_000_000), &[]).await, "change");
        match changed {
            Changed::Applied(file) | Changed::Refused(file, _) => file.revision,
            Changed::NoFile => 0,
        }
    };
    let revision = change(FileChange::Delete).await;
    change(FileChange::Deleted { revision }).await;
    change(FileChange::Settled).await;
    let left = ok(ledger.outbox_of(&file.tenant, &file.id).await, "outbox_of");
    ok(ledger.announced(&left).await, "announced");
}

pub(super) async fn creation(ledger: &dyn FileLedger, ids: &dyn Ids) {
    let first = new_file(ids, "contract");
    assert_eq!(ok(ledger.create(first.clone()).await, "create"), None, "create of a free id");
    let second = File { name: "another".to_owned(), size: 7, ..first.clone() };
    let taken = ok(ledger.create(second).await, "create");
    assert_eq!(taken.as_ref(), Some(&first), "create of a taken id returns the file that has it");
    let stored = ok(ledger.file("contract", &first.id).await, "file");
    assert_eq!(stored.as_ref(), Some(&first), "create of a taken id changes nothing");

    let begun = applied(ledger, &first, begin("a", 100), 2, &[]).await;
    let taken = ok(ledger.create(first.clone()).await, "create");
    assert_eq!(taken, Some(begun), "create of a taken id returns the file as it is by now");

    let bare = File {
        object: Some(ObjectRef {
            bucket: "b".to_owned(),
            key: "k".to_owned(),
            version: None,
            etag: String::new(),
        }),
        name: String::new(),
        account: None,
        size: 0,
        body: String::new(),
        ..new_file(ids, "contract")
    };
    ok(ledger.create(bare.clone()).await, "create");
    let stored = ok(ledger.file("contract", &bare.id).await, "file");
    assert_eq!(stored.as_ref(), Some(&bare), "what is empty or not there comes back so");

    let id = FileId(ids.fresh());
    let contenders: Vec<File> = (0..16)
        .map(|number| File { id: id.clone(), name: format!("{number}"), ..new_file(ids, "contract") })
        .collect();
    let outcomes = join_all(contenders.iter().map(|file| ledger.create(file.clone()))).await;
    let stored = ok(ledger.file("contract", &id).await, "file").expect("one of 16 was created");
    let mut winners = 0;
    for (file, outcome) in contenders.iter().zip(outcomes) {
        match ok(outcome, "create") {
            None => {
                winners += 1;
                assert_eq!(&stored, file, "the one who created it is not the one who is stored");
            }
            Some(other) => assert_eq!(other, stored, "a loser got another file than the stored one"),
        }
    }
    assert_eq!(winners, 1, "of 16 creates of one id exactly one may win");
    for file in [&first, &bare, &stored] {
        tidy(ledger, file).await;
    }
}

/// A file that never was, or is somebody else's.
pub(super) async fn absence(ledger: &dyn FileLedger, ids: &dyn Ids) {
    let file = new_file(ids, "contract");
    let event = outgoing(ids, &file, 1);
    ok(ledger.create(file.clone()).await, "create");
    for (tenant, id) in [("contract", FileId(ids.fresh())), ("contract two", file.id.clone())] {
        assert_eq!(ok(ledger.file(tenant, &id).await, "file"), None, "a file that is not there");
        let outcome = ledger.change(tenant, &id, FileChange::Delete, at(2), std::slice::from_ref(&event));
        assert_eq!(ok(outcome.await, "change"), Changed::NoFile, "a change of a file that is not there");
        assert_eq!(ok(ledger.file(tenant, &id).await, "file"), None, "a change made a file");
        assert_eq!(ok(ledger.outbox_of(tenant, &id).await, "outbox_of"), [], "nothing to announce");
    }
    let stored = ok(ledger.file("contract", &file.id).await, "file");
    assert_eq!(stored.as_ref(), Some(&file), "another tenant changes nothing");
    let left = ok(ledger.outbox_of("contract", &file.id).await, "outbox_of");
    assert_eq!(left, [], "another tenant announces nothing");
    tidy(ledger, &file).await;
}

/// Long and odd texts come back as they went in.
pub(super) async fn content(ledger: &dyn FileLedger, ids: &dyn Ids) {
    let file = File {
        name: "tab\t\"quoted\" \\ \u{202e}'; --".to_owned(),
        ..new_file(ids, "tenant/with #odd% signs'\"; --")
    };
    ok(ledger.create(file.clone()).await, "create");
    let body = format!("{{\"warnings\":[\"{}\"]}}", "Ä\\u0000漢🦀\\n".repeat(6_000));
    let begun = applied(ledger, &file, begin("a token", 100_000), 2, &[]).await;
    let done = applied(ledger, &file, finish(&begun, "a token", &body), 3, &[]).await;
    assert_eq!(done.body, body, "a long body is kept");
    let stored = ok(ledger.file(&file.tenant, &file.id).await, "file");
    assert_eq!(stored, Some(done), "what a change returns is what is stored");
    tidy(ledger, &file).await;
}

/// What is to be announced is stored with the change or not at all.
pub(super) async fn outbox(ledger: &dyn FileLedger, ids: &dyn Ids) {
    let file = new_file(ids, "contract");
    ok(ledger.create(file.clone()).await, "create");
    let (early, refused) = (outgoing(ids, &file, 5), outgoing(ids, &file, 5));
    let large = Outgoing {
        detail: format!("{{\"large\":\"{}\"}}", "x".repeat(Outgoing::MAX_DETAIL - 12)),
        ..outgoing(ids, &file, 6)
    };
    assert_eq!(large.detail.len(), Outgoing::MAX_DETAIL, "as large as may be");
    let begun = applied(ledger, &file, begin("one", 1_000), 5, std::slice::from_ref(&early)).await;
    let outcome = ledger.change(&file.tenant, &file.id, begin("two", 9), at(5), &[refused]).await;
    assert!(
        matches!(ok(outcome, "change"), Changed::Refused(_, NotChanged::Token)),
        "somebody else is at work"
    );
    assert_outbox(ledger, &file, &[&early], "a change that is refused announces nothing").await;
    applied(ledger, &file, finish(&begun, "one", "{}"), 6, std::slice::from_ref(&large)).await;
    assert_outbox(ledger, &file, &[&early, &large], "each change adds what it announces").await;

    let unknown = outgoing(ids, &file, 5);
    ok(ledger.announced(&[]).await, "announced nothing");
    ok(ledger.announced(&[early.clone(), unknown]).await, "announced, one of which never lay there");
    assert_outbox(ledger, &file, &[&large], "what was announced leaves").await;
    ok(ledger.announced(std::slice::from_ref(&early)).await, "announced again");

    // The same happening, told with another change: it is one event.
    let again = applied(ledger, &file, FileChange::Delete, 7, std::slice::from_ref(&large)).await;
    assert_eq!(again.state, FileState::Deleting);
    assert_outbox(ledger, &file, &[&large], "an event lies there once").await;
    ok(ledger.announced(&[large]).await, "announced");
    assert_outbox(ledger, &file, &[], "all was announced").await;
    let stored = ok(ledger.file(&file.tenant, &file.id).await, "file");
    assert_eq!(stored, Some(again), "announcing does not change the file");
    tidy(ledger, &file).await;
}

async fn assert_outbox(ledger: &dyn FileLedger, file: &File, expected: &[&Outgoing], what: &str) {
    let mut lying = ok(ledger.outbox_of(&file.tenant, &file.id).await, "outbox_of");
    let mut expected: Vec<Outgoing> = expected.iter().map(|event| (*event).clone()).collect();
    for events in [&mut lying, &mut expected] {
        events.sort_by(|one, two| one.event_id.cmp(&two.event_id));
    }
    // Compared first: a quarter of a megabyte in a message helps nobody.
    assert!(lying == expected, "{what}: {} events lie there, {} expected", lying.len(), expected.len());
}

/// Of many who want the same at once, one gets it, and what is announced is that one's.
pub(super) async fn one_wins(ledger: &dyn FileLedger, ids: &dyn Ids) {
    let file = new_file(ids, "contract");
    ok(ledger.create(file.clone()).await, "create");
    let winner = assert_single(ledger, ids, &file, |number| begin(&format!("{number}"), 1_000)).await;
    let token = winner.lease.as_ref().expect("who begins holds a lease").token.clone();
    let done = |number: u32| finish(&winner, &token, &format!("{{\"by\":{number}}}"));
    let winner = assert_single(ledger, ids, &file, done).await;
    let revision = winner.revision;
    let note = |number: u32| FileChange::Note { revision, body: format!("{{\"note\":{number}}}") };
    assert_single(ledger, ids, &file, note).await;
    let revision = assert_single(ledger, ids, &file, |_| FileChange::Delete).await.revision;
    assert_single(ledger, ids, &file, |_| FileChange::Deleted { revision }).await;
    assert_single(ledger, ids, &file, |_| FileChange::Settled).await;
    tidy(ledger, &file).await;
}

async fn assert_single(
    ledger: &dyn FileLedger,
    ids: &dyn Ids,
    file: &File,
    change: impl Fn(u32) -> FileChange,
) -> File {
    let what = format!("{:?}", change(0));
    let events: Vec<[Outgoing; 1]> = (0..16).map(|_| [outgoing(ids, file, 5)]).collect();
    let calls =
        (0..).zip(&events).map(|(n, event)| ledger.change(&file.tenant, &file.id, change(n), at(5), event));
    let outcomes = join_all(calls).await;
    let stored = ok(ledger.file(&file.tenant, &file.id).await, "file").expect("the file exists");
    let mut winners = Vec::new();
    for (outcome, event) in outcomes.into_iter().zip(&events) {
        match ok(outcome, "change") {
            Changed::Applied(file) => {
                assert_eq!(file, stored, "{what}: the winner saw another file than the stored one");
                winners.push(event[0].clone());
            }
            Changed::Refused(file, _) => {
                assert_eq!(file, stored, "{what}: a loser saw another file than the stored one");
            }
            Changed::NoFile => panic!("{what}: the file is there"),
        }
    }
    assert_eq!(winners.len(), 1, "of 16 who {what} at once exactly one may succeed");
    assert_outbox(ledger, file, &[&winners[0]], "what is announced is the winner's").await;
    ok(ledger.announced(&winners).await, "announced");
    stored
}
