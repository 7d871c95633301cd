//! The contract suite for object stores.

use bytes::Bytes;
use futures::future::{join, join_all};
use riffle_ports::{Ids, ObjectStore, Put};

use super::{assert_broken, ok};

/// Checks everything that [`ObjectStore`] promises.
///
/// # Panics
/// If a promise is broken.
pub async fn object_store(store: &dyn ObjectStore, ids: &dyn Ids) {
    // Each run uses a folder of its own, so that the suite can run repeatedly against persistent storage.
    let folder = format!("contract/{}", ids.fresh());
    content(store, &folder).await;
    absence(store, &folder).await;
    conditional(store, &folder).await;
    race(store, &folder).await;
    whole(store, &folder).await;
    keys(store, &folder).await;
    lists(store, &folder).await;
    bad_keys(store).await;
}

async fn assert_holds(store: &dyn ObjectStore, key: &str, expected: Option<&Bytes>, what: &str) {
    let found = ok(store.get(key).await, "get");
    // Compared outside the assertion's message: printing a megabyte would not help.
    assert!(
        found.as_ref() == expected,
        "{what}: {key} has {:?} bytes, not the expected {:?} (or other bytes of the same length)",
        found.map(|content| content.len()),
        expected.map(Bytes::len)
    );
}

/// Proves that a list contains all keys below a folder, at any depth and in any number, and no others.
async fn lists(store: &dyn ObjectStore, folder: &str) {
    let folder = format!("{folder}/listed");
    assert_eq!(ok(store.list(&folder).await, "list"), [""; 0], "an unused prefix has no keys");
    // More keys than a cloud returns in one page.
    let mut expected: Vec<String> = (0..1_100).map(|number| format!("{folder}/many/{number:04}")).collect();
    expected.extend([format!("{folder}/a/b/c"), format!("{folder}/z")]);
    let beside = [format!("{folder}-beside"), format!("{folder}.x/y"), format!("{folder}x")];
    let puts = expected.iter().chain(&beside).map(|key| store.put(key, Bytes::from_static(b"here")));
    for outcome in join_all(puts).await {
        ok(outcome, "put");
    }
    expected.sort();
    // Compared outside the assertion's message: printing a thousand keys would not help.
    let listed = ok(store.list(&folder).await, "list");
    assert!(listed == expected, "{} keys are listed below {folder}, not {}", listed.len(), expected.len());
    let single = ok(store.list(&format!("{folder}/z")).await, "list");
    assert_eq!(single, [""; 0], "a key is not listed below itself");
    ok(store.delete(&format!("{folder}/a/b/c")).await, "delete");
    let deeper = ok(store.list(&format!("{folder}/a")).await, "list");
    assert_eq!(deeper, [""; 0], "a deleted key is not listed");
    assert_broken(&store.list("../x").await, "list of an invalid key");
}

/// Checks sizes around common limits of implementations, all byte values, and replacement.
async fn content(store: &dyn ObjectStore, folder: &str) {
    for size in [0, 1, 1_023, 65_536, 65_537, 5_000_000] {
        let content: Bytes = (0..size).map(|at: u32| at.wrapping_mul(0x9E37_79B1).to_be_bytes()[0]).collect();
        let key = format!("{folder}/size-{size}");
        ok(store.put(&key, content.clone()).await, "put");
        assert_holds(store, &key, Some(&content), "content is kept unchanged").await;
    }
    let key = format!("{folder}/replaced");
    for content in ["the first, which is longer", "second", ""] {
        let content = Bytes::from_static(content.as_bytes());
        ok(store.put(&key, content.clone()).await, "put");
        assert_holds(store, &key, Some(&content), "a put replaces the content").await;
    }
}

async fn absence(store: &dyn ObjectStore, folder: &str) {
    let key = format!("{folder}/absent");
    assert_holds(store, &key, None, "an unknown key has no content").await;
    ok(store.delete(&key).await, "delete of a missing key");
    ok(store.put(&key, Bytes::from_static(b"here")).await, "put");
    ok(store.delete(&key).await, "delete");
    assert_holds(store, &key, None, "a deleted key has no content").await;
    ok(store.delete(&key).await, "delete of a deleted key");
}

async fn conditional(store: &dyn ObjectStore, folder: &str) {
    let key = format!("{folder}/conditional");
    let (first, second) = (Bytes::from_static(b"first"), Bytes::from_static(b"second"));
    let put = ok(store.put_if_absent(&key, first.clone()).await, "put_if_absent");
    assert_eq!(put, Put::Stored, "put_if_absent stores under a free key");
    let put = ok(store.put_if_absent(&key, second.clone()).await, "put_if_absent");
    assert_eq!(put, Put::Exists, "put_if_absent does not store under a taken key");
    assert_holds(store, &key, Some(&first), "a refused put_if_absent keeps the content").await;

    ok(store.put(&key, second.clone()).await, "put");
    assert_holds(store, &key, Some(&second), "put replaces content that put_if_absent stored").await;
    let put = ok(store.put_if_absent(&key, first.clone()).await, "put_if_absent");
    assert_eq!(put, Put::Exists, "put_if_absent does not store under a key that put has taken");

    ok(store.delete(&key).await, "delete");
    let put = ok(store.put_if_absent(&key, first.clone()).await, "put_if_absent");
    assert_eq!(put, Put::Stored, "a deleted key is free again");
    assert_holds(store, &key, Some(&first), "the content put after the deletion is stored").await;

    let large = Bytes::from(vec![7; 1_000_000]);
    let put = ok(store.put_if_absent(&key, large).await, "put_if_absent");
    assert_eq!(put, Put::Exists, "large content does not replace existing content");
    assert_holds(
        store,
        &key,
        Some(&first),
        "a refused put_if_absent of large content keeps the existing content",
    )
    .await;
}

