//! The contract suite for storages to which clients upload files.

use async_trait::async_trait;
use riffle_ports::{Completed, Entry, Ids, PostForm, ReadError, ReceivedFile, UploadStorage, read_all};

use super::{assert_broken, ok};

/// A storage and a client that sends to its URLs.
#[async_trait]
pub trait SenderHarness: Send + Sync {
    fn storage(&self) -> &dyn UploadStorage;

    /// Sends a form. Returns whether it was accepted.
    async fn post(&self, form: &PostForm, content: &[u8]) -> bool;

    /// Sends a part. Returns its `ETag` if it was accepted.
    async fn put(&self, url: &str, content: &[u8]) -> Option<String>;

    /// Lets every URL and form created so far expire.
    async fn expire(&self);
}

fn key(ids: &dyn Ids) -> String {
    format!("contract/{}/0000001", ids.fresh())
}

fn entry(received: &ReceivedFile) -> Entry {
    Entry {
        name: "odd/../name".to_owned(),
        locator: "1".to_owned(),
        size: received.size,
        version: received.version.clone(),
    }
}

/// Checks everything that [`UploadStorage`] promises, except behaviour that takes a day to show.
///
/// # Panics
/// If a promise is broken.
pub async fn upload_storage(harness: &dyn SenderHarness, ids: &dyn Ids) {
    whole_files(harness, ids).await;
    parts(harness, ids).await;
    removal(harness, ids).await;
    addresses(harness, ids).await;
}

async fn content(storage: &dyn UploadStorage, key: &str) -> Vec<u8> {
    let received = ok(storage.received(key).await, "received").expect("a file was received");
    let opened = ok(storage.open(key, &entry(&received)).await, "open");
    let content = ok(read_all(&*opened), "read");
    assert_eq!(content.len() as u64, received.size, "the stated size is that of the content");
    content.to_vec()
}

async fn whole_files(harness: &dyn SenderHarness, ids: &dyn Ids) {
    let (storage, key) = (harness.storage(), key(ids));
    assert_eq!(
        ok(storage.received(&key).await, "received"),
        None,
        "a file that was not uploaded is not found"
    );
    let form = ok(storage.form(&key, 5).await, "form");
    for wrong in [&b""[..], b"1234", b"123456"] {
        assert!(!harness.post(&form, wrong).await, "{} bytes instead of 5 must be refused", wrong.len());
        assert_eq!(ok(storage.received(&key).await, "received"), None, "a refused upload is not stored");
    }
    assert!(harness.post(&form, b"12345").await, "content of the declared size is accepted");
    assert_eq!(content(storage, &key).await, b"12345");

    let before = ok(storage.received(&key).await, "received").expect("the uploaded file exists");
    assert!(harness.post(&form, b"54321").await, "a file can be uploaded again");
    assert_eq!(content(storage, &key).await, b"54321", "a repeated upload replaces the file");
    let stale = storage.open(&key, &entry(&before)).await.err();
    assert_eq!(stale, Some(ReadError::Changed), "a file that was uploaded again has another version");

    let empty = self::key(ids);
    let form = ok(storage.form(&empty, 0).await, "form");
    assert!(harness.post(&form, b"").await, "an empty file is accepted");
    assert_eq!(content(storage, &empty).await, b"");
    assert_broken(&storage.form("../x", 1).await, "form for an invalid key");
}

