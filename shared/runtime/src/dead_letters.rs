//! The dead letters of a tenant, across all flows. Each flow classifies its own.

use std::sync::Arc;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use riffle_ports::{DeadLetter, DeadLetterClassifier, DeadLetterStore, Failure, MessageInfo, RecordInfo};

/// Maximum number of dead letters inspected in one call, across all tenants.
const MAX_LISTED: u32 = 2_000;
/// Maximum number of dead letters redriven in one call.
const MAX_REDRIVEN: usize = 200;
/// Number of concurrent record lookups that find the tenant of a dead letter.
const AT_ONCE: usize = 16;

/// The dead letters, and the classifiers that determine what each is about.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct DeadLetterService {
    pub dead: Arc<dyn DeadLetterStore>,
    /// The classifiers of flows that have their own, by the name of the flow.
    pub classifiers: Vec<(&'static str, Arc<dyn DeadLetterClassifier>)>,
    /// The classifier of all other flows.
    pub fallback: Arc<dyn DeadLetterClassifier>,
    /// Whether there is only one tenant, who then also owns dead letters that cannot be understood. Otherwise only the
    /// operator sees those.
    pub single_tenant: bool,
}

/// A dead letter and its classification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassifiedDeadLetter {
    pub dead_letter: DeadLetter,
    /// `None` if the message is not a message of its flow.
    pub message_info: Option<MessageInfo>,
    pub record_info: RecordInfo,
}

impl DeadLetterService {
    /// Returns the tenant's dead letters of one flow or all flows, oldest first and at most `limit`, and whether there
    /// may be more.
    pub async fn of(
        &self,
        tenant: &str,
        flow: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<ClassifiedDeadLetter>, bool), Failure> {
        let (own, more) = self.owned(tenant, flow).await?;
        let more = more || own.len() > limit as usize;
        let mut dead_letters = Vec::new();
        for (dead_letter, message_info, record_info) in own.into_iter().take(limit as usize) {
            let record_info = match (record_info, &message_info) {
                (Some(record_info), _) => record_info,
                (None, Some(message_info)) => self.record_info(&dead_letter, message_info).await?,
                (None, None) => {
                    let reason = "the message cannot be understood".to_owned();
                    RecordInfo { reason: Some(reason), ..RecordInfo::default() }
                }
            };
            dead_letters.push(ClassifiedDeadLetter { dead_letter, message_info, record_info });
        }
        Ok((dead_letters, more))
    }

    /// Redrives the tenant's dead letters: those named in `ids`, or all if `ids` is `None`, at most 200. Returns their
    /// number.
    pub async fn redrive(
        &self,
        tenant: &str,
        flow: Option<&str>,
        ids: Option<&[String]>,
    ) -> Result<u64, Failure> {
        let (own, _) = self.owned(tenant, flow).await?;
        let mut own: Vec<DeadLetter> = own.into_iter().map(|(dead_letter, ..)| dead_letter).collect();
        own.retain(|dead_letter| ids.is_none_or(|ids| ids.contains(&dead_letter.id)));
        own.truncate(MAX_REDRIVEN);
        Ok(self.dead.redrive(&own).await?)
    }

    /// Returns the tenant's dead letters, with the content of their records if it was looked up, and whether there may
    /// be more.
    async fn owned(
        &self,
        tenant: &str,
        flow: Option<&str>,
    ) -> Result<(Vec<LookedUpDeadLetter>, bool), Failure> {
        let (found, more) = self.dead.list(flow, MAX_LISTED).await?;
        let owned = stream::iter(found).map(|dead_letter| self.owned_by(dead_letter)).buffered(AT_ONCE);
        let own = owned.try_filter_map(async |(owner, owned)| {
            Ok(owner.map_or(self.single_tenant, |owner| owner == tenant).then_some(owned))
        });
        Ok((own.try_collect().await?, more))
    }

    /// Returns the tenant of a dead letter, if it is known.
    async fn owned_by(
        &self,
        dead_letter: DeadLetter,
    ) -> Result<(Option<String>, LookedUpDeadLetter), Failure> {
        let message_info = self.classifier(&dead_letter).message_info(&dead_letter);
        // The tenant named in the message takes precedence over the record, because a function wrote it.
        let (owner, record_info) = match &message_info {
            Some(MessageInfo { tenant: Some(owner), .. }) => (Some(owner.clone()), None),
            Some(message_info) => {
                let record_info = self.record_info(&dead_letter, message_info).await?;
                (record_info.tenant.clone(), Some(record_info))
            }
            None => (None, None),
        };
        Ok((owner, (dead_letter, message_info, record_info)))
    }

    fn classifier(&self, dead_letter: &DeadLetter) -> &dyn DeadLetterClassifier {
        let own = self.classifiers.iter().find(|(flow, _)| *flow == dead_letter.flow);
        own.map_or(&*self.fallback, |(_, classifier)| &**classifier)
    }

