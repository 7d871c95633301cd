//! The state of each resource of a stack.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{
    ContinuousBackupsDescription, PointInTimeRecoveryStatus, TableStatus, TimeToLiveStatus,
};
use aws_sdk_sqs::types::QueueAttributeName;

use crate::failure::{CallError, failed};

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableFacts {
    pub active: bool,
    /// Items expire at the time in their attribute `expires_at`.
    pub expires: bool,
    /// Point-in-time recovery is enabled.
    pub recovers: bool,
}

/// A queue. SQS's counts are approximate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueFacts {
    pub ready: u64,
    pub in_flight: u64,
    pub waiting: u64,
}

/// A key; its state is in KMS's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFacts {
    pub enabled: bool,
    pub state: String,
}

/// The subscribers of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicFacts {
    pub confirmed: u64,
    /// Invited but not yet confirmed.
    pub pending: u64,
}

/// The clients used for inspection.
#[derive(Debug)]
pub struct InspectionClients {
    dynamodb: aws_sdk_dynamodb::Client,
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    kms: aws_sdk_kms::Client,
    sns: aws_sdk_sns::Client,
}

impl InspectionClients {
    pub(crate) fn new(config: &SdkConfig) -> Self {
        let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(config.endpoint_url().is_some());
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            sqs: aws_sdk_sqs::Client::new(config),
            kms: aws_sdk_kms::Client::new(config),
            sns: aws_sdk_sns::Client::new(config),
        }
    }

    pub async fn table(&self, name: &str) -> Result<TableFacts, CallError> {
        let table = self.dynamodb.describe_table().table_name(name).send().await;
        let table = table.map_err(failed("DescribeTable"))?;
        let expiry = self.dynamodb.describe_time_to_live().table_name(name).send().await;
        let expiry = expiry.map_err(failed("DescribeTimeToLive"))?;
        let backups = self.dynamodb.describe_continuous_backups().table_name(name).send().await;
        let backups = backups.map_err(failed("DescribeContinuousBackups"))?;
        let expiry = expiry.time_to_live_description();
        let recovery = backups
            .continuous_backups_description()
            .and_then(ContinuousBackupsDescription::point_in_time_recovery_description)
            .and_then(|recovery| recovery.point_in_time_recovery_status());
        Ok(TableFacts {
            active: table.table().and_then(|table| table.table_status()) == Some(&TableStatus::Active),
            expires: expiry.is_some_and(|expiry| {
                expiry.time_to_live_status() == Some(&TimeToLiveStatus::Enabled)
                    && expiry.attribute_name() == Some("expires_at")
            }),
            recovers: recovery == Some(&PointInTimeRecoveryStatus::Enabled),
        })
    }

    /// Checks that a bucket can be reached.
    pub async fn bucket(&self, name: &str) -> Result<(), CallError> {
        self.s3.head_bucket().bucket(name).send().await.map(drop).map_err(failed("HeadBucket"))
    }

    pub async fn queue(&self, url: &str) -> Result<QueueFacts, CallError> {
        use QueueAttributeName::{
            ApproximateNumberOfMessages as Ready, ApproximateNumberOfMessagesDelayed as Waiting,
            ApproximateNumberOfMessagesNotVisible as InFlight,
        };
        let asked = self.sqs.get_queue_attributes().queue_url(url);
        let asked = asked.attribute_names(Ready).attribute_names(InFlight).attribute_names(Waiting);
        let response = asked.send().await.map_err(failed("GetQueueAttributes"))?;
        let number = |name| {
            let value = response.attributes().and_then(|attributes| attributes.get(&name));
            value.and_then(|value| value.parse().ok()).unwrap_or_default()
        };
        Ok(QueueFacts { ready: number(Ready), in_flight: number(InFlight), waiting: number(Waiting) })
    }

    pub async fn key(&self, id: &str) -> Result<KeyFacts, CallError> {
        let response = self.kms.describe_key().key_id(id).send().await.map_err(failed("DescribeKey"))?;
        let facts = response.key_metadata().map(|key| KeyFacts {
            enabled: key.enabled(),
            state: key.key_state().map_or_else(String::new, |state| state.as_str().to_owned()),
        });
        Ok(facts.unwrap_or(KeyFacts { enabled: false, state: "unknown".to_owned() }))
    }

    pub async fn topic(&self, arn: &str) -> Result<TopicFacts, CallError> {
        let response = self.sns.get_topic_attributes().topic_arn(arn).send().await;
        let response = response.map_err(failed("GetTopicAttributes"))?;
        let number = |name| {
            let value = response.attributes().and_then(|attributes| attributes.get(name));
            value.and_then(|value| value.parse().ok()).unwrap_or_default()
        };
        Ok(TopicFacts {
            confirmed: number("SubscriptionsConfirmed"),
            pending: number("SubscriptionsPending"),
        })
    }
}
