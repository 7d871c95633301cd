//! The dead letters of a tenant, across all flows. Each flow classifies its own.

use std::sync::Arc;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use riffle_ports::{About, DeadLetter, DeadLetters, Failure, LetterClassifier, Told};

/// Maximum number of dead letters inspected in one call, across all tenants.
const LOOKED_AT: u32 = 2_000;
/// Maximum number of dead letters redriven in one call.
const HANDED_OUT: usize = 200;
/// Number of concurrent record lookups that find the tenant of a dead letter.
const AT_ONCE: usize = 16;

/// The dead letters, and the classifiers that determine what each is about.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct Letters {
    pub dead: Arc<dyn DeadLetters>,
    /// The classifiers of flows that have their own, by the name of the flow.
    pub classifiers: Vec<(&'static str, Arc<dyn LetterClassifier>)>,
    /// The classifier of all other flows.
    pub others: Arc<dyn LetterClassifier>,
    /// Whether there is only one tenant, who then also owns dead letters that cannot be understood. Otherwise only the
    /// operator sees those.
    pub alone: bool,
}

/// A dead letter and its classification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub letter: DeadLetter,
    /// `None` if the message is not a message of its flow.
    pub about: Option<About>,
    pub told: Told,
}

impl Letters {
    /// Returns the tenant's dead letters of one flow or all flows, oldest first and at most `limit`, and whether there
    /// may be more.
    pub async fn of(
        &self,
        tenant: &str,
        flow: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<Letter>, bool), Failure> {
        let (own, more) = self.owned(tenant, flow).await?;
        let more = more || own.len() > limit as usize;
        let mut letters = Vec::new();
        for (letter, about, told) in own.into_iter().take(limit as usize) {
            let told = match (told, &about) {
                (Some(told), _) => told,
                (None, Some(about)) => self.told(&letter, about).await?,
                (None, None) => {
                    let reason = "the message cannot be understood".to_owned();
                    Told { reason: Some(reason), ..Told::default() }
                }
            };
            letters.push(Letter { letter, about, told });
        }
        Ok((letters, more))
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
        let mut own: Vec<DeadLetter> = own.into_iter().map(|(letter, ..)| letter).collect();
        own.retain(|letter| ids.is_none_or(|ids| ids.contains(&letter.id)));
        own.truncate(HANDED_OUT);
        Ok(self.dead.redrive(&own).await?)
    }

    /// Returns the tenant's dead letters, with the content of their records if it was looked up, and whether there may
    /// be more.
    async fn owned(&self, tenant: &str, flow: Option<&str>) -> Result<(Vec<Owned>, bool), Failure> {
        let (found, more) = self.dead.list(flow, LOOKED_AT).await?;
        let owned = stream::iter(found).map(|letter| self.owned_by(letter)).buffered(AT_ONCE);
        let own = owned.try_filter_map(async |(owner, owned)| {
            Ok(owner.map_or(self.alone, |owner| owner == tenant).then_some(owned))
        });
        Ok((own.try_collect().await?, more))
    }

    /// Returns the tenant of a dead letter, if it is known.
    async fn owned_by(&self, letter: DeadLetter) -> Result<(Option<String>, Owned), Failure> {
        let about = self.classifier(&letter).about(&letter);
        // The tenant named in the message takes precedence over the record, because a function wrote it.
        let (owner, told) = match &about {
            Some(About { tenant: Some(owner), .. }) => (Some(owner.clone()), None),
            Some(about) => {
                let told = self.told(&letter, about).await?;
                (told.tenant.clone(), Some(told))
            }
            None => (None, None),
        };
        Ok((owner, (letter, about, told)))
    }

    fn classifier(&self, letter: &DeadLetter) -> &dyn LetterClassifier {
        let own = self.classifiers.iter().find(|(flow, _)| *flow == letter.flow);
        own.map_or(&*self.others, |(_, classifier)| &**classifier)
    }

