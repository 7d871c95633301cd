//! The ports on AWS: tables, buckets, queues, keys, topics and WebSocket connections.
//!
//! Invariants:
//! - **Single items.** An atomic change is one conditional write of one item; only records and statements use
//!   transactions (`transact.rs`). The crate relies only on documented guarantees.
//! - **Repeats are allowed.** The SDK resends requests that were throttled or got no answer. Every port states the
//!   effect of a repeat, and no adapter hides one.
//! - **Answers are not errors.** A refused condition, a missing key or a closed connection is in the return type;
//!   `error.rs` classifies the other failures.
//! - **All usage is recorded** on the process's [`Meter`](riffle_ports::Meter), in the units AWS bills.
//!
//! This crate contains no logic about scans or statements. [`Aws`] creates every adapter; the configuration of the
//! functions names the tables and buckets.

mod change;
mod clients;
mod compression;
mod connections;
mod dead_letters;
mod download;
mod error;
mod events;
mod inbox;
mod item;
mod ledger;
mod links;
mod listing;
mod notices;
mod notifier;
mod objects;
mod post_form;
mod prefixes;
mod queues;
mod quotas;
mod records;
mod signing;
mod statements;
mod table;
mod tickets;
mod tokens;
mod transact;
mod uploads;
mod visibility;

pub use clients::{Aws, https};
pub use connections::DynamoConnections;
pub use dead_letters::{DeadLetterPlace, SqsDeadLetters};
pub use events::EventBridgePublisher;
pub use inbox::S3Inbox;
pub use ledger::DynamoLedger;
pub use links::{LinkSettings, S3Links};
pub use notices::SnsNotices;
pub use notifier::ApiGatewayNotifier;
pub use objects::S3Objects;
pub use prefixes::{READ_LIMIT, S3Prefixes};
pub use queues::SqsQueues;
pub use quotas::DynamoUsage;
pub use records::{DynamoAudit, DynamoRecords};
pub use statements::{DynamoFigures, DynamoTransactions};
pub use tickets::DynamoTickets;
pub use tokens::KmsTokens;
pub use uploads::S3Uploads;
pub use visibility::SqsVisibility;
