//! The contract suite for file sources.

use async_trait::async_trait;
use bytes::Bytes;
use riffle_ports::{Entry, FileSource, ReadError, Source, SourceError};

use super::ok;

/// Creates places that hold files, and changes them. Its methods panic on errors.
#[async_trait]
pub trait PlaceHarness: Send + Sync {
    fn files(&self) -> &dyn FileSource;

    /// Creates a place that holds these files, given as names, which may contain `/`, and contents.
    async fn place(&self, files: Vec<(String, Vec<u8>)>) -> Source;

    /// Returns a place that does not exist.
    fn nowhere(&self) -> Source;

    /// Changes the content of one file. This must make a new version even if the size stays the same.
    async fn change(&self, place: &Source, name: &str, content: &[u8]);

    async fn remove(&self, place: &Source, name: &str);
}

/// Checks everything that [`FileSource`] promises.
///
/// # Panics
/// If a promise is broken.
pub async fn file_source(harness: &dyn PlaceHarness) {
    content(harness).await;
    names(harness).await;
    pages(harness).await;
    versions(harness).await;

    let listed = harness.files().list(&harness.nowhere()).await;
    match listed {
        Err(SourceError::Refused(text)) => assert!(!text.is_empty(), "a refusal states a reason"),
        Err(error) => {
            panic!("listing a place that does not exist must be refused, but failed with {error:?}")
        }
        Ok(_) => panic!("a place that does not exist was listed"),
    }
}

/// Lists all entries of a place, page by page.
async fn list(files: &dyn FileSource, place: &Source) -> Vec<Entry> {
    let mut listing = ok(files.list(place).await, "list");
    let mut entries = Vec::new();
    while let Some(page) = ok(listing.next().await, "next page") {
        assert!(page.len() <= 1_000, "a page of {} entries", page.len());
        entries.extend(page);
        assert!(entries.len() < 100_000, "the listing does not end");
    }
    entries
}

/// Opens a file and reads it, as a worker does.
async fn content_of(files: &dyn FileSource, place: &Source, entry: &Entry) -> Result<Bytes, ReadError> {
    let opened = files.open(place, entry).await?;
    riffle_ports::read_all(&*opened)
}

async fn content(harness: &dyn PlaceHarness) {
    let files = harness.files();
    let empty = harness.place(Vec::new()).await;
    assert_eq!(list(files, &empty).await, [], "an empty place has no entries");

    let contents = [
        ("empty.txt", Vec::new()),
        ("every-byte.bin", (0..=255).collect()),
        ("large.bin", (0..3_000_000_u32).map(|at| at.wrapping_mul(0x9E37_79B1).to_be_bytes()[0]).collect()),
    ];
    let place = harness
        .place(contents.iter().map(|(name, content)| ((*name).to_owned(), content.clone())).collect())
        .await;
    let entries = list(files, &place).await;
    assert_eq!(entries.len(), 3, "each file has one entry: {entries:?}");
    for (name, content) in &contents {
        let entry = entry(&entries, name);
        assert_eq!(entry.size, content.len() as u64, "the entry states the size of {name}");
        let read = ok(content_of(files, &place, entry).await, "read");
        assert!(read == *content, "{name} does not read as it was written");
    }
}

/// Proves that any file name is listed unchanged, relative to the place, and can be opened.
async fn names(harness: &dyn PlaceHarness) {
    let names = [
        "a.pdf",
        "sub/a.pdf",
        "sub/deeper/a.pdf",
        "with space & more.pdf",
        "100%25 sure#1?.pdf",
        "Zeichnung Ä 漢字 🦀.pdf",
        "=cmd|'.xlsx",
        "back\\slash.txt",
        "+plus.txt",
    ];
    let place = harness
        .place(names.iter().map(|name| ((*name).to_owned(), name.as_bytes().to_vec())).collect())
        .await;
    let entries = list(harness.files(), &place).await;
    let mut listed: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let mut expected = names.to_vec();
    listed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(listed, expected, "names are relative to the place and use / as separator");
    for name in names {
        let read = ok(content_of(harness.files(), &place, entry(&entries, name)).await, "read");
        assert_eq!(read, name.as_bytes(), "the content of {name} is that of another file");
    }
}

