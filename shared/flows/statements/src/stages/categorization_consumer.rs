//! The categorization consumer: what each transaction of a file is for, by the tenant's rules.

use bytes::Bytes;
use riffle_contracts::{Event, EventData, FileProcessed, TransactionsCategorized};
use riffle_ports::{Category, Failure, FileId, TransactionKey};

use crate::state::file_details::widen;
use crate::state::keys;
use crate::state::outbox::{event, outgoing};
use crate::{Delivery, Rules, RulesError, Statements};

/// What a transaction's category is and should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub key: TransactionKey,
    pub stored: Option<Category>,
    pub decided: Option<Category>,
}

impl Statements {
    /// The tenant's rules as they were written. `None`: there never were any.
    pub async fn rules(&self, tenant: &str) -> Result<Option<String>, Failure> {
        let Some(yaml) = self.objects.get(&keys::rules(tenant)).await? else { return Ok(None) };
        String::from_utf8(yaml.into())
            .map(Some)
            .map_err(|_| Failure::Reject("the rules are no text".to_owned()))
    }

    /// Stores rules that are some.
    pub async fn put_rules(&self, tenant: &str, yaml: &str) -> Result<Result<(), RulesError>, Failure> {
        if let Err(error) = Rules::parse(yaml) {
            return Ok(Err(error));
        }
        self.objects.put(&keys::rules(tenant), Bytes::from(yaml.to_owned())).await?;
        Ok(Ok(()))
    }

    /// Gives the transactions of a processed file their categories, then tells.
    pub async fn categorize(&self, told: &Event, delivery: Delivery) -> Result<(), Failure> {
        let data = processed(told)?;
        let id = FileId(told.processing_id.clone());
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
        // Transactions that other files show, too, are still there, and the record of this one does not tell any more
        // where.
        let is_gone = self.file(&data.tenant, &id).await?.is_none_or(|file| file.is_going());
        if is_gone && !touched.is_empty() {
            self.ask_for_figures(&data.tenant, &id, touched, "categorized").await?;
        }
        if delivery.replayed {
            return Ok(());
        }
        // Told even if nothing changed: an earlier delivery may have written and not lived to tell.
        let about = TransactionsCategorized { tenant: data.tenant.clone(), accounts: Vec::new() };
        let about = EventData::TransactionsCategorized(about);
        self.publish(&[outgoing(&event(&id, told.timestamp, about, &[]))]).await
    }

    /// `None`: there never were rules, so that nothing has a category.
    pub(crate) async fn understood(&self, tenant: &str) -> Result<Option<Rules>, Failure> {
        let Some(yaml) = self.rules(tenant).await? else { return Ok(None) };
        Rules::parse(&yaml).map(Some).map_err(|error| Failure::Reject(error.to_string()))
    }

    /// The keys of one part, as many at once as the store takes. None where the file is gone.
    pub(crate) async fn batches(
        &self,
        tenant: &str,
        id: &FileId,
        part: u32,
    ) -> Result<Vec<Vec<TransactionKey>>, Failure> {
        let keys = self.part(tenant, id, part).await?.unwrap_or_default();
        Ok(keys.chunks(self.transactions.batch().max(1)).map(<[_]>::to_vec).collect())
    }

    /// What the rules say of these; those that are gone left out.
    pub(crate) async fn decide(
        &self,
        tenant: &str,
        rules: &Rules,
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

pub(crate) fn processed(told: &Event) -> Result<&FileProcessed, Failure> {
    match &told.data {
        EventData::FileProcessed(data) => Ok(data),
        _ => Err(Failure::Reject(format!("a {} has no transactions", told.event_type().as_str()))),
    }
}