    async fn record_info(
        &self,
        dead_letter: &DeadLetter,
        message_info: &MessageInfo,
    ) -> Result<RecordInfo, Failure> {
        self.classifier(dead_letter).record_info(dead_letter, message_info).await
    }
}

type LookedUpDeadLetter = (DeadLetter, Option<MessageInfo>, Option<RecordInfo>);

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use chrono::DateTime;
    use futures::executor::block_on;
    use riffle_ports::PortError;

    use super::*;

    struct Lying(Mutex<Vec<DeadLetter>>);

    #[async_trait]
    impl DeadLetterStore for Lying {
        async fn list(&self, flow: Option<&str>, _: u32) -> Result<(Vec<DeadLetter>, bool), PortError> {
            let all = self.0.lock().expect("no thread panics").clone();
            Ok((all.into_iter().filter(|one| flow.is_none_or(|flow| one.flow == flow)).collect(), false))
        }

        async fn redrive(&self, dead_letters: &[DeadLetter]) -> Result<u64, PortError> {
            self.0.lock().expect("no panic").retain(|one| !dead_letters.contains(one));
            Ok(dead_letters.len() as u64)
        }
    }

    /// Classifies messages such as `acme:7`, and messages such as `7` without a tenant. The record of subject 7 belongs
    /// to acme.
    struct Words;

    #[async_trait]
    impl DeadLetterClassifier for Words {
        fn message_info(&self, dead_letter: &DeadLetter) -> Option<MessageInfo> {
            let (tenant, subject) = match dead_letter.body.split_once(':') {
                Some((tenant, subject)) => (Some(tenant.to_owned()), subject),
                None => (None, &*dead_letter.body),
            };
            let subject = subject.parse::<u32>().ok()?.to_string();
            Some(MessageInfo { subject, tenant, kind: "word".to_owned() })
        }

        async fn record_info(
            &self,
            _: &DeadLetter,
            message_info: &MessageInfo,
        ) -> Result<RecordInfo, Failure> {
            let tenant = (message_info.subject == "7").then(|| "acme".to_owned());
            Ok(RecordInfo { tenant, ..RecordInfo::default() })
        }
    }

    fn dead_letters(bodies: &[&str], single_tenant: bool) -> DeadLetterService {
        let dead_letter = |(number, body): (usize, &&str)| DeadLetter {
            id: number.to_string(),
            flow: "words".to_owned(),
            function: "reader".to_owned(),
            queue: Some("words-read".to_owned()),
            sent_at: DateTime::UNIX_EPOCH,
            body: (*body).to_owned(),
        };
        let dead = bodies.iter().enumerate().map(dead_letter).collect();
        DeadLetterService {
            dead: Arc::new(Lying(Mutex::new(dead))),
            classifiers: vec![("words", Arc::new(Words))],
            fallback: Arc::new(Words),
            single_tenant,
        }
    }

    fn listed(dead_letters: &DeadLetterService, tenant: &str) -> Vec<String> {
        let (found, _) = block_on(dead_letters.of(tenant, None, 10)).expect("a list");
        found.into_iter().map(|one| one.dead_letter.body).collect()
    }

    #[test]
    fn a_tenant_sees_its_own_and_nobody_sees_what_is_nobody_s() {
        let dead_letters = dead_letters(&["acme:1", "other:2", "7", "8", "no message"], false);
        assert_eq!(listed(&dead_letters, "acme"), ["acme:1", "7"]);
        assert_eq!(listed(&dead_letters, "other"), ["other:2"]);
        // Proves that a redrive leaves the dead letters of other tenants in place, even if their ids are given.
        let named = ["0", "1", "3", "4"].map(str::to_owned);
        assert_eq!(block_on(dead_letters.redrive("acme", None, Some(&named))), Ok(1));
        assert_eq!(listed(&dead_letters, "acme"), ["7"]);
        assert_eq!(block_on(dead_letters.redrive("acme", Some("other flow"), None)), Ok(0));
        assert_eq!(block_on(dead_letters.redrive("acme", None, None)), Ok(1));
        assert_eq!(listed(&dead_letters, "other"), ["other:2"]);
    }

    #[test]
    fn where_there_is_one_tenant_all_is_his() {
        let dead_letters = dead_letters(&["acme:1", "8", "no message"], true);
        assert_eq!(listed(&dead_letters, "acme"), ["acme:1", "8", "no message"]);
        let (found, more) = block_on(dead_letters.of("acme", None, 1)).expect("a list");
        assert!(found.len() == 1 && more);
        let (all, _) = block_on(dead_letters.of("acme", None, 10)).expect("a list");
        assert_eq!(all[2].record_info.reason.as_deref(), Some("the message cannot be understood"));
    }
}
