//! The uploads bucket in memory, with versions and notifications.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use riffle_ports::{
    Announced, Clock, Fetched, Head, Inbox, Message, ObjectRef, PortError, PostForm, WorkQueue,
};
use riffle_topology::statements::{PREFIX, UPLOADS};

use super::{MemoryQueue, lock};

/// An object that a test puts into the bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewObject {
    pub key: String,
    pub content: Bytes,
    pub name: Option<String>,
    pub account: Option<String>,
    pub tags: BTreeMap<String, String>,
}

/// An [`Inbox`] in memory. It notifies the flow whose prefix the key has, and the statements flow of all other keys.
pub struct MemoryInbox {
    bucket: String,
    queue: Arc<MemoryQueue>,
    clock: Arc<dyn Clock>,
    state: Mutex<InboxState>,
}

#[derive(Debug, Default)]
struct InboxState {
    made: u64,
    objects: BTreeMap<(String, String), NewObject>,
}

impl std::fmt::Debug for MemoryInbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryInbox").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

impl MemoryInbox {
    pub fn new(bucket: &str, queue: Arc<MemoryQueue>, clock: Arc<dyn Clock>) -> Self {
        Self { bucket: bucket.to_owned(), queue, clock, state: Mutex::default() }
    }

    /// Stores an object directly, without a form. Each put is a new version, and the bucket sends a notification.
    pub async fn put(&self, object: NewObject) -> Result<ObjectRef, PortError> {
        let stored = {
            let mut state = lock(&self.state);
            state.made += 1;
            let version = format!("version-{}", state.made);
            state.objects.insert((object.key.clone(), version.clone()), object.clone());
            ObjectRef {
                bucket: self.bucket.clone(),
                key: object.key.clone(),
                version: Some(version),
                etag: format!("{:032x}", state.made),
            }
        };
        self.notify(&stored, object.content.len()).await?;
        Ok(stored)
    }

    /// Sends the bucket's notification of an object once more.
    pub async fn notify(&self, object: &ObjectRef, size: usize) -> Result<(), PortError> {
        let body = serde_json::json!({
            "Records": [{
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": "us-east-1",
                "eventTime": self.clock.now(),
                "eventName": "ObjectCreated:Post",
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "uploads",
                    "bucket": { "name": object.bucket, "arn": format!("arn:aws:s3:::{}", object.bucket) },
                    "object": {
                        "key": form_encoded(&object.key),
                        "size": size,
                        "eTag": object.etag,
                        "versionId": object.version,
                        "sequencer": "0",
                    },
                },
            }],
        });
        let message = Message { group: String::new(), body: body.to_string() };
        let listener = self.queue.topology().bucket_listener(&object.key);
        let queue = listener.map_or(UPLOADS, |listener| listener.queue.name);
        self.queue.send(queue, &[message]).await.map(drop)
    }

    /// Stores `content` as an upload with `form`. Returns `None` if the bucket refuses it because its size is not the
    /// announced one.
    pub async fn receive(&self, form: &PostForm, content: Bytes) -> Result<Option<ObjectRef>, PortError> {
        let field = |name: &str| form.fields.get(name).cloned();
        if field("size") != Some(content.len().to_string()) {
            return Ok(None);
        }
        let object = NewObject {
            key: field("key").unwrap_or_default(),
            content,
            name: field("name"),
            account: field("account"),
            tags: BTreeMap::new(),
        };
        self.put(object).await.map(Some)
    }

    /// Returns the keys and versions stored in the bucket.
    pub fn stored(&self) -> Vec<(String, String)> {
        lock(&self.state).objects.keys().cloned().collect()
    }

    fn find(&self, object: &ObjectRef) -> Option<NewObject> {
        let version = object.version.clone()?;
        let state = lock(&self.state);
        state.objects.get(&(object.key.clone(), version)).filter(|_| object.bucket == self.bucket).cloned()
    }
}

/// Encodes a key as bucket notifications do: a space becomes a plus.
fn form_encoded(key: &str) -> String {
    let mut encoded = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'/' => encoded.push(byte.into()),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[async_trait]
impl Inbox for MemoryInbox {
    async fn form(&self, upload: &Announced) -> Result<PostForm, PortError> {
        let made = {
            let mut state = lock(&self.state);
            state.made += 1;
            state.made
        };
        let mut fields = BTreeMap::from([
            ("key".to_owned(), format!("{PREFIX}{}/{made:032x}", upload.tenant)),
            ("size".to_owned(), upload.size.to_string()),
            ("name".to_owned(), upload.name.clone()),
        ]);
        if let Some(account) = &upload.account {
            fields.insert("account".to_owned(), account.clone());
        }
        Ok(PostForm { url: "memory:/uploads".to_owned(), fields })
    }

    async fn head(&self, object: &ObjectRef) -> Result<Option<Head>, PortError> {
        Ok(self.find(object).map(|found| Head {
            size: found.content.len() as u64,
            content_type: None,
            name: found.name,
            account: found.account,
            tags: found.tags,
        }))
    }

    async fn fetch(&self, object: &ObjectRef) -> Result<Option<Fetched>, PortError> {
        Ok(self.find(object).map(|found| {
            let content = found.content;
            Fetched::new(move || Ok(Box::new(Cursor::new(content.clone()))))
        }))
    }

    async fn delete(&self, object: &ObjectRef) -> Result<(), PortError> {
        if let Some(version) = object.version.clone().filter(|_| object.bucket == self.bucket) {
            lock(&self.state).objects.remove(&(object.key.clone(), version));
        }
        Ok(())
    }
}
