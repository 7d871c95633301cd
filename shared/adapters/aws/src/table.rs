//! One DynamoDB table: the few calls of all adapters on tables, with metering and classified failures.
//!
//! Except in `transact.rs`, a write is of one item. Its condition and its effect are one atomic step, and a refusal
//! returns the item it found, so that no caller reads again and sees something newer.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_sdk_dynamodb::types::{ConsumedCapacity, KeysAndAttributes, ReturnConsumedCapacity, ReturnValue};
use futures::{StreamExt as _, TryStreamExt as _};
use riffle_ports::{Meter, PortError, Usage};

use crate::change::{ItemChange, under_condition};
use crate::error::failure;
use crate::item::{Item, size, text};

/// Every table has these two keys, both texts.
pub(crate) const PK: &str = "pk";
pub(crate) const SK: &str = "sk";
/// When the table may remove an item, in seconds since 1970. It does so within days after that.
pub(crate) const EXPIRES_AT: &str = "expires_at";

/// The most items that one request may name.
const BATCH: usize = 100;
/// Rounds of requesting the items that a batch left out, with waits of 50 ms, 100 ms, … between them.
const ROUNDS: u32 = 7;

#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
    pub(crate) meter: Arc<Meter>,
}

/// The result of a conditional put.
pub(crate) enum PutResult {
    New,
    /// The existing item.
    Taken(Item),
}

/// The result of a conditional change.
pub(crate) enum UpdateResult {
    /// With the requested attributes.
    Applied(Item),
    /// With the current item, if it exists.
    Refused(Option<Item>),
}

/// A part of a table or of one of its indexes, in the order of its sort key.
pub(crate) struct KeyRange<'a> {
    pub index: Option<&'a str>,
    /// Such as `#p = :p AND begins_with(#s, :s)`.
    pub keys: ItemChange,
    pub condition: String,
    pub descending: bool,
    /// The maximum number of items.
    pub limit: Option<usize>,
}

impl<'a> KeyRange<'a> {
    /// Selects all items with this partition key, of the table or of an index.
    pub(crate) fn of(index: Option<&'a str>, first: &str, value: impl Into<String>) -> Self {
        let mut keys = ItemChange::default();
        let condition = keys.compare(first, "=", text(value));
        Self { index, keys, condition, descending: false, limit: None }
    }

    /// Restricts the sort key.
    #[must_use]
    pub(crate) fn and(mut self, second: &str, operator: &str, value: impl Into<String>) -> Self {
        let more = self.keys.compare(second, operator, text(value));
        self.condition = format!("{} AND {more}", self.condition);
        self
    }

    /// Restricts the sort key to a range, both ends included.
    #[must_use]
    pub(crate) fn between(mut self, second: &str, from: impl Into<String>, to: impl Into<String>) -> Self {
        let (name, from, to) =
            (self.keys.name(second), self.keys.value(text(from)), self.keys.value(text(to)));
        self.condition = format!("{} AND {name} BETWEEN {from} AND {to}", self.condition);
        self
    }
}

pub(crate) fn key(pk: impl Into<String>, sk: impl Into<String>) -> Item {
    HashMap::from([(PK.to_owned(), text(pk)), (SK.to_owned(), text(sk))])
}

/// Concurrent calls of one [`all`].
const AT_ONCE: usize = 16;

/// Makes all calls, until one fails.
pub(crate) async fn all<T>(calls: Vec<impl Future<Output = Result<T, PortError>>>) -> Result<(), PortError> {
    futures::stream::iter(calls).buffer_unordered(AT_ONCE).try_for_each(|_| async { Ok(()) }).await
}

impl Table {
    pub(crate) fn new(client: Client, name: String, meter: Arc<Meter>) -> Self {
        Self { client, name, meter }
    }

    /// Returns an item. Strongly consistent.
    pub(crate) async fn get(&self, key: Item) -> Result<Option<Item>, PortError> {
        let sent = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let output = sent.map_err(|error| failure("GetItem", &self.name, &error))?;
        self.note_read(output.consumed_capacity.as_ref());
        Ok(output.item)
    }

    /// Stores an item, replacing any existing one.
    pub(crate) async fn put(&self, item: Item) -> Result<(), PortError> {
        let sent = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let output = sent.map_err(|error| failure("PutItem", &self.name, &error))?;
        self.note_write(output.consumed_capacity.as_ref());
        Ok(())
    }

