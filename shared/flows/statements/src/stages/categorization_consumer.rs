//! The categorization consumer: gives each transaction of a file a category by the tenant's rules.

use bytes::Bytes;
use riffle_contracts::{Event, EventData, FileProcessed, TransactionsCategorized};
use riffle_ports::{Category, Failure, FileId, TransactionKey};

use crate::state::file_details::widen;
use crate::state::keys;
use crate::state::outbox::{event, outgoing};
use crate::{DeliveryInfo, RuleSet, RulesError, Statements};

/// A transaction's stored category, and the one that the rules decide on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub key: TransactionKey,
    pub stored: Option<Category>,
    pub decided: Option<Category>,
}

impl Statements {
    /// Returns the tenant's rules as they were written, or `None` if there never were any.
    pub async fn rules(&self, tenant: &str) -> Result<Option<String>, Failure> {
        let Some(yaml) = self.objects.get(&keys::rules(tenant)).await? else { return Ok(None) };
        String::from_utf8(yaml.into())
            .map(Some)
            .map_err(|_| Failure::Reject("the rules are not UTF-8 text".to_owned()))
    }

    /// Stores the tenant's rules if they can be parsed; otherwise returns why not.
    pub async fn put_rules(&self, tenant: &str, yaml: &str) -> Result<Result<(), RulesError>, Failure> {
        if let Err(error) = RuleSet::parse(yaml) {
            return Ok(Err(error));
        }
        self.objects.put(&keys::rules(tenant), Bytes::from(yaml.to_owned())).await?;
        Ok(Ok(()))
    }

    /// Gives the transactions of a processed file their categories, then publishes the event.
    pub async fn categorize(&self, incoming: &Event, delivery: DeliveryInfo) -> Result<(), Failure> {
        let data = processed(incoming)?;
        let id = FileId(incoming.processing_id.clone());
        let mut touched = Vec::new();
        if let Some(rules) = self.understood(&data.tenant).await? {
            for part in 0..data.parts {
                for batch in self.batches(&data.tenant, &id, part).await? {
                    let changes: Vec<_> = self
                        .decide(&data.tenant, &rules, &batch)
                        .await?
                        .into_iter()
                        .filter(|decision| decision.stored != decision.decided)
                        .map(|decision| (decision.key, decision.decided))
                        .collect();
                    for (key, _) in &changes {
                        widen(&mut touched, &key.account, key.date, key.date);
                    }
                    if !changes.is_empty() {
                        self.transactions.categorize(&data.tenant, &changes).await?;
                    }
                }
            }
        }
        // Transactions that other files show too still exist after the deletion, but this file's record no longer
        // states their accounts and days.
        let is_gone = self.file(&data.tenant, &id).await?.is_none_or(|file| file.is_going());
        if is_gone && !touched.is_empty() {
            self.ask_for_figures(&data.tenant, &id, touched, "categorized").await?;
        }
        if delivery.replayed {
            return Ok(());
        }
        // Publish even if nothing changed: an earlier delivery may have stored the categories and crashed before
        // publishing.
        let about = TransactionsCategorized { tenant: data.tenant.clone(), accounts: Vec::new() };
        let about = EventData::TransactionsCategorized(about);
        self.publish(&[outgoing(&event(&id, incoming.timestamp, about, &[]))]).await
    }

    /// Returns the tenant's rules, parsed. `None`: there never were any, so no transaction has a category.
    pub(crate) async fn understood(&self, tenant: &str) -> Result<Option<RuleSet>, Failure> {
        let Some(yaml) = self.rules(tenant).await? else { return Ok(None) };
        RuleSet::parse(&yaml).map(Some).map_err(|error| Failure::Reject(error.to_string()))
    }

    /// Returns the keys of one part, in batches of the size that the store takes. Empty if the file is gone.
    pub(crate) async fn batches(
        &self,
        tenant: &str,
        id: &FileId,
        part: u32,
    ) -> Result<Vec<Vec<TransactionKey>>, Failure> {
        let keys = self.part(tenant, id, part).await?.unwrap_or_default();
        Ok(keys.chunks(self.transactions.batch().max(1)).map(<[_]>::to_vec).collect())
    }

    /// Returns the rules' decisions on these transactions. Omits transactions that no longer exist.
    pub(crate) async fn decide(
        &self,
        tenant: &str,
        rules: &RuleSet,
        keys: &[TransactionKey],
    ) -> Result<Vec<Decision>, Failure> {
        let found = self.transactions.get(tenant, keys).await?;
        let decided = found.into_iter().flatten().map(|transaction| Decision {
            decided: rules.category(&transaction),
            stored: transaction.category,
            key: transaction.key,
        });
        Ok(decided.collect())
    }
}

pub(crate) fn processed(incoming: &Event) -> Result<&FileProcessed, Failure> {
    match &incoming.data {
        EventData::FileProcessed(data) => Ok(data),
        _ => Err(Failure::Reject(format!("{} events have no transactions", incoming.event_type().as_str()))),
    }
}
