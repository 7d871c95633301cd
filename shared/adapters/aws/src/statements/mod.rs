//! What statements keep beside their files' records, in the same table (see [`records`](crate::records)).
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `T#{tenant}#{month}#{account}` | `{date}#{identity}#{occurrence}` | a transaction (`row_item`) |
//! | `M#{tenant}` | `{month}#{account}` | that something was stored in this month of the account (`months`) |
//! | `G#{tenant}` | `{month}#{account}` | its figures |
//!
//! An account's load is spread by month. An account is the last part of its key, since it may hold any character.
//! A batch of rows and the check of who holds their file are one DynamoDB transaction.

mod figures;
mod months;
mod transaction_item;
mod transactions;

/// Tries of what meets others.
const TRIES: u32 = 16;

pub use figures::DynamoFigures;
pub use transactions::DynamoTransactions;
