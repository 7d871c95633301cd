//! Transactions and figures of statements, in the same table as their files' records (see [`records`](crate::records)).
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `T#{tenant}#{month}#{account}` | `{date}#{identity}#{occurrence}` | a transaction (`transaction_item`) |
//! | `M#{tenant}` | `{month}#{account}` | a note that this month of the account has rows (`months`) |
//! | `G#{tenant}` | `{month}#{account}` | its figures |
//!
//! An account's load is spread by month. An account is the last part of its key, because it may contain any character.
//! A batch of rows and the check of their file's lease are one DynamoDB transaction.

mod figures;
mod months;
mod transaction_item;
mod transactions;

/// Tries of a write that conflicts with others.
const TRIES: u32 = 16;

pub use figures::DynamoFigures;
pub use transactions::DynamoTransactions;
