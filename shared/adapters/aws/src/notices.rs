//! Operator notices, through a topic whose subscribers get mail.

use async_trait::async_trait;
use aws_sdk_sns::Client;
use riffle_ports::{Notice, Notices, PortError};

use crate::error::failure;

/// Publishes to `NOTICE_TOPIC_ARN`.
#[derive(Debug, Clone)]
pub struct SnsNotices {
    pub(crate) client: Client,
    pub(crate) topic: String,
}

#[async_trait]
impl Notices for SnsNotices {
    async fn send(&self, notice: Notice) -> Result<(), PortError> {
        let publish = self.client.publish().topic_arn(&self.topic);
        let sent = publish.subject(notice.subject).message(notice.body).send().await;
        sent.map(drop).map_err(|error| failure("Publish", &self.topic, &error))
    }
}