async fn race(store: &dyn ObjectStore, folder: &str) {
    // A small and a large size, because implementations may treat them differently.
    for size in [10, 300_000] {
        let key = format!("{folder}/race-{size}");
        let contents: Vec<Bytes> = (0..16).map(|caller: u8| Bytes::from(vec![caller; size])).collect();
        let puts = join_all(contents.iter().map(|content| store.put_if_absent(&key, content.clone()))).await;
        let winners: Vec<&Bytes> = contents
            .iter()
            .zip(puts)
            .filter(|(_, put)| ok(put.clone(), "put_if_absent") == Put::Stored)
            .map(|(content, _)| content)
            .collect();
        assert_eq!(
            winners.len(),
            1,
            "of 16 concurrent put_if_absent calls with one key exactly one must store"
        );
        assert_holds(store, &key, Some(winners[0]), "the stored content is that of the successful call")
            .await;
    }
}

/// Proves that a reader during a replacement sees either the old or the new content.
async fn whole(store: &dyn ObjectStore, folder: &str) {
    let key = format!("{folder}/whole");
    ok(store.put(&key, Bytes::from(vec![0; 200_000])).await, "put");
    let writing = async {
        for round in 1..=20_u8 {
            let size = 200_000 - usize::from(round) * 1_000;
            ok(store.put(&key, Bytes::from(vec![round; size])).await, "put");
        }
    };
    let reading = join_all((0..100).map(|_| async {
        let found =
            ok(store.get(&key).await, "get").expect("a replaced key always has its old or its new content");
        let round = found.first().copied().unwrap_or_default();
        assert!(
            found.iter().all(|byte| *byte == round) && found.len() == 200_000 - usize::from(round) * 1_000,
            "a reader received parts of two contents"
        );
    }));
    join(writing, reading).await;
}

/// Proves that all valid keys are distinct.
async fn keys(store: &dyn ObjectStore, folder: &str) {
    let longest = 512 - folder.len() - 1;
    let keys = [
        "a".to_owned(),
        // A key that is a prefix of another one.
        "a/b".to_owned(),
        "a/b/c".to_owned(),
        "a.b".to_owned(),
        "a-b".to_owned(),
        "a_b".to_owned(),
        "a.".to_owned(),
        ".a".to_owned(),
        "..a".to_owned(),
        "-".to_owned(),
        "tmp".to_owned(),
        "0".to_owned(),
        "00".to_owned(),
        // Many file systems limit names to 255 bytes.
        "x".repeat(255),
        "x".repeat(256),
        "x".repeat(longest),
        format!("{}/y", "x".repeat(longest - 2)),
        "z/".repeat(longest / 2 - 1) + "z",
    ];
    let content = |key: &str| Bytes::from(format!("content of {key}"));
    for key in &keys {
        let put = store.put_if_absent(&format!("{folder}/{key}"), content(key)).await;
        assert_eq!(ok(put, "put_if_absent"), Put::Stored, "{key} shares its content with another key");
    }
    for key in &keys {
        assert_holds(store, &format!("{folder}/{key}"), Some(&content(key)), "each key has its own content")
            .await;
    }
    ok(store.delete(&format!("{folder}/a")).await, "delete");
    for key in &keys[1..] {
        assert_holds(
            store,
            &format!("{folder}/{key}"),
            Some(&content(key)),
            "deleting one key keeps the others",
        )
        .await;
    }
}

async fn bad_keys(store: &dyn ObjectStore) {
    let long = "a".repeat(513);
    let keys = [
        "", "/", "/a", "a/", "a//b", ".", "..", "a/./b", "a/../b", "../a", "A", "aB", "ä", "a b", "a\0b",
        "a\n", "a\\b", "c:/a", "a%2fb", "a+b", "~", &long,
    ];
    for key in keys {
        let content = Bytes::from_static(b"content");
        assert_broken(&store.put(key, content.clone()).await, &format!("put of the key {key:?}"));
        assert_broken(&store.put_if_absent(key, content).await, &format!("put_if_absent of the key {key:?}"));
        assert_broken(&store.get(key).await, &format!("get of the key {key:?}"));
        assert_broken(&store.delete(key).await, &format!("delete of the key {key:?}"));
    }
}
