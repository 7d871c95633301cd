//! The contract suites of the testkit, unchanged.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_sdk_sqs::types::MessageSystemAttributeName;
use futures::StreamExt as _;
use riffle_aws_adapters::{S3Prefixes, SqsQueues};
use riffle_ports::{FileSource, Ids, Source, WorkQueue};
use riffle_runtime::RandomIds;
use riffle_testkit::contract::{self, ConsumedMessage, PlaceHarness, QueueHarness};
use riffle_testkit::memory::ManualClock;

use crate::emulator::variable;
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ledger() {
    let world = World::new().await;
    let ledger = world.aws.ledger(&world.scan_table().await);
    contract::scan_ledger(&ledger, &RandomIds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects() {
    let world = World::new().await;
    contract::object_store(&world.aws.objects(&world.bucket().await), &RandomIds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tickets() {
    let world = World::new().await;
    contract::ticket_store(&world.aws.tickets(&world.table().await), &RandomIds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage() {
    let world = World::new().await;
    contract::usage_counters(&world.aws.usage(&world.table().await), &RandomIds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections() {
    let world = World::new().await;
    contract::connection_registry(&world.aws.connections(&world.table().await), &RandomIds).await;
}

#[tokio::test]
async fn tokens() {
    let world = World::new().await;
    let (table, key) = (world.table().await, world.encryption_key().await);
    let clock = Arc::new(ManualClock::new());
    let vault = world.aws.tokens(&table, &key, Arc::clone(&clock) as _);
    contract::token_vault(&vault, &clock, &RandomIds).await;
}

struct Consumer {
    client: aws_sdk_sqs::Client,
    queues: SqsQueues,
    urls: Vec<(String, String)>,
    held: Mutex<Vec<(String, String)>>,
}

impl Consumer {
    fn url(&self, queue: &str) -> &str {
        let (_, url) = self.urls.iter().find(|(known, _)| *known == queue).expect("every queue");
        url
    }
}

#[async_trait]
impl QueueHarness for Consumer {
    fn queue(&self) -> &dyn WorkQueue {
        &self.queues
    }

    async fn receive(&self, queue: &str) -> Vec<ConsumedMessage> {
        // AWS spreads a queue over several servers and queries all of them only in a long poll, so tests against
        // `RIFFLE_AWS_ENDPOINT` wait. MiniStack needs no wait.
        let wait = if variable("RIFFLE_AWS_ENDPOINT").is_some() { 5 } else { 0 };
        let received = self
            .client
            .receive_message()
            .queue_url(self.url(queue))
            .max_number_of_messages(10)
            .wait_time_seconds(wait)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .expect("receive");
        let received = received.messages.unwrap_or_default().into_iter().map(|message| {
            let attributes = message.attributes.expect("attributes");
            let attribute = |name| attributes.get(&name).expect("an attribute").clone();
            ConsumedMessage {
                receipt: message.receipt_handle.expect("a receipt"),
                body: message.body.expect("a body"),
                group: attribute(MessageSystemAttributeName::MessageGroupId),
                receive_count: attribute(MessageSystemAttributeName::ApproximateReceiveCount)
                    .parse()
                    .expect("a number"),
            }
        });
        let received: Vec<ConsumedMessage> = received.collect();
        let receipts = received.iter().map(|delivered| (queue.to_owned(), delivered.receipt.clone()));
        self.held.lock().expect("no panic").extend(receipts);
        received
    }

    async fn delete(&self, queue: &str, delivered: ConsumedMessage) {
        self.held.lock().expect("no panic").retain(|(_, receipt)| *receipt != delivered.receipt);
        let delete = self.client.delete_message().queue_url(self.url(queue));
        delete.receipt_handle(delivered.receipt).send().await.expect("delete");
    }

    async fn expire(&self) {
        let held = std::mem::take(&mut *self.held.lock().expect("no panic"));
        for (queue, receipt) in held {
            let change = self.client.change_message_visibility().queue_url(self.url(&queue));
            change.receipt_handle(receipt).visibility_timeout(0).send().await.expect("visible again");
        }
    }
}

#[tokio::test]
async fn queues() {
    let world = World::new().await;
    let urls = world.queue_urls().await;
    let consumer = Consumer {
        client: aws_sdk_sqs::Client::new(&world.config),
        queues: world.aws.queues(urls.clone()),
        urls,
        held: Mutex::default(),
    };
    contract::work_queue(&consumer, &RandomIds).await;
}

struct Places {
    client: aws_sdk_s3::Client,
    files: S3Prefixes,
    bucket: String,
}

const TENANT: &str = "a-Tenant_1";

fn key(place: &Source, name: &str) -> String {
    let Source::Prefix { tenant, prefix } = place else { panic!("a prefix") };
    format!("files/{tenant}/{prefix}{name}")
}

fn place() -> Source {
    Source::Prefix { tenant: TENANT.to_owned(), prefix: format!("hall 7/{}/", RandomIds.fresh()) }
}

impl Places {
    async fn put(&self, key: String, content: Vec<u8>) {
        let put = self.client.put_object().bucket(&self.bucket).key(key).body(content.into());
        put.send().await.expect("put");
    }
}

#[async_trait]
impl PlaceHarness for Places {
    fn files(&self) -> &dyn FileSource {
        &self.files
    }

    async fn place(&self, files: Vec<(String, Vec<u8>)>) -> Source {
        let place = place();
        // As a console creates a folder.
        self.put(key(&place, ""), Vec::new()).await;
        let puts = files.into_iter().map(|(name, content)| self.put(key(&place, &name), content));
        futures::stream::iter(puts).buffer_unordered(16).collect::<()>().await;
        place
    }

    fn nowhere(&self) -> Source {
        place()
    }

    async fn change(&self, place: &Source, name: &str, content: &[u8]) {
        self.put(key(place, name), content.to_vec()).await;
    }

    async fn remove(&self, place: &Source, name: &str) {
        let delete = self.client.delete_object().bucket(&self.bucket).key(key(place, name));
        delete.send().await.expect("delete");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prefixes() {
    let world = World::new().await;
    let bucket = world.bucket().await;
    let places = Places { client: world.s3(), files: world.aws.prefixes(&bucket), bucket };
    contract::file_source(&places).await;
}