    async fn told(&self, letter: &DeadLetter, about: &About) -> Result<Told, Failure> {
        self.classifier(letter).told(letter, about).await
    }
}

type Owned = (DeadLetter, Option<About>, Option<Told>);

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
    impl DeadLetters for Lying {
        async fn list(&self, flow: Option<&str>, _: u32) -> Result<(Vec<DeadLetter>, bool), PortError> {
            let all = self.0.lock().expect("no thread panics").clone();
            Ok((all.into_iter().filter(|one| flow.is_none_or(|flow| one.flow == flow)).collect(), false))
        }

        async fn redrive(&self, letters: &[DeadLetter]) -> Result<u64, PortError> {
            self.0.lock().expect("no thread panics").retain(|one| !letters.contains(one));
            Ok(letters.len() as u64)
        }
    }

    /// Classifies messages such as `acme:7`, and messages such as `7` without a tenant. The record of subject 7 belongs
    /// to acme.
    struct Words;

    #[async_trait]
    impl LetterClassifier for Words {
        fn about(&self, letter: &DeadLetter) -> Option<About> {
            let (tenant, subject) = match letter.body.split_once(':') {
                Some((tenant, subject)) => (Some(tenant.to_owned()), subject),
                None => (None, &*letter.body),
            };
            let subject = subject.parse::<u32>().ok()?.to_string();
            Some(About { subject, tenant, kind: "word".to_owned() })
        }

        async fn told(&self, _: &DeadLetter, about: &About) -> Result<Told, Failure> {
            let tenant = (about.subject == "7").then(|| "acme".to_owned());
            Ok(Told { tenant, ..Told::default() })
        }
    }

    fn letters(bodies: &[&str], alone: bool) -> Letters {
        let letter = |(number, body): (usize, &&str)| DeadLetter {
            id: number.to_string(),
            flow: "words".to_owned(),
            function: "reader".to_owned(),
            queue: Some("words-read".to_owned()),
            sent_at: DateTime::UNIX_EPOCH,
            body: (*body).to_owned(),
        };
        let dead = bodies.iter().enumerate().map(letter).collect();
        Letters {
            dead: Arc::new(Lying(Mutex::new(dead))),
            classifiers: vec![("words", Arc::new(Words))],
            others: Arc::new(Words),
            alone,
        }
    }

    fn listed(letters: &Letters, tenant: &str) -> Vec<String> {
        let (found, _) = block_on(letters.of(tenant, None, 10)).expect("a list");
        found.into_iter().map(|one| one.letter.body).collect()
    }

    #[test]
    fn a_tenant_sees_its_own_and_nobody_sees_what_is_nobody_s() {
        let letters = letters(&["acme:1", "other:2", "7", "8", "no message"], false);
        assert_eq!(listed(&letters, "acme"), ["acme:1", "7"]);
        assert_eq!(listed(&letters, "other"), ["other:2"]);
        // Proves that a redrive leaves the letters of other tenants in place, even if their ids are given.
        let named = ["0", "1", "3", "4"].map(str::to_owned);
        assert_eq!(block_on(letters.redrive("acme", None, Some(&named))), Ok(1));
        assert_eq!(listed(&letters, "acme"), ["7"]);
        assert_eq!(block_on(letters.redrive("acme", Some("other flow"), None)), Ok(0));
        assert_eq!(block_on(letters.redrive("acme", None, None)), Ok(1));
        assert_eq!(listed(&letters, "other"), ["other:2"]);
    }

    #[test]
    fn where_there_is_one_tenant_all_is_his() {
        let letters = letters(&["acme:1", "8", "no message"], true);
        assert_eq!(listed(&letters, "acme"), ["acme:1", "8", "no message"]);
        let (found, more) = block_on(letters.of("acme", None, 1)).expect("a list");
        assert!(found.len() == 1 && more);
        let (all, _) = block_on(letters.of("acme", None, 10)).expect("a list");
        assert_eq!(all[2].told.reason.as_deref(), Some("the message cannot be understood"));
    }
}
