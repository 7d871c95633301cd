//! The connection to AWS: built once per process, then used to create each adapter.

use std::sync::Arc;
use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::meta::region::ProvideRegion as _;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::config::{ProvideCredentials, RequestChecksumCalculation, SharedCredentialsProvider};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use riffle_ports::{Clock, Ids, Meter, PortError};

use crate::table::Table;
use crate::transact::Conflicts;
use crate::{
    ApiGatewayNotifier, DeadLetterPlace, DynamoAudit, DynamoConnections, DynamoFigures, DynamoLedger,
    DynamoRecords, DynamoTickets, DynamoTransactions, DynamoUsage, EventBridgePublisher, KmsTokens,
    LinkSettings, S3Inbox, S3Links, S3Objects, S3Prefixes, S3Uploads, SnsNotices, SqsDeadLetters, SqsQueues,
    SqsVisibility,
};

/// Timeout of connecting.
const CONNECT: Duration = Duration::from_secs(2);
/// Tries of one call, including the first. Between them the SDK waits a random part of 100, 200, 400 … ms: a table that
/// is throttled for a moment answers soon, and longer failures are left to redelivery by the queue.
const TRIES: u32 = 6;
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// Timeout of one try of a small request. Tables answer within milliseconds.
const SMALL: Duration = Duration::from_secs(5);
/// Timeout of one try of a request that carries content, until the answer begins: 100 MB at 2 MB/s. The SDK aborts a
/// stalled transfer much earlier.
const LARGE: Duration = Duration::from_mins(1);

/// Returns the HTTP client of every service: TLS is rustls with ring.
pub fn https() -> aws_sdk_s3::config::SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// The clients of one process, and the meter on which all of them record their usage.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
    meter: Arc<Meter>,
    dynamodb: aws_sdk_dynamodb::Client,
    s3: aws_sdk_s3::Client,
}

impl Aws {
    /// Creates the clients with region and credentials from the environment only, as Lambda sets them. `endpoint` is
    /// the address of an emulator, if there is one. Credentials never come from a profile or a metadata service: a cold
    /// start waits for nothing, and no other credentials are used by mistake.
    ///
    /// # Errors
    /// [`PortError::Broken`] names the variable that is missing.
    pub async fn from_env(endpoint: Option<String>, meter: Arc<Meter>) -> Result<Self, PortError> {
        let credentials = EnvironmentVariableCredentialsProvider::new();
        if credentials.provide_credentials().await.is_err() {
            return Err(missing("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"));
        }
        let Some(region) = EnvironmentVariableRegionProvider::new().region().await else {
            return Err(missing("AWS_REGION"));
        };
        // Built by hand: the other sources that `aws_config::defaults` could query are a tenth of a function's size.
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(region)
            .credentials_provider(SharedCredentialsProvider::new(credentials));
        config.set_endpoint_url(endpoint);
        Ok(Self::new(&config.build(), meter))
    }