/// Proves that a place of several pages is listed in the same order each time.
async fn pages(harness: &dyn PlaceHarness) {
    let names: Vec<String> = (0..2_345).map(|number| format!("{}/{number}.txt", number % 7)).collect();
    let place = harness.place(names.iter().map(|name| (name.clone(), Vec::new())).collect()).await;
    let first = list(harness.files(), &place).await;
    let second = list(harness.files(), &place).await;
    assert_eq!(first.len(), names.len(), "each file has one entry");
    assert!(first == second, "two listings of an unchanged place are equal, including their order");
    let mut listed: Vec<&String> = first.iter().map(|entry| &entry.name).collect();
    listed.sort();
    listed.dedup();
    assert_eq!(listed.len(), names.len(), "each file is listed once");

    // Two listings at the same time do not affect each other.
    let mut one = ok(harness.files().list(&place).await, "list");
    let mut two = ok(harness.files().list(&place).await, "list");
    let pages = (ok(one.next().await, "next page"), ok(two.next().await, "next page"));
    assert!(pages.0 == pages.1, "a second listing starts at the beginning");
}

async fn versions(harness: &dyn PlaceHarness) {
    let files = harness.files();
    let named = ["changed", "grown", "removed", "same"].map(|name| (name.to_owned(), b"before".to_vec()));
    let place = harness.place(named.to_vec()).await;
    let entries = list(files, &place).await;
    let open = ok(files.open(&place, entry(&entries, "changed")).await, "open");
    // As long as before: the length alone does not show the change.
    harness.change(&place, "changed", b"after!").await;
    harness.change(&place, "grown", b"longer than before").await;
    harness.remove(&place, "removed").await;

    // A reader gets either the whole content as it was listed or an error saying that the file has changed.
    if let Ok(content) = riffle_ports::read_all(&*open) {
        assert_eq!(
            content, "before",
            "a file opened before it was changed has its old content, if it can be read at all"
        );
    }

    let read = content_of(files, &place, entry(&entries, "changed")).await;
    assert_eq!(
        read,
        Err(ReadError::Changed),
        "opening a file that changed after the listing fails with Changed"
    );
    let read = content_of(files, &place, entry(&entries, "removed")).await;
    assert_eq!(
        read,
        Err(ReadError::Missing),
        "opening a file that was removed after the listing fails with Missing"
    );
    let read = ok(content_of(files, &place, entry(&entries, "same")).await, "read");
    assert_eq!(read, "before", "an unchanged file can be read with an older entry");

    let found = ok(files.find(&place, entry(&entries, "removed")).await, "find");
    assert_eq!(found, None, "find returns nothing for a removed file");

    let again = list(files, &place).await;
    for name in ["changed", "grown", "same"] {
        let found = ok(files.find(&place, entry(&entries, name)).await, "find");
        assert_eq!(
            found.as_ref(),
            Some(entry(&again, name)),
            "find returns the entry of {name} that a new listing has"
        );
    }
    assert_eq!(again.len(), 3, "a new listing has the current files");
    let read = ok(content_of(files, &place, entry(&again, "changed")).await, "read");
    assert_eq!(read, "after!", "an entry of a new listing reads the new content");
    assert_ne!(
        entry(&again, "changed").version,
        entry(&entries, "changed").version,
        "a file with new content has another version"
    );
    assert_eq!(
        entry(&again, "same"),
        entry(&entries, "same"),
        "an unchanged file has an equal entry in a new listing"
    );
    let identity = |entries: &[Entry], name| files.identity(&place, entry(entries, name));
    assert_eq!(identity(&again, "same"), identity(&entries, "same"), "a file keeps its identity");
    assert_ne!(identity(&again, "same"), identity(&again, "changed"), "two files have different identities");
}

#[track_caller]
fn entry<'e>(entries: &'e [Entry], name: &str) -> &'e Entry {
    entries
        .iter()
        .find(|entry| entry.name == name)
        .unwrap_or_else(|| panic!("{name} is not listed: {entries:?}"))
}
