//! The books of statements in memory beside their records: transactions, figures and the audit trail. The ports on them
//! are in files of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use riffle_ports::{AuditEntry, FileId, Month, StoredFigures, Subject, Transaction, TransactionKey};

use super::{MemoryRecords, lock};

/// A tenant and one of its files.
pub type FileKey = (String, FileId);
/// A tenant and one of its transactions.
pub type RowKey = (String, TransactionKey);

/// A transaction and the files that show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub transaction: Transaction,
    pub shown_by: BTreeSet<FileId>,
}

/// What is stored. Plain data: checkers read it, known-bad protocols write it as none should.
#[derive(Debug, Default)]
pub struct StatementBooks {
    pub rows: BTreeMap<RowKey, Row>,
    /// Tenant, account and month in which something was stored, and that was not forgotten.
    pub months: BTreeSet<(String, String, Month)>,
    pub figures: BTreeMap<(String, String, Month), StoredFigures>,
    /// In the order in which it was written.
    pub audit: Vec<AuditEntry>,
    notes: Vec<Noted>,
}

/// A change of the books, or one that was asked for and refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noted {
    /// Rows were stored; so many of them were there already, and so many shown by this file already.
    Stored {
        file: FileKey,
        rows: usize,
        known: usize,
        again: usize,
    },
    /// Rows were to be stored by somebody who is not at work on the file.
    NotStored(FileKey),
    /// Rows were to be taken back by somebody who is not at work on the file.
    NotWithdrawn(FileKey),
    /// Of these rows of a file so many are gone.
    Removed {
        file: FileKey,
        gone: usize,
        /// Others show them, too.
        kept: usize,
    },
    Categorized {
        tenant: String,
        changed: usize,
    },
    /// Figures were to be put; whether they were.
    Figures {
        tenant: String,
        account: String,
        month: Month,
        put: bool,
    },
    /// An event was to be added to the trail; whether it was new.
    Audited {
        tenant: String,
        subject: Subject,
        event: String,
        new: bool,
    },
    Forgotten(String, Subject),
}

impl StatementBooks {
    /// Notes a change for the checkers. Every method that writes calls it, those of known-bad protocols too.
    pub fn note(&mut self, noted: Noted) {
        self.notes.push(noted);
    }

    /// Forgets and returns what was noted so far.
    pub fn take_notes(&mut self) -> Vec<Noted> {
        std::mem::take(&mut self.notes)
    }

    /// What has the tenant's `account` and `month`, by key.
    pub fn month<'b>(
        &'b self,
        tenant: &str,
        account: &str,
        month: Month,
    ) -> impl DoubleEndedIterator<Item = (&'b TransactionKey, &'b Row)> {
        let (tenant, account) = (tenant.to_owned(), account.to_owned());
        let rows = self.rows.iter();
        rows.filter(move |((of, key), _)| *of == tenant && key.account == account && key.month() == month)
            .map(|((_, key), row)| (key, row))
    }
}

/// A [`TransactionStore`](riffle_ports::TransactionStore), [`FigureStore`](riffle_ports::FigureStore) and
/// [`AuditTrail`](riffle_ports::AuditTrail) in memory.
#[derive(Debug)]
pub struct MemoryStatements {
    books: Mutex<StatementBooks>,
    /// They say who may store rows.
    pub(super) records: Arc<MemoryRecords>,
    pub(super) batch: usize,
}

impl MemoryStatements {
    /// Takes `batch` rows in one call.
    pub fn new(records: Arc<MemoryRecords>, batch: usize) -> Self {
        Self { books: Mutex::default(), records, batch: batch.max(1) }
    }

    /// Looks into the books, or cooks them.
    pub fn inspect<T>(&self, look: impl FnOnce(&mut StatementBooks) -> T) -> T {
        look(&mut lock(&self.books))
    }
}

impl Default for MemoryStatements {
    fn default() -> Self {
        Self::new(Arc::default(), 25)
    }
}
