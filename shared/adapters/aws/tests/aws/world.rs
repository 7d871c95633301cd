//! Tables, buckets and queues of one test, and the adapters on them.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TableStatus,
};
use aws_sdk_s3::config::Credentials;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use aws_sdk_sqs::types::QueueAttributeName;
use riffle_aws_adapters::Aws;
use riffle_ports::{Ids, Meter};
use riffle_runtime::RandomIds;
use riffle_topology::scan;

use crate::emulator::{endpoint, variable};

/// Seconds that a message may take to arrive on a busy machine.
const PATIENCE: u32 = 60;

pub(crate) struct World {
    pub config: SdkConfig,
    pub aws: Aws,
    pub meter: Arc<Meter>,
}

/// A configuration with keys that every emulator accepts, or with those of the environment.
pub(crate) async fn config(endpoint: &str) -> SdkConfig {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(riffle_aws_adapters::https())
        .endpoint_url(endpoint);
    let config = if variable("RIFFLE_AWS_ENDPOINT").is_some() {
        config
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .region(EnvironmentVariableRegionProvider::new())
    } else {
        config
            .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
            .region(Region::new("us-east-1"))
    };
    config.load().await
}

/// Returns an HTTP client for signed addresses.
pub(crate) fn http() -> reqwest::Client {
    // An error means that this process has already installed a provider.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::new()
}

pub(crate) fn name() -> String {
    format!("riffle-test-{}", RandomIds.fresh())
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::at(&endpoint()).await
    }

    pub(crate) async fn at(endpoint: &str) -> Self {
        let (config, meter) = (config(endpoint).await, Arc::new(Meter::default()));
        Self { aws: Aws::new(&config, Arc::clone(&meter)), config, meter }
    }

    /// Creates a table with the common keys and no index.
    pub(crate) async fn table(&self) -> String {
        self.make_table(&[]).await
    }

    /// Creates the table of scans, with the indexes of open sessions and of each tenant's sessions.
    pub(crate) async fn scan_table(&self) -> String {
        self.make_table(&[("open", "open_shard", "pk"), ("tenant", "tenant", "listed_at")]).await
    }

    /// Creates the table of statements, with the indexes of open items and of each tenant's lists.
    pub(crate) async fn records_table(&self) -> String {
        self.make_table(&[("open", "open_shard", "listed_at"), ("listed", "list", "listed_at")]).await
    }

    async fn make_table(&self, indexes: &[(&str, &str, &str)]) -> String {
        let (client, name) = (aws_sdk_dynamodb::Client::new(&self.config), name());
        let mut attributes = BTreeSet::from(["pk", "sk"]);
        for (_, hash, range) in indexes {
            attributes.extend([*hash, *range]);
        }
        let attributes = attributes.into_iter().map(|attribute| {
            AttributeDefinition::builder()
                .attribute_name(attribute)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .expect("an attribute")
        });
        let indexes = indexes.iter().map(|(name, hash, range)| {
            GlobalSecondaryIndex::builder()
                .index_name(*name)
                .set_key_schema(Some(keys(hash, range)))
                .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
                .build()
                .expect("an index")
        });
        let indexes: Vec<_> = indexes.collect();
        client
            .create_table()
            .table_name(&name)
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(keys("pk", "sk")))
            .set_attribute_definitions(Some(attributes.collect()))
            .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes))
            .send()
            .await
            .expect("a table");
        loop {
            let table = client.describe_table().table_name(&name).send().await.expect("a table").table;
            if table.and_then(|table| table.table_status) == Some(TableStatus::Active) {
                return name;
            }
        }
    }

    pub(crate) async fn bucket(&self) -> String {
        let (client, name) = (self.s3(), name());
        // Only the oldest region must not be named.
        let elsewhere = self.config.region().map(AsRef::as_ref).filter(|region| *region != "us-east-1");
        let elsewhere = elsewhere.map(|region| {
            let constraint = BucketLocationConstraint::from(region);
            CreateBucketConfiguration::builder().location_constraint(constraint).build()
        });
        let made = client.create_bucket().bucket(&name).set_create_bucket_configuration(elsewhere);
        made.send().await.expect("a bucket");
        name
    }

    pub(crate) async fn queue_urls(&self) -> Vec<(String, String)> {
        let mut urls = Vec::new();
        for queue in [scan::DISPATCH, scan::WORK, scan::FINISH] {
            urls.push((queue.to_owned(), self.make_queue().await));
        }
        urls
    }

    pub(crate) async fn make_queue(&self) -> String {
        let made = self.sqs().create_queue().queue_name(name()).send().await.expect("a queue");
        made.queue_url.expect("its address")
    }

    pub(crate) async fn queue_arn(&self, url: &str) -> String {
        let asked =
            self.sqs().get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::QueueArn);
        let attributes = asked.send().await.expect("a queue").attributes.expect("attributes");
        attributes[&QueueAttributeName::QueueArn].clone()
    }

    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }

    /// Takes all messages of a queue, until no more arrive.
    pub(crate) async fn drain(&self, url: &str) -> Vec<String> {
        // AWS spreads a queue over several servers and queries all of them only in a long poll, so tests against
        // `RIFFLE_AWS_ENDPOINT` wait. MiniStack needs no wait.
        let wait = if variable("RIFFLE_AWS_ENDPOINT").is_some() { 5 } else { 0 };
        let mut bodies = Vec::new();
        loop {
            let received = self.take(url, wait).await;
            if received.is_empty() {
                return bodies;
            }
            bodies.extend(received);
        }
    }

    /// Like [`Self::drain`], for a queue into which at least `least` messages are on their way: their sender does not
    /// wait for their arrival.
    pub(crate) async fn drain_of(&self, url: &str, least: usize) -> Vec<String> {
        let mut bodies = Vec::new();
        for _ in 0..PATIENCE {
            if bodies.len() >= least {
                break;
            }
            bodies.extend(self.take(url, 1).await);
        }
        bodies.extend(self.drain(url).await);
        bodies
    }

    /// Takes the messages that arrive within `wait` seconds.
    async fn take(&self, url: &str, wait: i32) -> Vec<String> {
        let client = self.sqs();
        let receive = client.receive_message().queue_url(url).max_number_of_messages(10);
        let received = receive.wait_time_seconds(wait).send().await.expect("receive").messages;
        let mut bodies = Vec::new();
        for message in received.unwrap_or_default() {
            let receipt = message.receipt_handle.expect("a receipt");
            client.delete_message().queue_url(url).receipt_handle(receipt).send().await.expect("delete");
            bodies.push(message.body.expect("a body"));
        }
        bodies
    }

    pub(crate) async fn encryption_key(&self) -> String {
        let made = aws_sdk_kms::Client::new(&self.config).create_key().send().await.expect("a key");
        made.key_metadata.expect("a key").key_id
    }

    /// Returns a client as a person or a browser would use it.
    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }
}

fn keys(hash: &str, range: &str) -> Vec<KeySchemaElement> {
    [(hash, KeyType::Hash), (range, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("a key")
        })
        .collect()
}
