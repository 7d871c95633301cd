//! SQS's own way to move dead letters back to where they failed.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;

use crate::failure::{Failed, failed};

/// Between two looks at a task of SQS's.
const PAUSE: Duration = Duration::from_secs(1);
/// How long such a task is watched. It goes on without.
const WATCHED: u32 = 120;

/// How far SQS came with one queue of dead letters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    pub count: u64,
    /// It is still at work.
    pub running: bool,
}

/// Has SQS move all that lies in the queue of this address back to where it failed. `None` where that is not offered.
pub(crate) async fn move_all(client: &Client, url: &str) -> Result<Option<Moved>, Failed> {
    let name = QueueAttributeName::QueueArn;
    let said = client.get_queue_attributes().queue_url(url).attribute_names(name.clone()).send().await;
    let said = said.map_err(failed("GetQueueAttributes"))?;
    let Some(arn) = said.attributes().and_then(|attributes| attributes.get(&name)) else { return Ok(None) };
    if let Err(refused) = client.start_message_move_task().source_arn(arn).send().await {
        let failed = failed("StartMessageMoveTask")(refused);
        // What answers without a code did not answer; anything it says is a no to this way only.
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
