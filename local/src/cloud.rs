//! Which deployed stack is meant.

use std::path::Path;

use riffle_local_adapters::QueueName;
use riffle_stack_adapter::{Outputs, Stack};

use crate::cli::Cloud;
use crate::error::Problem;

/// Outputs: of dead letters, each with those of the queues whose messages end there.
pub const DEAD_LETTERS: [(&str, &[(&str, QueueName)]); 7] = [
    (
        "DeadLetterQueueUrl",
        &[
            ("DispatchQueueUrl", QueueName::ScanDispatch),
            ("WorkQueueUrl", QueueName::ScanWork),
            ("QuarantineQueueUrl", QueueName::ScanQuarantine),
            ("FinishQueueUrl", QueueName::ScanFinish),
        ],
    ),
    ("FileUploadsDeadLettersUrl", &[("FileUploadsQueueUrl", QueueName::FileUploads)]),
    ("FileProcessorDeadLettersUrl", &[("FileProcessorQueueUrl", QueueName::FileProcessor)]),
    ("CategorizationDeadLettersUrl", &[("CategorizationQueueUrl", QueueName::Categorization)]),
    ("AnalyticsDeadLettersUrl", &[("AnalyticsQueueUrl", QueueName::Analytics)]),
    ("AuditDeadLettersUrl", &[("AuditQueueUrl", QueueName::Audit)]),
    ("ErrorsDeadLettersUrl", &[("ErrorsQueueUrl", QueueName::Errors)]),
];

/// A stack that was named, and what it is made of.
pub struct Deployed {
    pub stack: Stack,
    pub outputs: Outputs,
}

impl Deployed {
    /// `None` where this machine is meant.
    pub async fn named(cloud: &Cloud) -> Result<Option<Self>, Problem> {
        if cloud.stack.is_none() && cloud.outputs.is_none() {
            return Ok(None);
        }
        let stack = Stack::connect(cloud.region.as_deref()).await;
        if stack.region().is_none() {
            return Err(Problem::new("no region is known: name it with --region or AWS_REGION"));
        }
        let outputs = match (&cloud.outputs, &cloud.stack) {
            (Some(file), name) => read(file, name.as_deref())?,
            (None, Some(name)) => stack.outputs(name).await.map_err(|error| {
                Problem::new(format!(
                    "the stack {name} cannot be read: {error}; check --stack, --region and the credentials"
                ))
            })?,
            (None, None) => return Ok(None),
        };
        Ok(Some(Self { stack, outputs }))
    }

    /// An output the stack must have.
    pub fn output(&self, name: &str) -> Result<&str, Problem> {
        self.outputs.get(name).ok_or_else(|| {
            Problem::new(format!(
                "the stack has no output {name}: is it one of Riffle's, deployed by this version?"
            ))
        })
    }
}

fn read(file: &Path, stack: Option<&str>) -> Result<Outputs, Problem> {
    let problem = |error: &dyn std::fmt::Display| Problem::new(format!("{}: {error}", file.display()));
    let json = std::fs::read_to_string(file).map_err(|error| problem(&error))?;
    Outputs::parse(&json, stack).map_err(|error| problem(&error))
}
