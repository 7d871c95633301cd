//! Messages on the event bus: one envelope around the events of every flow. `riffle-topology` defines which function
//! receives which event.
//!
//! Names of files, accounts and days are never put on the bus, because data that must be erased on request must not be
//! in an archive. They are on the file's record, which consumers read.

use std::marker::PhantomData;

use chrono::{DateTime, NaiveDate, Utc};
pub use riffle_topology::EVENT_SOURCE;
use riffle_topology::statements;
use serde::de::{Deserializer, Error, Unexpected};
use serde::{Deserialize, Serialize, Serializer};
use strum::{EnumDiscriminants, IntoStaticStr, VariantArray};

/// The current version of the envelope and of every kind of data.
pub const EVENT_VERSION: u32 = 1;

/// The data of the events of one flow. Two flows may use the same event name for different things: flow and name
/// together identify an event's type.
pub trait FlowEvents {
    /// The flow's name in the topology.
    const FLOW: &'static str;
}

/// The name of the flow of `D`, which an event carries next to its data. Decoding fails for an event of another flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowOf<D>(PhantomData<D>);

impl<D> Default for FlowOf<D> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<D: FlowEvents> Serialize for FlowOf<D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        D::FLOW.serialize(serializer)
    }
}

impl<'de, D: FlowEvents> Deserialize<'de> for FlowOf<D> {
    fn deserialize<R: Deserializer<'de>>(deserializer: R) -> Result<Self, R::Error> {
        let flow = String::deserialize(deserializer)?;
        if flow == D::FLOW {
            return Ok(Self::default());
        }
        Err(R::Error::invalid_value(Unexpected::Str(&flow), &D::FLOW))
    }
}

/// An event. On the bus it is the `detail`, with its type as `detail-type`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "D: FlowEvents + Serialize", deserialize = "D: FlowEvents + Deserialize<'de>"))]
pub struct Event<D = EventData> {
    /// Identical for every publication of the same occurrence.
    pub event_id: String,
    pub version: u32,
    pub flow: FlowOf<D>,
    pub timestamp: DateTime<Utc>,
    /// Identifies the processing of one version of one file.
    pub processing_id: String,
    /// The `event_id` of the first event of the chain.
    pub correlation_id: String,
    #[serde(flatten)]
    pub data: D,
}

impl Event {
    pub fn event_type(&self) -> EventType {
        self.data.event_type()
    }
}

impl FlowEvents for EventData {
    const FLOW: &'static str = statements::NAME;
}

/// The data of each event of the statements flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, EnumDiscriminants)]
#[serde(tag = "event_type", content = "data")]
#[strum_discriminants(
    name(EventType),
    doc = "The kinds of [`EventData`].",
    derive(PartialOrd, Ord, Hash, VariantArray, IntoStaticStr),
    strum(const_into_str)
)]
pub enum EventData {
    /// A file was put into the uploads bucket.
    #[serde(rename = "file.uploaded")]
    #[strum_discriminants(strum(serialize = "file.uploaded"))]
    FileUploaded(FileUploaded),
    /// The transactions of a file are stored.
    #[serde(rename = "file.processed")]
    #[strum_discriminants(strum(serialize = "file.processed"))]
    FileProcessed(FileProcessed),
    /// Some of the transactions of a file are new.
    #[serde(rename = "transactions.created")]
    #[strum_discriminants(strum(serialize = "transactions.created"))]
    TransactionsCreated(TransactionsCreated),
    /// The transactions of a file have their categories, or some transactions were removed: figures must be derived
    /// again.
    #[serde(rename = "transactions.categorized")]
    #[strum_discriminants(strum(serialize = "transactions.categorized"))]
    TransactionsCategorized(TransactionsCategorized),
    /// A user requested the deletion of a file and all its results.
    #[serde(rename = "deletion.requested")]
    #[strum_discriminants(strum(serialize = "deletion.requested"))]
    DeletionRequested(DeletionRequested),
    /// A file is deleted, together with the results that came from this file only.
    #[serde(rename = "file.deleted")]
    #[strum_discriminants(strum(serialize = "file.deleted"))]
    FileDeleted(FileDeleted),
    /// Processing failed permanently.
    #[serde(rename = "error.occurred")]
    #[strum_discriminants(strum(serialize = "error.occurred"))]
    ErrorOccurred(ErrorOccurred),
}

impl EventType {
    pub const ALL: &[Self] = Self::VARIANTS;

    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    pub fn named(flow: &str, name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| flow == EventData::FLOW && kind.as_str() == name)
    }
}

impl EventData {
    pub fn event_type(&self) -> EventType {
        self.into()
    }

    /// Returns the tenant that the event belongs to.
    pub fn tenant(&self) -> &str {
        match self {
            Self::FileUploaded(data) => &data.tenant,
            Self::FileProcessed(data) => &data.tenant,
            Self::TransactionsCreated(data) => &data.tenant,
            Self::TransactionsCategorized(data) => &data.tenant,
            Self::DeletionRequested(data) => &data.tenant,
            Self::FileDeleted(data) => &data.tenant,
            Self::ErrorOccurred(data) => &data.tenant,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileUploaded {
    pub tenant: String,
    /// Only in older events. A key may contain the file's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<UploadedObject>,
    pub size: u64,
}

/// One version of one object of the uploads bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UploadedObject {
    pub bucket: String,
    /// Without the encoding of notifications.
    pub key: String,
    /// Present if the bucket keeps versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    pub etag: String,
}

/// The days that a file covers for one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPeriod {
    pub account: String,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProcessed {
    pub tenant: String,
    /// The number of objects that hold the keys of the file's transactions.
    pub parts: u32,
    pub rows: u64,
    pub new: u64,
    pub duplicates: u64,
    pub warnings: u64,
    /// Whether a person should review the file.
    pub review: bool,
    /// Only in older events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<AccountPeriod>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionsCreated {
    pub tenant: String,
    pub parts: u32,
    pub new: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionsCategorized {
    pub tenant: String,
    /// Periods whose figures must be derived in addition to those on the file's record. Not used on the bus, only in
    /// messages sent directly to a queue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<AccountPeriod>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletionRequested {
    pub tenant: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDeleted {
    pub tenant: String,
    /// Only in older events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<AccountPeriod>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorOccurred {
    pub tenant: String,
    /// The function in which processing failed.
    pub stage: String,
    /// The `event_id` of the event that could not be processed.
    pub event_id: String,
    /// For a person; contains nothing of the file's content.
    pub reason: String,
}

/// An event as the bus delivers it to a consumer's queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "D: FlowEvents + Serialize", deserialize = "D: FlowEvents + Deserialize<'de>"))]
pub struct BusEvent<D = EventData> {
    pub id: String,
    #[serde(rename = "detail-type")]
    pub detail_type: String,
    pub source: String,
    pub time: DateTime<Utc>,
    /// Present if the event comes from the archive: the name of the replay.
    #[serde(rename = "replay-name", default, skip_serializing_if = "Option::is_none")]
    pub replay_name: Option<String>,
    pub detail: Event<D>,
}

/// The path of files from the bucket to the processor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessingMode {
    /// Through the bus.
    #[default]
    Events,
    /// Directly into the processor's queue: the rollback path.
    Direct,
    /// Through the bus. The direct path also runs, writes nothing, and reports where its result differs.
    Shadow,
}

/// A message on the processor's queue that did not come through the bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectFile {
    pub event: Event,
    /// Whether to compare only, and write nothing.
    #[serde(default)]
    pub shadow: bool,
}
