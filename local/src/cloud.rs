//! Selection of a deployed stack.

use std::path::Path;

use riffle_stack_adapter::{DeadLetterPlace, Outputs, Stack};
use riffle_topology::{RIFFLE, url_output};

use crate::cli::CloudOptions;
use crate::error::CommandError;

/// The selected stack and its outputs.
pub struct Deployed {
    pub stack: Stack,
    pub outputs: Outputs,
}

impl Deployed {
    /// Connects to the stack that the arguments name; `None` if they mean this machine.
    pub async fn named(cloud: &CloudOptions) -> Result<Option<Self>, CommandError> {
        if cloud.stack.is_none() && cloud.outputs.is_none() {
            return Ok(None);
        }
        let stack = Stack::connect(cloud.region.as_deref()).await;
        if stack.region().is_none() {
            return Err(CommandError::new("no AWS region is set: use --region or AWS_REGION"));
        }
        let outputs = match (&cloud.outputs, &cloud.stack) {
            (Some(file), name) => read(file, name.as_deref())?,
            (None, Some(name)) => stack.outputs(name).await.map_err(|error| {
                CommandError::new(format!(
                    "cannot read the stack {name}: {error}; check --stack, --region and the credentials"
                ))
            })?,
            (None, None) => return Ok(None),
        };
        Ok(Some(Self { stack, outputs }))
    }

    /// Returns all dead letter queues of the stack, of one flow or of all.
    pub fn dead_letters(&self, flow: Option<&str>) -> Result<Vec<DeadLetterPlace>, CommandError> {
        let places =
            RIFFLE.dead_letters().filter(|dead_letters| flow.is_none_or(|flow| dead_letters.flow == flow));
        places
            .map(|dead_letters| {
                let url = |queue: &str| self.output(&url_output(queue)).map(str::to_owned);
                let queue = dead_letters.queue.map(url).transpose()?;
                Ok(DeadLetterPlace { url: url(&dead_letters.name)?, queue, dead_letters })
            })
            .collect()
    }

    /// Returns an output that the stack must have.
    pub fn output(&self, name: &str) -> Result<&str, CommandError> {
        self.outputs.get(name).ok_or_else(|| {
            CommandError::new(format!(
                "the stack has no output {name}: check that it is a Riffle stack deployed by this version"
            ))
        })
    }
}

fn read(file: &Path, stack: Option<&str>) -> Result<Outputs, CommandError> {
    let problem = |error: &dyn std::fmt::Display| CommandError::new(format!("{}: {error}", file.display()));
    let json = std::fs::read_to_string(file).map_err(|error| problem(&error))?;
    Outputs::parse(&json, stack).map_err(|error| problem(&error))
}
