//! The contract suite for the uploads bucket, except the format of its notifications.

use std::io::Read;

use async_trait::async_trait;
use riffle_ports::{Announced, Ids, Inbox, ObjectRef, PostForm};

use super::ok;

/// A sender of files. Its methods panic on errors.
#[async_trait]
pub trait InboxHarness: Send + Sync {
    fn inbox(&self) -> &dyn Inbox;

    /// Sends `content` with `form`. Returns the object that the bucket's notification then names, or `None` if the
    /// upload is refused and no notification comes.
    async fn send(&self, form: &PostForm, content: Vec<u8>) -> Option<ObjectRef>;

    /// Puts two objects under the same `key`, one after the other, as a program does. Returns the objects that the two
    /// notifications name.
    async fn put_twice(&self, key: &str, contents: [Vec<u8>; 2]) -> [ObjectRef; 2];
}

/// Checks everything that [`Inbox`] promises.
///
/// # Panics
/// If a promise is broken.
pub async fn inbox(harness: &dyn InboxHarness, ids: &dyn Ids) {
    forms(harness, ids).await;
    sizes(harness, ids).await;
    versions(harness, ids).await;
    absence(harness, ids).await;
}

fn announced(ids: &dyn Ids, size: usize) -> Announced {
    Announced {
        tenant: format!("tenant-{}", ids.fresh()),
        name: "Kontoauszug März + \"2026\" 100% 漢字.csv".to_owned(),
        account: Some("DE02 1203/0000 ä".to_owned()),
        size: size as u64,
    }
}

async fn read(harness: &dyn InboxHarness, object: &ObjectRef) -> Option<Vec<u8>> {
    let fetched = ok(harness.inbox().fetch(object).await, "fetch")?;
    let mut contents = (0..2).map(|_| {
        let mut content = Vec::new();
        ok(ok(fetched.open(), "open").read_to_end(&mut content), "read");
        content
    });
    let (first, again) = (contents.next(), contents.next());
    assert!(first == again, "an object can be read from the beginning again");
    first
}

/// Proves that an uploaded file is stored under a key of the tenant, with the name and account that its owner
/// announced.
async fn forms(harness: &dyn InboxHarness, ids: &dyn Ids) {
    let content: Vec<u8> = (0..300_000_u32).map(|at| at.wrapping_mul(0x9E37_79B1).to_be_bytes()[0]).collect();
    let upload = announced(ids, content.len());
    let form = ok(harness.inbox().form(&upload).await, "form");
    let other_form = ok(harness.inbox().form(&upload).await, "form");
    let object =
        harness.send(&form, content.clone()).await.expect("content of the announced size is accepted");
    let prefix = format!("statements/{}/", upload.tenant);
    let rest = object.key.strip_prefix(&prefix).unwrap_or_default();
    assert!(!rest.is_empty() && !rest.contains('/'), "{} is not a key below the tenant's prefix", object.key);
    let head = ok(harness.inbox().head(&object).await, "head").expect("the uploaded object exists");
    assert_eq!(head.size, content.len() as u64, "the size is that of the content");
    assert_eq!(head.name.as_deref(), Some(upload.name.as_str()), "the name is kept as the owner wrote it");
    assert_eq!(head.account, upload.account, "the account is kept as the owner wrote it");
    assert!(read(harness, &object).await == Some(content.clone()), "content is kept unchanged");

    let other = harness.send(&other_form, content).await.expect("content of the announced size is accepted");
    assert_ne!(other.key, object.key, "each form has its own key");
    let bare = Announced { account: None, ..announced(ids, 1) };
    let form = ok(harness.inbox().form(&bare).await, "form");
    let object = harness.send(&form, vec![7]).await.expect("content of the announced size is accepted");
    let head = ok(harness.inbox().head(&object).await, "head").expect("the uploaded object exists");
    assert_eq!(head.account, None, "an upload without an account has none");
}

async fn sizes(harness: &dyn InboxHarness, ids: &dyn Ids) {
    for (announced_size, sent) in [(1_000, 999), (1_000, 1_001), (1_000, 0)] {
        let form = ok(harness.inbox().form(&announced(ids, announced_size)).await, "form");
        let refused = harness.send(&form, vec![7; sent]).await.is_none();
        assert!(refused, "{sent} bytes must be refused where {announced_size} are announced");
    }
}

/// Proves that each version is an object of its own and is deleted separately.
async fn versions(harness: &dyn InboxHarness, ids: &dyn Ids) {
    // A space, characters with special meanings in URLs and forms, and letters beyond ASCII.
    let key = format!("statements/tenant/{} a+b%20c=d&e 漢 ü.csv", ids.fresh());
    let [old, new] = harness.put_twice(&key, [b"the first content".to_vec(), b"second".to_vec()]).await;
    for object in [&old, &new] {
        assert_eq!(object.key, key, "a notification has the decoded key");
    }
    assert_ne!(
        (&old.version, &old.etag),
        (&new.version, &new.etag),
        "two versions of an object have different references"
    );
    let head = ok(harness.inbox().head(&new).await, "head").expect("the newer version exists");
    assert_eq!(
        (head.size, head.name, head.account),
        (6, None, None),
        "an object that was put without metadata has a size only"
    );
    assert_eq!(read(harness, &new).await.as_deref(), Some(&b"second"[..]), "the newer version can be read");
    if let Some(content) = read(harness, &old).await {
        assert_eq!(content, b"the first content", "the older version must never return the newer content");
    }
    ok(harness.inbox().delete(&old).await, "delete");
    assert_eq!(ok(harness.inbox().head(&old).await, "head"), None, "a deleted version does not exist");
    assert!(read(harness, &old).await.is_none(), "a deleted version cannot be read");
    assert_eq!(
        read(harness, &new).await.as_deref(),
        Some(&b"second"[..]),
        "deleting the older version keeps the newer one"
    );
    for again in ["", ", again"] {
        ok(harness.inbox().delete(&new).await, "delete");
        assert_eq!(
            ok(harness.inbox().head(&new).await, "head"),
            None,
            "a deleted object does not exist{again}"
        );
        assert!(read(harness, &new).await.is_none(), "a deleted object cannot be read{again}");
    }
}

async fn absence(harness: &dyn InboxHarness, ids: &dyn Ids) {
    let form = ok(harness.inbox().form(&announced(ids, 3)).await, "form");
    let object = harness.send(&form, vec![1, 2, 3]).await.expect("content of the announced size is accepted");
    let nowhere = ObjectRef { key: format!("statements/tenant/{}", ids.fresh()), ..object.clone() };
    assert_eq!(ok(harness.inbox().head(&nowhere).await, "head"), None, "an unknown key does not exist");
    assert!(read(harness, &nowhere).await.is_none(), "an unknown key cannot be read");
    ok(harness.inbox().delete(&nowhere).await, "delete of an unknown key");
    assert!(read(harness, &object).await.is_some(), "deleting an unknown key keeps other objects");
}
