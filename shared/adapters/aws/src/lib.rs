//! The ports on AWS: tables, buckets, queues, keys, topics and WebSocket connections.
//!
//! What holds:
//! - **Single items.** Whatever must be atomic is one conditional write of one item. Only records and statements have
//!   transactions (`transact.rs`). Nothing rests on what the documentation does not promise.
//! - **A repeat is allowed.** The SDK sends again what was throttled or got no answer. Every port says what a
//!   repeated effect does, and no adapter hides one.
//! - **Answers are not errors.** A refused condition, a missing key, a gone connection are in the return types;
//!   `error.rs` tells the rest apart.
//! - **Every use is noted** on the process's [`Meter`](riffle_ports::Meter), in the units AWS bills.
//!
//! This crate decides nothing about scans and statements. [`Aws`] makes every adapter; who names which table or bucket stands in
//! the configuration of the functions.

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
