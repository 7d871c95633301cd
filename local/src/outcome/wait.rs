//! Waiting for files to finish.

use std::sync::Arc;
use std::time::Duration;

use riffle_contracts::http_statements::{StatementFile, StatementPhase};
use riffle_ports::{FileId, ObjectRef};
use riffle_statements::{ApiError, processing_id};
use riffle_topology::statements;

use super::{FileEnd, FileOutcome};
use crate::error::CommandError;
use crate::platform::{Platform, TENANT};

/// The pause between two checks, at first and later.
const SOON: Duration = Duration::from_millis(5);
const LATER: Duration = Duration::from_millis(200);

/// A file in progress.
#[derive(Debug, Clone)]
pub struct Awaited {
    pub file: String,
    pub id: FileId,
}

impl Awaited {
    pub fn new(file: String, object: &ObjectRef) -> Self {
        Self { file, id: processing_id(object) }
    }
}

/// The statements flow, as a waiting client sees it.
pub struct Pipeline {
    platform: Arc<Platform>,
}

impl Pipeline {
    pub fn new(platform: &Arc<Platform>) -> Self {
        Self { platform: Arc::clone(platform) }
    }

    /// Returns a file's current state; `None` if the flow has not even recorded it.
    pub async fn item(&self, id: &FileId) -> Result<Option<StatementFile>, CommandError> {
        match self.platform.statements.queries.file(TENANT, id).await {
            Ok(item) => Ok(Some(item)),
            Err(ApiError::NotFound) => Ok(None),
            Err(error) => Err(CommandError::new(error.to_string())),
        }
    }

    /// Whether a file has reached a final state, for now.
    pub fn is_done(item: &StatementFile) -> bool {
        !matches!(
            item.detail,
            StatementPhase::Received | StatementPhase::Processing | StatementPhase::Deleting
        )
    }

    /// Whether no message of the flow is queued or in flight, and no event waits to be published.
    pub async fn is_idle(&self) -> Result<bool, CommandError> {
        let depths = self.platform.queues.depths().await?;
        let topology = self.platform.queues.topology();
        let of_statements =
            |queue| topology.queue(queue).is_some_and(|own| own.flow.name == statements::NAME);
        let mut own = depths.iter().filter(|depth| of_statements(&depth.queue));
        if own.any(|depth| depth.ready + depth.in_flight + depth.waiting > 0) {
            return Ok(false);
        }
        let soon = self.platform.clock.now() + chrono::TimeDelta::days(1);
        let records = &self.platform.statements.flow().records;
        Ok(records.outbox(riffle_statements::FLOW, soon, 1).await?.is_empty())
    }

    /// Waits until nothing is in progress any more, and returns the results of these files, in their order. `progress`
    /// receives how many files are done and how many rows have been read.
    pub async fn end(
        &self,
        awaited: &[Awaited],
        mut progress: impl FnMut(usize, u64),
    ) -> Result<Vec<FileOutcome>, CommandError> {
        let mut pause = SOON;
        loop {
            // Check `is_idle` first: if nothing was in progress and the file is still not done, it will never be done.
            let idle = self.is_idle().await?;
            let (mut done, mut rows, mut outcomes) = (0, 0, Vec::new());
            for one in awaited {
                let item = self.item(&one.id).await?;
                done += usize::from(item.as_ref().is_some_and(Self::is_done));
                rows += self.rows(&one.id, item.as_ref()).await?;
                if idle {
                    outcomes.push(FileOutcome { file: one.file.clone(), end: end(item) });
                }
            }
            if idle {
                return Ok(outcomes);
            }
            progress(done, rows);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LATER);
        }
    }

    /// Returns how many rows have been read so far, accurate to one part.
    async fn rows(&self, id: &FileId, item: Option<&StatementFile>) -> Result<u64, CommandError> {
        match item {
            Some(item) if item.detail == StatementPhase::Processing => {
                let statements = self.platform.statements.flow();
                let file = statements
                    .file(TENANT, id)
                    .await
                    .map_err(|error| CommandError::new(error.to_string()))?;
                let parts = file.map_or(0, |file| file.parts);
                Ok(u64::from(parts) * statements.settings.part_rows as u64)
            }
            Some(item) => Ok(item.rows),
            None => Ok(0),
        }
    }
}

/// Returns the result of a file for which nothing is in progress.
pub fn end(item: Option<StatementFile>) -> FileEnd {
    match item {
        Some(item) if Pipeline::is_done(&item) => FileEnd::Recorded(Box::new(item)),
        _ => FileEnd::Unread("processing has stopped: see riffle redrive --list".to_owned()),
    }
}