async fn parts(harness: &dyn SenderHarness, ids: &dyn Ids) {
    let (storage, key) = (harness.storage(), key(ids));
    let begun = ok(storage.begin(&key).await, "begin");
    // 5 MiB, the minimum size that a cloud accepts for a part other than the last.
    let pieces = [vec![b'a'; 5 << 20], vec![b'b'; 5 << 20], b"the end".to_vec()];
    let size = pieces.iter().map(Vec::len).sum::<usize>() as u64;
    let mut sent = Vec::new();
    for (number, piece) in (1..).zip(&pieces) {
        let url = ok(storage.part(&key, &begun, number, piece.len() as u64).await, "part");
        assert_eq!(harness.put(&url, &piece[1..]).await, None, "a part of another size must be refused");
        let first = harness.put(&url, piece).await.expect("a part of the declared size is accepted");
        let etag = harness.put(&url, piece).await.expect("a part can be sent again");
        assert!(!first.is_empty());
        sent.push((number, etag));
    }
    assert_eq!(
        ok(storage.received(&key).await, "received"),
        None,
        "a file does not exist before its parts are completed"
    );
    let without_last = &sent[..2];
    let swapped = [sent[1].clone(), sent[0].clone(), sent[2].clone()];
    let mut wrong = sent.clone();
    wrong[0].1.insert(1, '0');
    for (refused, why) in [(without_last, "not all"), (&swapped, "out of order"), (&wrong, "another ETag")] {
        let outcome = ok(storage.complete(&key, &begun, refused, size).await, "complete");
        assert!(matches!(outcome, Completed::Refused(_)), "completion must be refused: {why}");
        assert_eq!(ok(storage.received(&key).await, "received"), None, "a refused completion stores nothing");
    }
    let outcome = ok(storage.complete(&key, &begun, &sent, size).await, "complete");
    assert_eq!(outcome, Completed::Done);
    assert!(
        content(storage, &key).await == pieces.concat(),
        "parts are joined in the order of their numbers"
    );

    let begun = ok(storage.begin(&key).await, "begin");
    let url = ok(storage.part(&key, &begun, 1, 3).await, "part");
    let etag = harness.put(&url, b"xyz").await.expect("a part of the declared size is accepted");
    ok(storage.abort(&key, &begun).await, "abort");
    ok(storage.abort(&key, &begun).await, "abort again");
    let outcome = ok(storage.complete(&key, &begun, &[(1, etag)], 3).await, "complete");
    assert!(matches!(outcome, Completed::Refused(_)), "an aborted upload cannot be completed");
    assert_eq!(harness.put(&url, b"xyz").await, None, "an aborted upload accepts no parts");
}

/// Proves that all files below a folder are removed, and no others.
async fn removal(harness: &dyn SenderHarness, ids: &dyn Ids) {
    let storage = harness.storage();
    let folder = format!("contract/{}", ids.fresh());
    ok(storage.remove(&folder).await, "remove of an unknown folder");
    let below = [format!("{folder}/files/1"), format!("{folder}/2")];
    let beside = [format!("{folder}x/files/1"), format!("{folder}-1")];
    for key in below.iter().chain(&beside) {
        let form = ok(storage.form(key, 3).await, "form");
        assert!(harness.post(&form, b"xyz").await, "the file is accepted");
    }
    for _ in 0..2 {
        ok(storage.remove(&folder).await, "remove (repeated once)");
    }
    for key in &below {
        assert_eq!(ok(storage.received(key).await, "received"), None, "{key} is removed");
    }
    for key in &beside {
        assert_eq!(content(storage, key).await, b"xyz", "{key} is outside the folder and must be kept");
    }
    let form = ok(storage.form(&below[0], 3).await, "form");
    assert!(harness.post(&form, b"abc").await, "a removed file can be uploaded again");
    assert_eq!(content(storage, &below[0]).await, b"abc");
    assert_broken(&storage.remove("../x").await, "remove of an invalid key");
}

async fn addresses(harness: &dyn SenderHarness, ids: &dyn Ids) {
    let (storage, key) = (harness.storage(), key(ids));
    let form = ok(storage.form(&key, 3).await, "form");
    for field in form.fields.keys() {
        let mut forged = form.clone();
        forged.fields.insert(field.clone(), "0".to_owned());
        assert!(!harness.post(&forged, b"xyz").await, "a form with a changed {field} must be refused");
    }
    let begun = ok(storage.begin(&key).await, "begin");
    let url = ok(storage.part(&key, &begun, 1, 3).await, "part");
    // The part number is in the path or in the query.
    let forged = url.replace("/1?", "/2?").replace("partNumber=1&", "partNumber=2&");
    assert_ne!(forged, url, "an address states the number of its part");
    assert_eq!(
        harness.put(&forged, b"xyz").await,
        None,
        "an address changed to another part must be refused"
    );
    harness.expire().await;
    assert!(!harness.post(&form, b"xyz").await, "an expired form must be refused");
    assert_eq!(harness.put(&url, b"xyz").await, None, "an expired address must be refused");
    assert_eq!(ok(storage.received(&key).await, "received"), None, "a refused upload is not stored");
}
