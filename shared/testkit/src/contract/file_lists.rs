//! What a ledger of files promises of its lists.

use std::cmp::Reverse;

use riffle_ports::{File, FileChange, FileId, FileLedger, FileListedAt, FileState, Ids, Outgoing};

use super::file_ledger::{applied, begin, fail, finish, new_file, outgoing, tidy};
use super::{at, ok};

/// An index that is eventually right is asked as often as this.
const PATIENCE: usize = 200;
/// More than lie there.
const MANY: u32 = 10_000;
/// The states in which somebody may still have to do something.
const OPEN: [FileState; 4] =
    [FileState::Received, FileState::Processing, FileState::Deleting, FileState::Deleted];

/// All pages of a tenant's files, once so many are in the index.
async fn listed(ledger: &dyn FileLedger, tenant: &str, limit: u32, expected: usize) -> Vec<File> {
    let mut all = Vec::new();
    for _ in 0..PATIENCE {
        all.clear();
        loop {
            let after = all.last().map(FileListedAt::from);
            let page = ok(ledger.files(tenant, after.as_ref(), limit).await, "files");
            assert!(page.len() <= limit as usize, "a page of {limit} has {}", page.len());
            assert!(all.len() <= expected, "{tenant} has more files than were created: {all:?}");
            let last = page.len() < limit as usize;
            all.extend(page);
            if last {
                break;
            }
        }
        if all.len() == expected {
            break;
        }
    }
    all
}

/// Newest first, in pages of any size, one tenant's alone.
pub(super) async fn pages(ledger: &dyn FileLedger, ids: &dyn Ids) {
    let (tenant, other) = (format!("one {}", ids.fresh()), format!("two {}", ids.fresh()));
    // Several of one moment, and moments that only their nanoseconds or a whole second tell apart.
    let times = [at(5), at(1_000), at(1_000), at(1_000), at(999), at(60_000), at(2_000), at(1_001)];
    let mut expected = Vec::new();
    for received_at in times {
        let file = File { received_at, changed_at: received_at, ..new_file(ids, &tenant) };
        ok(ledger.create(file.clone()).await, "create");
        ok(ledger.create(file.clone()).await, "create again");
        expected.push(file);
        ok(ledger.create(File { received_at, ..new_file(ids, &other) }).await, "create");
    }
    expected.sort_by_key(|file| Reverse(FileListedAt::from(file)));
    for limit in [1, 2, 3, 8, 100] {
        let listed = listed(ledger, &tenant, limit, expected.len()).await;
        assert_eq!(listed, expected, "in pages of {limit}, newest first");
    }
    // A place in the order need not be anybody's.
    let nobody = FileListedAt { received_at: at(1_500), id: FileId(ids.fresh()) };
    let older = ok(ledger.files(&tenant, Some(&nobody), 100).await, "files");
    assert_eq!(older, expected[2..], "those received before a moment");
    let nothing = ok(ledger.files(&format!("nobody {}", ids.fresh()), None, 10).await, "files");
    assert_eq!(nothing, [], "a tenant without files");
    for file in expected.iter().chain(&listed(ledger, &other, 100, times.len()).await) {
        tidy(ledger, file).await;
    }
}

/// The list shows files as they are, deleted ones too.
pub(super) async fn shown(ledger: &dyn FileLedger, ids: &dyn Ids) {
    let tenant = format!("tenant {}", ids.fresh());
    let file = new_file(ids, &tenant);
    ok(ledger.create(file.clone()).await, "create");
    let revision = applied(ledger, &file, FileChange::Delete, 2, &[]).await.revision;
    let deleted = applied(ledger, &file, FileChange::Deleted { revision }, 3, &[]).await;
    for _ in 0..PATIENCE {
        let listed = listed(ledger, &tenant, 10, 1).await;
        assert_eq!(listed.len(), 1, "a file stays listed when it is deleted: that it was there is left");
        if listed[0].state == FileState::Deleted {
            assert_eq!(listed[0], deleted, "the list shows what is stored");
            return;
        }
    }
    panic!("the list does not show that a file is deleted");
}

