//! The storage of uploads, with a client that uses only addresses and forms.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use riffle_aws_adapters::S3Uploads;
use riffle_ports::{Clock, PostForm, UploadStorage};
use riffle_runtime::{RandomIds, SystemClock};
use riffle_testkit::contract::{self, SenderHarness};

use crate::world::{World, http};

/// How long addresses are valid here: long enough for the suite to use one, short enough to wait for its expiry.
const LEFT: TimeDelta = TimeDelta::seconds(10);

/// A clock that runs late, so that an address valid for an hour has only [`LEFT`] remaining, and that records when that
/// ends.
#[derive(Debug, Default)]
struct Late {
    /// The end of that time by the last reading, in seconds since 1970.
    ends: AtomicI64,
}

impl Clock for Late {
    fn now(&self) -> DateTime<Utc> {
        let now = SystemClock.now();
        self.ends.store((now + LEFT).timestamp() + 1, Ordering::Relaxed);
        now - TimeDelta::hours(1) + LEFT
    }
}

struct Sender {
    uploads: S3Uploads,
    clock: Arc<Late>,
    http: reqwest::Client,
}

/// Fills in a form as a browser does: returns its content type and its body.
pub(crate) fn multipart(form: &PostForm, content: &[u8]) -> (String, Vec<u8>) {
    let boundary = "8fb0c5a1e7";
    let mut body = Vec::new();
    let mut part = |head: String, content: &[u8]| {
        body.extend(format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n").into_bytes());
        body.extend(content);
        body.extend(b"\r\n");
    };
    for (name, value) in &form.fields {
        part(format!("name=\"{name}\""), value.as_bytes());
    }
    part("name=\"file\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf".to_owned(), content);
    body.extend(format!("--{boundary}--\r\n").into_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

#[async_trait]
impl SenderHarness for Sender {
    fn storage(&self) -> &dyn UploadStorage {
        &self.uploads
    }

    async fn post(&self, form: &PostForm, content: &[u8]) -> bool {
        let (kind, body) = multipart(form, content);
        let post = self.http.post(&form.url).header("content-type", kind).body(body);
        post.send().await.expect("an answer").status().is_success()
    }

    async fn put(&self, url: &str, content: &[u8]) -> Option<String> {
        let answer = self.http.put(url).body(content.to_vec()).send().await.expect("an answer");
        let etag = answer.headers().get("etag").map(|etag| etag.to_str().expect("text").to_owned());
        answer.status().is_success().then(|| etag.expect("an ETag"))
    }

    async fn expire(&self) {
        while SystemClock.now().timestamp() <= self.clock.ends.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads() {
    let world = World::new().await;
    let clock = Arc::new(Late::default());
    let uploads = world.aws.uploads(&world.bucket().await, Arc::clone(&clock) as _);
    let sender = Sender { uploads, clock, http: http() };
    contract::upload_storage(&sender, &RandomIds).await;
}
