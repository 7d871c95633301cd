//! Reads the rows of a file in batches, while the parser continues.

use std::io::{self, Read};
use std::ops::ControlFlow;

use async_trait::async_trait;
use riffle_ports::{Fetched, FileId, Transaction, TransactionKey};
use riffle_statement_parser::{Basis, Input, ParseError, ParseLimits, Reject, Row, RowSink, Statement};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Rows in one batch.
const BATCH: usize = 1_000;
/// Batches that may wait to be stored.
const WAITING: usize = 4;
/// Maximum number of accounts in one file. One message names the periods of all of them.
const ACCOUNTS_MAX: usize = 500;

/// A reader of statements.
pub trait StatementReader: Send + Sync {
    fn open(&self, name: &str, content: Fetched) -> Box<dyn RowStream>;
}

/// The rows of one statement.
#[async_trait]
pub trait RowStream: Send {
    /// Returns the next rows, at least one. `None` at the end.
    async fn next(&mut self) -> Option<RowBatch>;

    /// Returns the parser's result, once there are no more rows.
    async fn end(self: Box<Self>) -> Result<Statement, ParseError>;
}

pub type RowBatch = Vec<Row>;

/// The limits of what is read of one file.
fn limits() -> ParseLimits {
    ParseLimits { accounts: ACCOUNTS_MAX, ..ParseLimits::default() }
}

struct FetchedInput(Fetched);

impl Input for FetchedInput {
    fn open(&mut self) -> io::Result<Box<dyn Read + '_>> {
        Ok(self.0.open()?)
    }
}

/// A reader that parses on a thread of its own, a few batches ahead of the consumer.
#[derive(Debug, Clone, Copy, Default)]
pub struct StatementFiles;

struct RowReceiver {
    rows: mpsc::Receiver<RowBatch>,
    parser: JoinHandle<Result<Statement, ParseError>>,
}

struct RowSender {
    to: mpsc::Sender<RowBatch>,
    batch: RowBatch,
}

impl RowSender {
    fn hand_over(&mut self) -> ControlFlow<()> {
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        // The consumer has stopped: another worker holds the file.
        if self.to.blocking_send(batch).is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl RowSink for RowSender {
    fn row(&mut self, row: Row) -> ControlFlow<()> {
        self.batch.push(row);
        if self.batch.len() < BATCH { ControlFlow::Continue(()) } else { self.hand_over() }
    }
}

impl StatementReader for StatementFiles {
    fn open(&self, name: &str, content: Fetched) -> Box<dyn RowStream> {
        let (to, rows) = mpsc::channel(WAITING);
        let name = name.to_owned();
        let parser = tokio::task::spawn_blocking(move || {
            let mut ahead = RowSender { to, batch: Vec::with_capacity(BATCH) };
            let statement =
                riffle_statement_parser::read(&name, &mut FetchedInput(content), &limits(), &mut ahead)?;
            if !ahead.batch.is_empty() && ahead.hand_over().is_break() {
                return Err(ParseError::Stopped);
            }
            Ok(statement)
        });
        Box::new(RowReceiver { rows, parser })
    }
}

#[async_trait]
impl RowStream for RowReceiver {
    async fn next(&mut self) -> Option<RowBatch> {
        self.rows.recv().await
    }

    async fn end(self: Box<Self>) -> Result<Statement, ParseError> {
        drop(self.rows);
        self.parser.await.unwrap_or_else(|error| {
            tracing::error!(%error, "the parser panicked");
            Err(Reject::Damaged { why: "it could not be parsed".to_owned() }.into())
        })
    }
}

/// A reader that parses the whole file when it is opened, on the caller's thread. For small files in simulations, where
/// time does not pass.
#[derive(Debug, Clone, Copy, Default)]
pub struct InlineStatements;

struct Parsed {
    rows: std::vec::IntoIter<Row>,
    end: Result<Statement, ParseError>,
}

impl StatementReader for InlineStatements {
    fn open(&self, name: &str, content: Fetched) -> Box<dyn RowStream> {
        let mut rows = Vec::new();
        let end = riffle_statement_parser::read(name, &mut FetchedInput(content), &limits(), &mut rows);
        Box::new(Parsed { rows: rows.into_iter(), end })
    }
}

#[async_trait]
impl RowStream for Parsed {
    async fn next(&mut self) -> Option<RowBatch> {
        let rows: RowBatch = self.rows.by_ref().take(BATCH).collect();
        (!rows.is_empty()).then_some(rows)
    }

    async fn end(self: Box<Self>) -> Result<Statement, ParseError> {
        self.end
    }
}

/// Returns an account's name as a key stores it.
pub(crate) fn account_name(name: &str) -> String {
    if name.len() <= TransactionKey::MAX_ACCOUNT && !name.is_empty() {
        return name.to_owned();
    }
    // A truncated name could equal that of another account.
    let half: [u8; 16] = Sha256::digest(name)[..16].try_into().expect("a digest has 32 bytes");
    format!("account-{:032x}", u128::from_be_bytes(half))
}

/// Returns a row as it is stored. `unnamed` is the account of a row that names none.
pub(crate) fn transaction(row: Row, file: &FileId, unnamed: &str) -> Transaction {
    let identity = row.identity;
    let basis = match identity.basis {
        Basis::Reference => 0,
        Basis::Fields => 1,
    };
    Transaction {
        key: TransactionKey {
            account: account_name(row.account.as_deref().unwrap_or(unnamed)),
            date: row.date,
            identity: format!("{basis:02x}{:02x}{:032x}", identity.version, identity.hash),
            occurrence: row.occurrence,
        },
        value_date: row.value_date,
        amount: row.amount,
        currency: row.currency.unwrap_or_default(),
        description: row.description,
        clean: row.clean,
        counterparty: row.counterparty,
        balance: row.balance,
        kind: row.kind,
        reference: row.reference,
        file: file.clone(),
        place: row.place.to_string(),
        category: None,
    }
}