/// The sweep finds what somebody is still to do something about, and since when.
pub(super) async fn unfinished(ledger: &dyn FileLedger, ids: &dyn Ids) {
    let files: Vec<File> = (0..9).map(|_| new_file(ids, &format!("tenant {}", ids.fresh()))).collect();
    for file in &files {
        ok(ledger.create(file.clone()).await, "create");
    }
    let [received, processing, deleting, processed, failed, deleted, settled, rejected, begun_again] =
        &files[..]
    else {
        panic!("nine files");
    };
    let mut begun = processing.clone();
    for file in [processing, deleting, processed, failed, rejected, begun_again] {
        // Each is as old as the others.
        begun = applied(ledger, file, begin("a", 50), 2, &[]).await;
    }
    applied(ledger, processed, finish(&begun, "a", "{}"), 3, &[]).await;
    let reject = FileChange::Finish {
        token: "a".to_owned(),
        revision: begun.revision,
        state: FileState::Rejected,
        body: String::new(),
        parts: 0,
    };
    applied(ledger, rejected, reject, 3, &[]).await;
    for file in [failed, begun_again] {
        applied(ledger, file, fail(&begun), 3, &[]).await;
    }
    applied(ledger, begun_again, begin("b", 500), 4, &[]).await;
    applied(ledger, deleting, FileChange::Delete, 60, &[]).await;
    for file in [deleted, settled] {
        let revision = applied(ledger, file, FileChange::Delete, 60, &[]).await.revision;
        applied(ledger, file, FileChange::Deleted { revision }, 70, &[]).await;
    }
    applied(ledger, settled, FileChange::Settled, 80, &[]).await;

    let open = [received, processing, deleting, deleted, begun_again];
    let ended = [processed, failed, settled, rejected];
    assert_unfinished(ledger, 1_000, &open, &ended, "what is open, and nothing else").await;
    let young = [deleting, processed, failed, deleted, rejected];
    assert_unfinished(ledger, 60, &[received, processing, begun_again], &young, "changed before a moment")
        .await;
    let young = [processing, deleting, begun_again, processed, failed, deleted, rejected];
    assert_unfinished(ledger, 2, &[received], &young, "what was changed at the moment itself is not old")
        .await;
    for state in OPEN {
        let one = ok(ledger.unfinished(state, at(1_000), 1).await, "unfinished");
        assert_eq!(one.len(), 1, "as many as asked for, whatever is open beside them");
        assert_eq!(one[0].state, state, "those of another state are not asked for");
    }

    // A new lease is a change: whoever is at work is left alone.
    let extend = FileChange::Extend { token: "b".to_owned(), until: at(5_000), parts: 1 };
    applied(ledger, begun_again, extend, 900, &[]).await;
    let open = [received, processing, deleting, deleted];
    assert_unfinished(ledger, 900, &open, &[begun_again], "who goes on is young again").await;
    for file in &files {
        tidy(ledger, file).await;
    }
}

async fn assert_unfinished(
    ledger: &dyn FileLedger,
    before: i64,
    there: &[&File],
    not_there: &[&File],
    what: &str,
) {
    let mut listed = Vec::new();
    for _ in 0..PATIENCE {
        listed.clear();
        for state in OPEN {
            let of_it = ok(ledger.unfinished(state, at(before), MANY).await, "unfinished");
            assert!(of_it.iter().all(|file| file.state == state), "{what}: only {state:?} was asked for");
            listed.extend(of_it);
        }
        let position = |file: &File| listed.iter().filter(|other| other.id == file.id).count();
        if there.iter().all(|file| position(file) == 1) && not_there.iter().all(|file| position(file) == 0) {
            for file in there {
                let stored = ok(ledger.file(&file.tenant, &file.id).await, "file");
                let listed = listed.iter().find(|other| other.id == file.id);
                assert_eq!(listed, stored.as_ref(), "{what}: the file is listed as it is");
            }
            return;
        }
    }
    let states: Vec<FileState> = listed.iter().map(|file| file.state).collect();
    panic!("{what}: wanted {there:?} and not {not_there:?}, listed are {states:?}");
}

/// The sweep finds what was not announced in time, whosever it is.
pub(super) async fn old_outbox(ledger: &dyn FileLedger, ids: &dyn Ids) {
    let files: Vec<File> = (0..3).map(|_| new_file(ids, &format!("tenant {}", ids.fresh()))).collect();
    let mut lying = Vec::new();
    for (file, time) in files.iter().zip([5, 6, 900]) {
        ok(ledger.create(file.clone()).await, "create");
        let events = [outgoing(ids, file, time), outgoing(ids, file, time)];
        applied(ledger, file, begin("a", 5_000), time, &events).await;
        lying.extend(events);
    }
    assert_lying(ledger, 901, &lying, &[], "all are old").await;
    assert_lying(ledger, 900, &lying[..4], &lying[4..], "what lies there since the moment itself is not old")
        .await;
    assert_lying(ledger, 6, &lying[..2], &lying[2..], "two are old").await;
    let few = ok(ledger.outbox(at(901), 3).await, "outbox");
    assert_eq!(few.len(), 3, "as many as asked for, of six or more");
    ok(ledger.announced(&lying[..3]).await, "announced");
    assert_lying(ledger, 901, &lying[3..], &lying[..3], "what was announced is gone").await;
    for file in &files {
        tidy(ledger, file).await;
    }
    assert_lying(ledger, 901, &[], &lying, "all is announced").await;
}

async fn assert_lying(
    ledger: &dyn FileLedger,
    before: i64,
    there: &[Outgoing],
    not_there: &[Outgoing],
    what: &str,
) {
    for _ in 0..PATIENCE {
        let lying = ok(ledger.outbox(at(before), MANY).await, "outbox");
        let times = |event: &&Outgoing| lying.iter().filter(|other| other == event).count();
        if there.iter().all(|event| times(&event) == 1) && not_there.iter().all(|event| times(&event) == 0) {
            return;
        }
    }
    panic!(
        "{what}: of {} events those before {before} ms are not the ones found",
        there.len() + not_there.len()
    );
}
