//! SQS's own task that moves dead letters back to where they failed.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;

use crate::failure::{CallError, failed};

/// Pause between two queries of the task's state.
const PAUSE: Duration = Duration::from_secs(1);
/// The number of queries before giving up. The task continues without them.
const WATCHED: u32 = 120;

/// The progress of SQS's task for one dead-letter queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    pub count: u64,
    /// The task is still running.
    pub running: bool,
}

/// Starts SQS's task that moves all messages of the queue at this address back to where they failed. `None` if that is
/// not available.
pub(crate) async fn move_all(client: &Client, url: &str) -> Result<Option<Moved>, CallError> {
    let name = QueueAttributeName::QueueArn;
    let response = client.get_queue_attributes().queue_url(url).attribute_names(name.clone()).send().await;
    let response = response.map_err(failed("GetQueueAttributes"))?;
    let Some(arn) = response.attributes().and_then(|attributes| attributes.get(&name)) else {
        return Ok(None);
    };
    if let Err(refused) = client.start_message_move_task().source_arn(arn).send().await {
        let failed = failed("StartMessageMoveTask")(refused);
        // An error without a code is a lost call; with a code, the service refuses only this way of moving messages.
        return if failed.code.is_some() { Ok(None) } else { Err(failed) };
    }
    for _ in 0..WATCHED {
        let tasks = client.list_message_move_tasks().source_arn(arn).max_results(1).send().await;
        let tasks = tasks.map_err(failed("ListMessageMoveTasks"))?;
        let Some(task) = tasks.results().first() else { return Ok(None) };
        if !matches!(task.status(), Some("RUNNING" | "CANCELLING")) {
            let count = u64::try_from(task.approximate_number_of_messages_moved()).unwrap_or_default();
            return Ok(Some(Moved { count, running: false }));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(Some(Moved { count: 0, running: true }))
}
