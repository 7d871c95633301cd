//! Writes of several items, all or nothing.
//!
//! A transaction conflicts with other transactions and single writes on the items they share: the later one is refused.
//! A conflict is not an answer, so the SDK retries it with backoff, as it does a throttled request. The SDK gives every
//! try of a request the same token: if an answer was lost, the writes do not happen twice.

use aws_sdk_dynamodb::config::interceptors::InterceptorContext;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, Put, ReturnConsumedCapacity, TransactWriteItem, Update,
};
use riffle_ports::PortError;

use crate::change::{ItemChange, under_condition};
use crate::error::failure;
use crate::item::Item;
use crate::table::{Table, units, whole};

/// The most steps of one transaction.
pub(crate) const STEPS: usize = 100;

/// One item's part of a transaction.
pub(crate) enum TransactStep {
    /// Replaces an item, if the condition holds of it.
    Put(Item, ItemChange),
    /// Changes an item, or creates it.
    Update(Item, ItemChange),
    /// Deletes an item, if the condition holds of it.
    Delete(Item, ItemChange),
    /// Changes nothing; the transaction fails unless the condition holds.
    Check(Item, ItemChange),
}

pub(crate) enum Transacted {
    Done,
    /// Nothing was written: the condition of this step did not hold of this item.
    Refused(usize, Option<Item>),
}

/// The reason code of a step whose condition did not hold.
const CONDITION: &str = "ConditionalCheckFailed";
/// Reasons that are temporary.
const PASSING: [&str; 4] =
    ["None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

impl Table {
    /// Does all of `steps`, each on a different item, or none.
    pub(crate) async fn transact(&self, steps: Vec<TransactStep>) -> Result<Transacted, PortError> {
        let count = steps.len() as u64;
        let steps: Result<Vec<_>, _> = steps.into_iter().map(|step| self.step(step)).collect();
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(steps?))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let error = match sent {
            Ok(output) => {
                let used: u64 =
                    output.consumed_capacity().iter().filter_map(|one| units(Some(one))).map(whole).sum();
                self.note_units(used);
                return Ok(Transacted::Done);
            }
            Err(error) => error,
        };
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
        else {
            return Err(failure("TransactWriteItems", &self.name, &error));
        };
        // A cancelled transaction bills like a completed one, two units a KB, but does not report it. Each item counts
        // as one KB here.
        self.note_units(2 * count);
        let reasons = cancelled.cancellation_reasons();
        let code = |at: usize| reasons.get(at).and_then(|reason| reason.code()).unwrap_or_default();
        if let Some(at) = (0..reasons.len()).find(|at| code(*at) == CONDITION) {
            return Ok(Transacted::Refused(at, reasons.get(at).and_then(|reason| reason.item.clone())));
        }
        let what = format!("TransactWriteItems on {}", self.name);
        match (0..reasons.len()).map(code).find(|code| !PASSING.contains(code)) {
            Some(other) => Err(PortError::Broken(format!("{what}: refused ({other})"))),
            None => {
                Err(PortError::Unavailable(format!("{what}: other processes are writing the same items")))
            }
        }
    }

    fn step(&self, step: TransactStep) -> Result<TransactWriteItem, PortError> {
        let broken = |_| PortError::Broken("a step of a transaction has no item".to_owned());
        let item = TransactWriteItem::builder();
        Ok(match step {
            TransactStep::Put(new, change) => {
                let put = Put::builder().table_name(&self.name).set_item(Some(new));
                item.put(under_condition!(put, change).build().map_err(broken)?)
            }
            TransactStep::Update(key, change) => {
                let update = Update::builder().table_name(&self.name).set_key(Some(key));
                let update = update.set_update_expression(change.update());
                item.update(under_condition!(update, change).build().map_err(broken)?)
            }
            TransactStep::Delete(key, change) => {
                let delete = Delete::builder().table_name(&self.name).set_key(Some(key));
                item.delete(under_condition!(delete, change).build().map_err(broken)?)
            }
            TransactStep::Check(key, change) => {
                let check = ConditionCheck::builder().table_name(&self.name).set_key(Some(key));
                item.condition_check(under_condition!(check, change).build().map_err(broken)?)
            }
        }
        .build())
    }
}

/// Classifies conflicts as retryable for the SDK.
#[derive(Debug)]
pub(crate) struct Conflicts;

impl ClassifyRetry for Conflicts {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error =
            context.output_or_error().and_then(Result::err).and_then(|error| error.as_operation_error());
        let Some(error) = error else { return RetryAction::NoActionIndicated };
        let conflict = |code: Option<&str>| code == Some("TransactionConflictException");
        let passes = if let Some(error) = error.downcast_ref::<TransactWriteItemsError>() {
            match error {
                TransactWriteItemsError::TransactionCanceledException(cancelled) => meets_others(cancelled),
                other => other.code() == Some("TransactionInProgressException"),
            }
        } else if let Some(error) = error.downcast_ref::<PutItemError>() {
            conflict(error.code())
        } else if let Some(error) = error.downcast_ref::<UpdateItemError>() {
            conflict(error.code())
        } else if let Some(error) = error.downcast_ref::<DeleteItemError>() {
            conflict(error.code())
        } else {
            false
        };
        if passes { RetryAction::throttling_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "conflicts of transactions"
    }
}

fn meets_others(cancelled: &TransactionCanceledException) -> bool {
    let reasons = cancelled.cancellation_reasons();
    !reasons.is_empty() && reasons.iter().all(|reason| PASSING.contains(&reason.code().unwrap_or("None")))
}
