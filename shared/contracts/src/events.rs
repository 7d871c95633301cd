//! What travels on the event bus: one envelope around the events of every flow. Who listens to which stands in
//! `riffle-topology`.
//!
//! Names of files, accounts and days never travel on the bus: what must be forgotten on request may not lie in an
//! archive. They stand on a file's record, which consumers read.

use std::marker::PhantomData;

use chrono::{DateTime, NaiveDate, Utc};
pub use riffle_topology::EVENT_SOURCE;
use riffle_topology::statements;
use serde::de::{Deserializer, Error, Unexpected};
use serde::{Deserialize, Serialize, Serializer};
use strum::{EnumDiscriminants, IntoStaticStr, VariantArray};

/// The present version of the envelope and of every kind of data.
pub const EVENT_VERSION: u32 = 1;

/// The data of the events of one flow. Two flows may give the same name to different things: an event's type is found
/// by flow and name.
pub trait FlowEvents {
    /// The flow's name in the topology.
    const FLOW: &'static str;
}

/// The name of the flow of `D`, which an event carries beside its data. That of another flow cannot be decoded.
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

/// One event. On a bus it is the `detail`, with its type as `detail-type`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "D: FlowEvents + Serialize", deserialize = "D: FlowEvents + Deserialize<'de>"))]
pub struct Event<D = EventData> {
    /// The same for the same happening, however often it is published.
    pub event_id: String,
    pub version: u32,
    pub flow: FlowOf<D>,
    pub timestamp: DateTime<Utc>,
    /// Names the work on one version of one file.
    pub processing_id: String,
    /// The `event_id` of the event at which the chain began.
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

/// What happens to statements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, EnumDiscriminants)]
#[serde(tag = "event_type", content = "data")]
#[strum_discriminants(
    name(EventType),
    doc = "The kinds of [`EventData`].",
    derive(PartialOrd, Ord, Hash, VariantArray, IntoStaticStr),
    strum(const_into_str)
)]
pub enum EventData {
    /// A file lies in the uploads bucket.
    #[serde(rename = "file.uploaded")]
    #[strum_discriminants(strum(serialize = "file.uploaded"))]
    FileUploaded(FileUploaded),
    /// Its transactions are stored.
    #[serde(rename = "file.processed")]
    #[strum_discriminants(strum(serialize = "file.processed"))]
    FileProcessed(FileProcessed),
    /// Some of them were not known before.
    #[serde(rename = "transactions.created")]
    #[strum_discriminants(strum(serialize = "transactions.created"))]
    TransactionsCreated(TransactionsCreated),
    /// They have their categories, or some were taken back: figures are to be derived again.
    #[serde(rename = "transactions.categorized")]
    #[strum_discriminants(strum(serialize = "transactions.categorized"))]
    TransactionsCategorized(TransactionsCategorized),
    /// Somebody wants it and all that came of it removed.
    #[serde(rename = "deletion.requested")]
    #[strum_discriminants(strum(serialize = "deletion.requested"))]
    DeletionRequested(DeletionRequested),
    /// It and all that came of it alone are removed.
    #[serde(rename = "file.deleted")]
    #[strum_discriminants(strum(serialize = "file.deleted"))]
    FileDeleted(FileDeleted),
    /// Something failed for good.
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

    /// Whose it is.
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
    /// Of events of before. A key may hold the file's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<UploadedObject>,
    pub size: u64,
}

/// One version of one object of the uploads bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UploadedObject {
    pub bucket: String,
    /// Decoded.
    pub key: String,
    /// Where the bucket keeps versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    pub etag: String,
}

/// The days a file tells of, of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPeriod {
    pub account: String,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProcessed {
    pub tenant: String,
    /// The keys of its transactions, in so many objects.
    pub parts: u32,
    pub rows: u64,
    pub new: u64,
    pub duplicates: u64,
    pub warnings: u64,
    /// A person should look at it.
    pub review: bool,
    /// Of events of before.
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
    /// Where figures are to be derived beside what the file's record says. Not on the bus, but straight into a queue.
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
    /// Of events of before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<AccountPeriod>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorOccurred {
    pub tenant: String,
    /// The function in which it failed.
    pub stage: String,
    /// Of the event that could not be dealt with.
    pub event_id: String,
    /// For a person; holds nothing of the file's content.
    pub reason: String,
}

/// An event as the bus hands it to a consumer's queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "D: FlowEvents + Serialize", deserialize = "D: FlowEvents + Deserialize<'de>"))]
pub struct BusEvent<D = EventData> {
    pub id: String,
    #[serde(rename = "detail-type")]
    pub detail_type: String,
    pub source: String,
    pub time: DateTime<Utc>,
    /// It comes out of the archive, in the replay of this name.
    #[serde(rename = "replay-name", default, skip_serializing_if = "Option::is_none")]
    pub replay_name: Option<String>,
    pub detail: Event<D>,
}

/// How files get from the bucket to the processor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessingMode {
    /// Through the bus.
    #[default]
    Events,
    /// Straight into the processor's queue: the way back.
    Direct,
    /// Through the bus; the direct path runs beside it, writes nothing, and tells where it differs.
    Shadow,
}

/// On the processor's queue without the bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectFile {
    pub event: Event,
    /// Compare, write nothing.
    #[serde(default)]
    pub shadow: bool,
}
