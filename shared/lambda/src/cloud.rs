//! The ports on AWS, as the environment names them.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use riffle_aws_adapters as aws;
use riffle_ports::{
    Clock, ConnectionRegistry, DownloadLinks, FileSource, Ids, Meter, Notices, ObjectStore, Queue, TicketStore,
    UploadStorage,
};
use riffle_runtime::{RandomIds, SystemClock};
use riffle_scan::{Links, Ports, Prices, Scan, Settings};

use crate::{ConfigError, Env};

/// What a function stands on: its environment, and AWS as that names it.
#[expect(missing_debug_implementations, reason = "clients hold credentials")]
pub struct Cloud {
    pub env: Env,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub(crate) meter: Arc<Meter>,
    /// Memory of this function.
    pub(crate) megabytes: u64,
    aws: aws::Aws,
}
