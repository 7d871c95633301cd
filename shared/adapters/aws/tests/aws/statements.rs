//! The ports of the statements flow: the unchanged suites of the testkit, and cases they cannot cover.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_eventbridge::types::Target;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, Event, NotificationConfiguration, QueueConfiguration, VersioningConfiguration,
};
use aws_sdk_sqs::types::QueueAttributeName;
use riffle_aws_adapters::{DeadLetterPlace, EventBridgePublisher, S3Inbox, SqsDeadLetters};
use riffle_ports::{DeadLetterStore, EventPublisher, Ids as _, Inbox, ObjectRef, PostForm};
use riffle_runtime::{RandomIds, SystemClock};
use riffle_testkit::contract::{self, BusHarness, DeadLetterHarness, InboxHarness};
use riffle_topology::{RIFFLE, Trigger};
use serde_json::{Value, json};

use crate::sender::multipart;
use crate::world::{World, http, name};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records() {
    let world = World::new().await;
    let table = world.records_table().await;
    contract::record_store(&world.aws.records(&table), &RandomIds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions() {
    let world = World::new().await;
    let table = world.records_table().await;
    let (records, rows) = (world.aws.records(&table), world.aws.transactions(&table));
    contract::transaction_store(&records, &rows, &RandomIds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures() {
    let world = World::new().await;
    let table = world.records_table().await;
    let (records, rows) = (world.aws.records(&table), world.aws.transactions(&table));
    contract::figure_store(&records, &rows, &world.aws.figures(&table), &RandomIds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgotten_months() {
    let world = World::new().await;
    let table = world.records_table().await;
    let (records, rows) = (world.aws.records(&table), world.aws.transactions(&table));
    contract::forgotten_months(&records, &rows, &world.aws.figures(&table), &RandomIds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn audit() {
    let world = World::new().await;
    contract::audit_trail(&world.aws.audit(&world.records_table().await), &RandomIds).await;
}

struct Bus {
    world: World,
    publisher: EventBridgePublisher,
    queues: BTreeMap<String, String>,
}

impl Bus {
    async fn new() -> Self {
        let (world, bus) = (World::new().await, name());
        let client = aws_sdk_eventbridge::Client::new(&world.config);
        client.create_event_bus().name(&bus).send().await.expect("a bus");
        let mut queues = BTreeMap::new();
        for consumed in RIFFLE.replay_targets() {
            let Trigger::Bus(flow, types) = consumed.trigger else { continue };
            let (name, url) = (consumed.queue.name, world.make_queue().await);
            // The same pattern as the rules of the stack.
            let pattern = json!({ "source": ["riffle"], "detail-type": types, "detail": { "flow": [flow] } });
            let rule = client.put_rule().name(name).event_bus_name(&bus).event_pattern(pattern.to_string());
            rule.send().await.expect("a rule");
            let target =
                Target::builder().id("queue").arn(world.queue_arn(&url).await).build().expect("a target");
            let targets = client.put_targets().rule(name).event_bus_name(&bus).targets(target);
            targets.send().await.expect("a target");
            world.let_send(&url, "events.amazonaws.com").await;
            queues.insert(name.to_owned(), url);
        }
        let publisher = world.aws.publisher(&bus, "riffle");
        Self { world, publisher, queues }
    }
}

impl World {
    /// Allows an AWS service to send messages to the queue.
    async fn let_send(&self, url: &str, service: &str) {
        let statement = json!({
            "Effect": "Allow", "Principal": { "Service": service },
            "Action": "sqs:SendMessage", "Resource": self.queue_arn(url).await,
        });
        let policy = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
        let set = self.sqs().set_queue_attributes().queue_url(url);
        set.attributes(QueueAttributeName::Policy, policy).send().await.expect("a policy");
    }
}

#[async_trait]
impl BusHarness for Bus {
    fn publisher(&self) -> &dyn EventPublisher {
        &self.publisher
    }

    async fn take(&self, queue: &str) -> Vec<String> {
        self.world.drain(&self.queues[queue]).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bus() {
    contract::event_bus(&Bus::new().await, &RandomIds).await;
}

struct Dead {
    world: World,
    sqs: SqsDeadLetters,
    places: Vec<DeadLetterPlace>,
}

impl Dead {
    async fn new() -> Self {
        let (world, mut places) = (World::new().await, Vec::new());
        for dead_letters in RIFFLE.dead_letters() {
            let url = world.make_queue().await;
            let mut place = DeadLetterPlace { dead_letters, url, queue: None };
            if place.dead_letters.queue.is_some() {
                let queue = world.make_queue().await;
                let arn = world.queue_arn(&place.url).await;
                let policy = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 1 }).to_string();
                let set = world.sqs().set_queue_attributes().queue_url(&queue);
                let set = set.attributes(QueueAttributeName::RedrivePolicy, policy);
                set.send().await.expect("a redrive policy");
                place.queue = Some(queue);
            }
            places.push(place);
        }
        let sqs = world.aws.dead_letters(places.clone());
        Self { world, sqs, places }
    }

    fn url(&self, queue: &str) -> &str {
        let place = self
            .places
            .iter()
            .find(|place| place.dead_letters.queue == Some(queue))
            .expect("the suite uses known queues");
        place.queue.as_deref().expect("the queue has an address")
    }
}

#[async_trait]
impl DeadLetterHarness for Dead {
    fn dead_letters(&self) -> &dyn DeadLetterStore {
        &self.sqs
    }

    async fn kill(&self, queue: &str, body: &str) {
        let (client, url) = (self.world.sqs(), self.url(queue));
        let send = client.send_message().queue_url(url).message_group_id("tenant").message_body(body);
        send.send().await.expect("send");
        // Receives the message once, as often as allowed, and once more, which moves it to the dead letters.
        for _ in 0..2 {
            let receive = client.receive_message().queue_url(url).visibility_timeout(0).wait_time_seconds(1);
            receive.send().await.expect("receive");
        }
    }

    async fn take(&self, queue: &str) -> Vec<String> {
        self.world.drain(self.url(queue)).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters() {
    contract::dead_letters(&Dead::new().await, &RandomIds).await;
}

struct Uploads {
    world: World,
    inbox: S3Inbox,
    bucket: String,
    notifications: String,
    http: reqwest::Client,
}

impl Uploads {
    async fn new() -> Self {
        let world = World::new().await;
        let (bucket, notified) = (world.bucket().await, world.make_queue().await);
        let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let versioning =
            world.s3().put_bucket_versioning().bucket(&bucket).versioning_configuration(versions);
        versioning.send().await.expect("versions");
        world.let_send(&notified, "s3.amazonaws.com").await;
        let queue = QueueConfiguration::builder().queue_arn(world.queue_arn(&notified).await);
        let queue = queue.events(Event::S3ObjectCreated).build().expect("a configuration");
        let notify = NotificationConfiguration::builder().queue_configurations(queue).build();
        let notify = world
            .s3()
            .put_bucket_notification_configuration()
            .bucket(&bucket)
            .notification_configuration(notify);
        notify.send().await.expect("notifications");
        world.drain(&notified).await;
        let inbox = world.aws.inbox(&bucket, Arc::new(SystemClock), Arc::new(RandomIds));
        Self { world, inbox, bucket, notifications: notified, http: http() }
    }

    /// Returns the objects named by the notifications, of which there are `count`.
    async fn notified_objects(&self, count: usize) -> Vec<ObjectRef> {
        let object = |body: &String| {
            let notified: Value = serde_json::from_str(body).expect("a notification");
            let notified = notified["Records"][0]["s3"].clone();
            let text = |name: &str| notified["object"][name].as_str().map(str::to_owned);
            let key = text("key").expect("a key").replace('+', " ");
            ObjectRef {
                bucket: notified["bucket"]["name"].as_str().expect("a bucket").to_owned(),
                key: percent_encoding::percent_decode_str(&key).decode_utf8().expect("a text").into_owned(),
                version: text("versionId"),
                etag: text("eTag").expect("an ETag"),
            }
        };
        self.world.drain_of(&self.notifications, count).await.iter().map(object).collect()
    }

    async fn put(&self, key: &str, content: Vec<u8>) -> ObjectRef {
        let put = self.world.s3().put_object().bucket(&self.bucket).key(key);
        put.body(ByteStream::from(content)).send().await.expect("put");
        self.notified_objects(1).await.pop().expect("a put sends a notification")
    }
}

#[async_trait]
impl InboxHarness for Uploads {
    fn inbox(&self) -> &dyn Inbox {
        &self.inbox
    }

    async fn send(&self, form: &PostForm, content: Vec<u8>) -> Option<ObjectRef> {
        let (kind, body) = multipart(form, &content);
        let post = self.http.post(&form.url).header("content-type", kind).body(body);
        let taken = post.send().await.expect("an answer").status().is_success();
        let mut notified = self.notified_objects(usize::from(taken)).await;
        assert_eq!(notified.len(), usize::from(taken), "an accepted upload sends exactly one notification");
        notified.pop()
    }

    async fn put_twice(&self, key: &str, [old, new]: [Vec<u8>; 2]) -> [ObjectRef; 2] {
        [self.put(key, old).await, self.put(key, new).await]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inbox() {
    contract::inbox(&Uploads::new().await, &RandomIds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_and_versions_nobody_made() {
    let uploads = Uploads::new().await;
    let put = uploads.world.s3().put_object().bucket(&uploads.bucket).key("statements/t/a");
    put.tagging("riffle-skip=&kind=a%20b").metadata("riffle-name", "50%ff").send().await.expect("put");
    let object = uploads.notified_objects(1).await.pop().expect("a put sends a notification");
    let head = uploads.inbox.head(&object).await.expect("head").expect("the object exists");
    let tags = [("riffle-skip", ""), ("kind", "a b")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(head.tags, BTreeMap::from(tags));
    assert_eq!(head.name.as_deref(), Some("50\u{fffd}"), "invalid UTF-8 in the name is replaced");

    for version in [RandomIds.fresh(), "null".to_owned()] {
        let never = ObjectRef { version: Some(version), ..object.clone() };
        assert_eq!(uploads.inbox.head(&never).await, Ok(None));
        assert!(uploads.inbox.fetch(&never).await.expect("fetch").is_none());
        assert_eq!(uploads.inbox.delete(&never).await, Ok(()));
    }
    let replaced = ObjectRef { version: None, etag: "0".repeat(32), ..object.clone() };
    assert_eq!(uploads.inbox.head(&replaced).await, Ok(None), "an object with another ETag is not found");
    assert!(
        uploads.inbox.fetch(&replaced).await.expect("fetch").is_none(),
        "an object with another ETag cannot be read"
    );
    assert!(
        uploads.inbox.head(&object).await.expect("head").is_some(),
        "the object is found under its own ETag"
    );
}