    pub(crate) async fn put_if_absent(&self, item: Item) -> Result<PutResult, PortError> {
        match self.put_if(item, ItemChange::if_absent(PK)).await? {
            UpdateResult::Applied(_) => Ok(PutResult::New),
            UpdateResult::Refused(Some(item)) => Ok(PutResult::Taken(item)),
            UpdateResult::Refused(None) => {
                Err(PortError::Broken(format!("{}: a refusal without the existing item", self.name)))
            }
        }
    }

    /// Stores an item, replacing any existing one, if `condition` holds of that.
    pub(crate) async fn put_if(&self, item: Item, condition: ItemChange) -> Result<UpdateResult, PortError> {
        let wanted = size(&item);
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
        let put = under_condition!(put, condition).return_consumed_capacity(ReturnConsumedCapacity::Total);
        let sent = put.send().await.map(|output| (output.consumed_capacity, output.attributes));
        self.changed("PutItem", sent, wanted)
    }

    /// Changes one item, and returns the attributes chosen by `returns`.
    pub(crate) async fn update(
        &self,
        key: Item,
        change: ItemChange,
        returns: ReturnValue,
    ) -> Result<UpdateResult, PortError> {
        let update = self.client.update_item().table_name(&self.name).set_key(Some(key));
        let update = update.set_update_expression(change.update()).return_values(returns);
        let update = under_condition!(update, change).return_consumed_capacity(ReturnConsumedCapacity::Total);
        let sent = update.send().await.map(|output| (output.consumed_capacity, output.attributes));
        self.changed("UpdateItem", sent, 0)
    }

    /// Deletes an item, if `condition` holds of it, and returns it.
    pub(crate) async fn delete(&self, key: Item, condition: ItemChange) -> Result<Option<Item>, PortError> {
        match self.delete_if(key, condition).await? {
            UpdateResult::Applied(item) => Ok(Some(item).filter(|item| !item.is_empty())),
            UpdateResult::Refused(_) => Ok(None),
        }
    }

    /// Like [`Self::delete`], but distinguishes a missing item (an empty one) from a refusal.
    pub(crate) async fn delete_if(
        &self,
        key: Item,
        condition: ItemChange,
    ) -> Result<UpdateResult, PortError> {
        let delete = self.client.delete_item().table_name(&self.name).set_key(Some(key));
        let delete = under_condition!(delete.return_values(ReturnValue::AllOld), condition)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let sent = delete.send().await.map(|output| (output.consumed_capacity, output.attributes));
        self.changed("DeleteItem", sent, 0)
    }

    /// Returns the items of one partition whose sort key begins with `with`, in its order. Strongly consistent.
    pub(crate) async fn beginning(&self, partition: String, with: &str) -> Result<Vec<Item>, PortError> {
        let mut part = KeyRange::of(None, PK, partition);
        let (name, with) = (part.keys.name(SK), part.keys.value(text(with)));
        part.condition = format!("{} AND begins_with({name}, {with})", part.condition);
        self.query(part).await
    }

    /// Returns all of `part`, page by page. Strongly consistent, except on indexes, which cannot be.
    pub(crate) async fn query(&self, part: KeyRange<'_>) -> Result<Vec<Item>, PortError> {
        let (mut items, mut from) = (Vec::new(), None);
        loop {
            let room = part.limit.map(|limit| limit - items.len());
            if room == Some(0) {
                return Ok(items);
            }
            let sent = self
                .client
                .query()
                .table_name(&self.name)
                .set_index_name(part.index.map(str::to_owned))
                .consistent_read(part.index.is_none())
                .key_condition_expression(&part.condition)
                .set_expression_attribute_names(Some(part.keys.names.clone()))
                .set_expression_attribute_values(Some(part.keys.values.clone()))
                .scan_index_forward(!part.descending)
                .set_limit(room.and_then(|room| i32::try_from(room).ok()))
                .set_exclusive_start_key(from)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            let output = sent.map_err(|error| failure("Query", &self.name, &error))?;
            self.note_read(output.consumed_capacity.as_ref());
            items.extend(output.items.unwrap_or_default());
            from = output.last_evaluated_key;
            if from.is_none() {
                return Ok(items);
            }
        }
    }

