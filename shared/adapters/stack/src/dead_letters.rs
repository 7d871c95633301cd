//! Dead letters in SQS: looked at, and moved back to where they failed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName as Attribute, QueueAttributeName};
use chrono::{DateTime, Utc};

use crate::failure::{Failed, failed};

/// How long a message is hidden while it is looked at or moved, in seconds. Who is killed meanwhile leaves it to
/// reappear then.
const HIDDEN: i32 = 120;
/// Messages looked at, at most: as many as SQS lets one have in hand, and some room.
const SEEN_MAX: usize = 100_000;
/// It is empty when it says so this often, since a message may be on its way.
const EMPTY: u32 = 2;
/// Seconds to wait for one: SQS then asks all of its machines.
const WAIT: i32 = 1;
/// Between two looks at a task of SQS's.
const PAUSE: Duration = Duration::from_secs(1);
/// How long such a task is watched. It goes on without.
const WATCHED: u32 = 120;

/// A queue of dead letters.
#[derive(Debug)]
pub struct DeadLetters {
    client: Client,
    url: String,
    queues: Vec<String>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub id: String,
    pub body: String,
    pub group: Option<String>,
    /// When it was first sent.
    pub sent_at: DateTime<Utc>,
    /// The address of the queue where it failed; `None` for what was put among the dead letters directly, as
    /// schedules are.
    pub source: Option<String>,
    receipt: String,
}

/// What became of a request to move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// SQS is still at work on it.
    pub running: bool,
    pub moved: u64,
    /// Those that stay, with the reason of each.
    pub left: Vec<(DeadLetter, String)>,
}

impl DeadLetters {
    pub(crate) fn new(client: Client, url: String, queues: Vec<String>) -> Self {
        Self { client, url, queues }
    }

    /// All of them, visible again afterwards. To be seen raises a message's count of receives, which nothing goes
    /// by here.
    pub async fn list(&self) -> Result<Vec<DeadLetter>, Failed> {
        let letters = self.take().await?;
        for letter in &letters {
            self.show(letter).await?;
        }
        Ok(letters)
    }

    /// Has SQS move all back to where they failed, and moves by hand what it does not: all, or those of these ids.
    /// `place` names the queue of a letter whose source is unknown, by its address.
    ///
    /// At least once: who is killed between sending and deleting leaves a message in both queues.
    pub async fn redrive(
        &self,
        only: &[String],
        place: impl Fn(&DeadLetter) -> Result<Vec<String>, String>,
    ) -> Result<Moved, Failed> {
        let mut by_task = 0;
        if only.is_empty() {
            match self.task().await? {
                Some((moved, true)) => return Ok(Moved { running: true, moved, left: Vec::new() }),
                Some((moved, false)) => by_task = moved,
                None => {}
            }
        }
        let (mut moved, mut left) = (0, Vec::new());
        for letter in self.take().await? {
            let wanted = only.is_empty() || only.contains(&letter.id);
            let queues = match (&letter.source, wanted) {
                (_, false) => {
                    self.show(&letter).await?;
                    continue;
                }
                (Some(source), true) => Ok(vec![source.clone()]),
                (None, true) => place(&letter),
            };
            match queues {
                Ok(queues) => {
                    self.give_back(&letter, &queues).await?;
                    moved += 1;
                }
                Err(why) => {
                    self.show(&letter).await?;
                    left.push((letter, why));
                }
            }
        }
        Ok(Moved { running: false, moved: moved + by_task, left })
    }

    /// SQS's own way: how many it moved, and whether it is still at work. `None` where it is not offered.
    async fn task(&self) -> Result<Option<(u64, bool)>, Failed> {
        let arn = self.arn(&self.url).await?;
        if let Err(refused) = self.client.start_message_move_task().source_arn(&arn).send().await {
            let failed = failed("StartMessageMoveTask")(refused);
            // What answers without a code did not answer; anything it says is a no to this way only.
            return if failed.code.is_some() { Ok(None) } else { Err(failed) };
        }
        for _ in 0..WATCHED {
            let tasks = self.client.list_message_move_tasks().source_arn(&arn).max_results(1).send().await;
            let tasks = tasks.map_err(failed("ListMessageMoveTasks"))?;
            let Some(task) = tasks.results().first() else { return Ok(None) };
            let moved = u64::try_from(task.approximate_number_of_messages_moved()).unwrap_or_default();
            if !matches!(task.status(), Some("RUNNING" | "CANCELLING")) {
                return Ok(Some((moved, false)));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(Some((0, true)))
    }

    /// Receives all that can be had, each once.
    async fn take(&self) -> Result<Vec<DeadLetter>, Failed> {
        let mut sources = BTreeMap::new();
        for url in &self.queues {
            sources.insert(self.arn(url).await?, url.clone());
        }
        let (mut letters, mut seen, mut empty) = (Vec::new(), BTreeSet::new(), 0);
        while empty < EMPTY && letters.len() < SEEN_MAX {
            let said = self
                .client
                .receive_message()
                .queue_url(&self.url)
                .max_number_of_messages(10)
                .visibility_timeout(HIDDEN)
                .wait_time_seconds(WAIT)
                .message_system_attribute_names(Attribute::All)
                .send()
                .await
                .map_err(failed("ReceiveMessage"))?;
            let before = letters.len();
            for message in said.messages() {
                let letter = letter(message, &sources);
                if seen.insert(letter.id.clone()) {
                    letters.push(letter);
                }
            }
            empty = if letters.len() == before { empty + 1 } else { 0 };
        }
        Ok(letters)
    }

    async fn give_back(&self, letter: &DeadLetter, queues: &[String]) -> Result<(), Failed> {
        for url in queues {
            let message = self.client.send_message().queue_url(url).message_body(&letter.body);
            let sent = message.set_message_group_id(letter.group.clone()).send().await;
            sent.map_err(failed("SendMessage"))?;
        }
        let gone =
            self.client.delete_message().queue_url(&self.url).receipt_handle(&letter.receipt).send().await;
        gone.map(drop).map_err(failed("DeleteMessage"))
    }

    async fn show(&self, letter: &DeadLetter) -> Result<(), Failed> {
        let shown = self.client.change_message_visibility().queue_url(&self.url);
        let shown = shown.receipt_handle(&letter.receipt).visibility_timeout(0).send().await;
        shown.map(drop).map_err(failed("ChangeMessageVisibility"))
    }

    async fn arn(&self, url: &str) -> Result<String, Failed> {
        let name = QueueAttributeName::QueueArn;
        let said =
            self.client.get_queue_attributes().queue_url(url).attribute_names(name.clone()).send().await;
        let said = said.map_err(failed("GetQueueAttributes"))?;
        Ok(said.attributes().and_then(|attributes| attributes.get(&name)).cloned().unwrap_or_default())
    }
}

fn letter(message: &Message, sources: &BTreeMap<String, String>) -> DeadLetter {
    let attribute = |name| message.attributes().and_then(|attributes| attributes.get(&name)).cloned();
    let sent = attribute(Attribute::SentTimestamp).and_then(|at| at.parse().ok());
    DeadLetter {
        id: message.message_id().unwrap_or_default().to_owned(),
        body: message.body().unwrap_or_default().to_owned(),
        group: attribute(Attribute::MessageGroupId),
        sent_at: sent.and_then(DateTime::from_timestamp_millis).unwrap_or_default(),
        source: attribute(Attribute::DeadLetterQueueSourceArn).and_then(|arn| sources.get(&arn).cloned()),
        receipt: message.receipt_handle().unwrap_or_default().to_owned(),
    }
}