    /// Creates the clients from another configuration, with this crate's own retries and timeouts.
    pub fn new(config: &SdkConfig, meter: Arc<Meter>) -> Self {
        let config = config
            .to_builder()
            .http_client(https())
            .retry_config(retries(TRIES))
            .timeout_config(limits(SMALL))
            .build();
        let s3 = aws_sdk_s3::Client::from_conf(s3_config(&config).build());
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(&config).retry_classifier(Conflicts).build();
        Self { dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb), s3, config, meter }
    }

    /// Returns the configuration, for clients of services with their own adapter crates.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// The ledger of scans, in `SCAN_TABLE`.
    pub fn ledger(&self, table: &str) -> DynamoLedger {
        DynamoLedger { table: self.table(table) }
    }

    /// Records of work, in `RECORDS_TABLE`.
    pub fn records(&self, table: &str) -> DynamoRecords {
        DynamoRecords { table: self.table(table) }
    }

    /// Transactions, in the same table as the records of the files that show them.
    pub fn transactions(&self, table: &str) -> DynamoTransactions {
        DynamoTransactions::new(self.table(table))
    }

    pub fn figures(&self, table: &str) -> DynamoFigures {
        DynamoFigures { table: self.table(table) }
    }

    pub fn audit(&self, table: &str) -> DynamoAudit {
        DynamoAudit { table: self.table(table) }
    }

    /// Creates a publisher with this `source` on the bus of this name or ARN.
    pub fn publisher(&self, bus: &str, source: &'static str) -> EventBridgePublisher {
        EventBridgePublisher::new(aws_sdk_eventbridge::Client::new(&self.config), bus.to_owned(), source)
    }

    /// Statements, in `UPLOADS_BUCKET`.
    pub fn inbox(&self, bucket: &str, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> S3Inbox {
        let (config, meter) = (self.config.clone(), Arc::clone(&self.meter));
        S3Inbox::new(self.signing(), config, bucket.to_owned(), clock, ids, meter)
    }

    pub fn dead_letters(&self, places: Vec<DeadLetterPlace>) -> SqsDeadLetters {
        SqsDeadLetters::new(aws_sdk_sqs::Client::new(&self.config), places, Arc::clone(&self.meter))
    }

    pub fn visibility(&self) -> SqsVisibility {
        SqsVisibility::new(aws_sdk_sqs::Client::new(&self.config), Arc::clone(&self.meter))
    }

    pub fn connections(&self, table: &str) -> DynamoConnections {
        DynamoConnections { table: self.table(table) }
    }

    /// Tenants' usage, in `SCAN_TABLE`.
    pub fn usage(&self, table: &str) -> DynamoUsage {
        DynamoUsage { table: self.table(table) }
    }

    pub fn tickets(&self, table: &str) -> DynamoTickets {
        DynamoTickets { table: self.table(table) }
    }

    /// Tokens encrypted under `key`, the id, ARN or alias of a KMS key.
    pub fn tokens(&self, table: &str, key: &str, clock: Arc<dyn Clock>) -> KmsTokens {
        let kms = aws_sdk_kms::Client::new(&self.config);
        KmsTokens::new(self.table(table), kms, key.to_owned(), clock, Arc::clone(&self.meter))
    }

    /// The queues this process sends to, by name and address.
    pub fn queues(&self, urls: impl IntoIterator<Item = (String, String)>) -> SqsQueues {
        let client = aws_sdk_sqs::Client::new(&self.config);
        SqsQueues::new(client, urls.into_iter().collect(), Arc::clone(&self.meter))
    }

    /// The platform's own objects, in `OBJECTS_BUCKET`.
    pub fn objects(&self, bucket: &str) -> S3Objects {
        S3Objects::new(self.s3.clone(), bucket.to_owned(), Arc::clone(&self.meter))
    }

    /// Clients' uploads, in `UPLOADS_BUCKET`.
    pub fn uploads(&self, bucket: &str, clock: Arc<dyn Clock>) -> S3Uploads {
        S3Uploads::new(self.signing(), self.config.clone(), bucket.to_owned(), clock, Arc::clone(&self.meter))
    }

    /// The files below prefixes of `UPLOADS_BUCKET`.
    pub fn prefixes(&self, bucket: &str) -> S3Prefixes {
        S3Prefixes::new(self.s3.clone(), bucket.to_owned(), Arc::clone(&self.meter))
    }

    /// Pushes through the WebSocket API whose management address is `endpoint`: `https://HOST/STAGE`.
    pub fn notifier(&self, endpoint: &str) -> ApiGatewayNotifier {
        // A frame may be lost: no work waits long for one client.
        let config = aws_sdk_apigatewaymanagement::config::Builder::from(&self.config)
            .endpoint_url(endpoint)
            .retry_config(retries(2))
            .build();
        let client = aws_sdk_apigatewaymanagement::Client::from_conf(config);
        ApiGatewayNotifier { client, meter: Arc::clone(&self.meter) }
    }

    pub fn notices(&self, topic: &str) -> SnsNotices {
        SnsNotices { client: aws_sdk_sns::Client::new(&self.config), topic: topic.to_owned() }
    }

    pub fn links(&self, settings: LinkSettings, clock: Arc<dyn Clock>) -> S3Links {
        S3Links::new(self.signing(), self.config.clone(), settings, clock)
    }

    fn table(&self, name: &str) -> Table {
        Table::new(self.dynamodb.clone(), name.to_owned(), Arc::clone(&self.meter))
    }

    /// Returns a client that signs addresses for others: at signing time there is no content to compute a checksum of.
    fn signing(&self) -> aws_sdk_s3::Client {
        let config =
            s3_config(&self.config).request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
        aws_sdk_s3::Client::from_conf(config.build())
    }
}

/// An emulator has no host name for each bucket, so addresses carry the bucket in the path.
fn s3_config(config: &SdkConfig) -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::config::Builder::from(config)
        .force_path_style(config.endpoint_url().is_some())
        .timeout_config(limits(LARGE))
}

fn retries(tries: u32) -> RetryConfig {
    RetryConfig::standard().with_max_attempts(tries).with_initial_backoff(FIRST_WAIT)
}

fn limits(one_try: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(one_try).build()
}

fn missing(variables: &str) -> PortError {
    PortError::Broken(format!("the environment lacks {variables}"))
}