    /// Returns the items of these keys, in any order; missing ones are left out. Strongly consistent.
    pub(crate) async fn get_all(&self, keys: Vec<Item>) -> Result<Vec<Item>, PortError> {
        let mut items = Vec::with_capacity(keys.len());
        for batch in keys.chunks(BATCH) {
            let mut wanted = batch.to_vec();
            for round in 0.. {
                wanted = self.get_some(wanted, &mut items).await?;
                if wanted.is_empty() {
                    break;
                }
                if round == ROUNDS {
                    let text = format!("BatchGetItem on {}: {} items never came", self.name, wanted.len());
                    return Err(PortError::Unavailable(text));
                }
                tokio::time::sleep(Duration::from_millis(50) * 2_u32.pow(round)).await;
            }
        }
        Ok(items)
    }

    /// Appends as many items as one answer holds, and returns the keys that it left out.
    async fn get_some(&self, keys: Vec<Item>, items: &mut Vec<Item>) -> Result<Vec<Item>, PortError> {
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let wanted = wanted.map_err(|_| PortError::Broken("a request for no keys".to_owned()))?;
        let sent = self
            .client
            .batch_get_item()
            .request_items(&self.name, wanted)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let output = sent.map_err(|error| failure("BatchGetItem", &self.name, &error))?;
        for capacity in output.consumed_capacity() {
            self.note_read(Some(capacity));
        }
        items.extend(output.responses.into_iter().flatten().flat_map(|(_, items)| items));
        let left = output.unprocessed_keys.into_iter().flatten();
        Ok(left.flat_map(|(_, wanted)| wanted.keys).collect())
    }

    fn note_read(&self, capacity: Option<&ConsumedCapacity>) {
        // Read units come in halves.
        let halves = units(capacity).map_or(1, |units| whole(units * 2.0));
        self.meter.note(Usage { table_read_half_units: halves, ..Usage::default() });
    }

    fn note_write(&self, capacity: Option<&ConsumedCapacity>) {
        let units = units(capacity).map_or(1, whole);
        self.note_units(units);
    }

    pub(crate) fn note_units(&self, table_write_units: u64) {
        self.meter.note(Usage { table_write_units, ..Usage::default() });
    }

    /// Returns the result of a conditional write. `wanted` is the number of bytes it would have stored.
    ///
    /// A refused write bills the size of the larger of the stored and the new item, at least one unit, but does not
    /// report it. See "Conditional writes" in the DynamoDB developer guide.
    fn changed<E>(
        &self,
        operation: &str,
        sent: Result<(Option<ConsumedCapacity>, Option<Item>), SdkError<E>>,
        wanted: usize,
    ) -> Result<UpdateResult, PortError>
    where
        E: Conditional + ProvideErrorMetadata,
    {
        let error = match sent {
            Ok((capacity, attributes)) => {
                self.note_write(capacity.as_ref());
                return Ok(UpdateResult::Applied(attributes.unwrap_or_default()));
            }
            Err(error) => error,
        };
        let Some(refused) = error.as_service_error().and_then(Conditional::refusal) else {
            return Err(failure(operation, &self.name, &error));
        };
        let bytes = wanted.max(refused.item.as_ref().map_or(0, size));
        let units = bytes.div_ceil(1_024).max(1) as u64;
        self.note_units(units);
        Ok(UpdateResult::Refused(refused.item.clone()))
    }
}

/// An error of a conditional write, which may be a refusal.
trait Conditional {
    fn refusal(&self) -> Option<&ConditionalCheckFailedException>;
}

macro_rules! conditional {
    ($($error:ident),+) => {
        $(impl Conditional for $error {
            fn refusal(&self) -> Option<&ConditionalCheckFailedException> {
                match self {
                    Self::ConditionalCheckFailedException(refusal) => Some(refusal),
                    _ => None,
                }
            }
        })+
    };
}

conditional!(PutItemError, UpdateItemError, DeleteItemError);

pub(crate) fn units(capacity: Option<&ConsumedCapacity>) -> Option<f64> {
    capacity.and_then(ConsumedCapacity::capacity_units)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and not negative")]
pub(crate) fn whole(units: f64) -> u64 {
    units.ceil().max(0.0) as u64
}
