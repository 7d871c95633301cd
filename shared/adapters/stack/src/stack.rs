//! The connection to a stack.

use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use riffle_aws_adapters::{DeadLetterPlace, SqsDeadLetters};

use crate::failure::{CallError, failed};
use crate::inspect::InspectionClients;
use crate::move_task::{Moved, move_all};
use crate::outputs::Outputs;

/// Short timeouts: a person waits at a terminal.
const CONNECT: Duration = Duration::from_secs(5);
const ONE_TRY: Duration = Duration::from_secs(15);
const TRIES: u32 = 3;

/// A connection to the stacks of an account in one region, configured by the environment and the AWS profile.
/// `AWS_ENDPOINT_URL` is honoured.
#[derive(Debug)]
pub struct Stack {
    config: SdkConfig,
    pub look: InspectionClients,
}

impl Stack {
    pub async fn connect(region: Option<&str>) -> Self {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(
                aws_smithy_http_client::Builder::new()
                    .tls_provider(Provider::Rustls(CryptoMode::Ring))
                    .build_https(),
            )
            .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ONE_TRY).build(),
            );
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        let config = loader.load().await;
        Self { look: InspectionClients::new(&config), config }
    }

    pub fn region(&self) -> Option<&str> {
        self.config.region().map(Region::as_ref)
    }

    /// Returns the address of an emulator, if one is configured.
    pub fn endpoint(&self) -> Option<&str> {
        self.config.endpoint_url()
    }

    /// Returns the account and ARN of the credentials in use.
    pub async fn identity(&self) -> Result<(String, String), CallError> {
        let client = aws_sdk_sts::Client::new(&self.config);
        let response = client.get_caller_identity().send().await.map_err(failed("GetCallerIdentity"))?;
        Ok((response.account().unwrap_or_default().to_owned(), response.arn().unwrap_or_default().to_owned()))
    }

    /// Returns the outputs of the stack of this name. Empty if the stack has none.
    pub async fn outputs(&self, stack: &str) -> Result<Outputs, CallError> {
        let client = aws_sdk_cloudformation::Client::new(&self.config);
        let response =
            client.describe_stacks().stack_name(stack).send().await.map_err(failed("DescribeStacks"))?;
        let outputs = response.stacks().iter().flat_map(aws_sdk_cloudformation::types::Stack::outputs);
        let named = |output: &aws_sdk_cloudformation::types::Output| {
            Some((output.output_key()?.to_owned(), output.output_value()?.to_owned()))
        };
        Ok(outputs.filter_map(named).collect())
    }

    /// The dead letters in these queues.
    pub fn dead_letters(&self, places: Vec<DeadLetterPlace>) -> SqsDeadLetters {
        SqsDeadLetters::new(self.sqs(), places, Arc::default())
    }

    /// Starts SQS's own task that moves all messages of the dead-letter queue at this address back. `None` if that is
    /// not available.
    pub async fn move_all(&self, url: &str) -> Result<Option<Moved>, CallError> {
        move_all(&self.sqs(), url).await
    }

    fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }
}
