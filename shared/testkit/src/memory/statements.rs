//! The data of the statements flow in memory, apart from its records: transactions, figures and the audit trail. The
//! ports implemented on it are in files of their own.

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
pub struct StoredTransaction {
    pub transaction: Transaction,
    pub shown_by: BTreeSet<FileId>,
}

/// The stored data. Plain data, so that checkers can read it and known-bad protocols can write what none should.
#[derive(Debug, Default)]
pub struct StatementsData {
    pub rows: BTreeMap<RowKey, StoredTransaction>,
    /// The tenant, account and month of every stored row, except forgotten months.
    pub months: BTreeSet<(String, String, Month)>,
    pub figures: BTreeMap<(String, String, Month), StoredFigures>,
    /// Entries in the order of writing.
    pub audit: Vec<AuditEntry>,
    notes: Vec<StatementsChange>,
}

/// A change of the data, or a requested change that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatementsChange {
    /// Rows were stored. `known` of them existed already, and this file showed `again` of them already.
    Stored {
        file: FileKey,
        rows: usize,
        known: usize,
        again: usize,
    },
    /// Rows were to be stored by a worker that does not hold the file.
    NotStored(FileKey),
    /// Rows were to be withdrawn by a worker that does not hold the file.
    NotWithdrawn(FileKey),
    /// A file stopped showing rows. `gone` of them were deleted.
    Removed {
        file: FileKey,
        gone: usize,
        /// The number of rows kept because other files show them.
        kept: usize,
    },
    Categorized {
        tenant: String,
        changed: usize,
    },
    /// Figures were to be stored. `put` says whether they were.
    Figures {
        tenant: String,
        account: String,
        month: Month,
        put: bool,
    },
    /// An event was to be appended to the audit trail. `new` says whether it was absent.
    Audited {
        tenant: String,
        subject: Subject,
        event: String,
        new: bool,
    },
    Forgotten(String, Subject),
}

impl StatementsData {
    /// Notes a change for the checkers. Every method that writes calls it, also in known-bad protocols.
    pub fn note(&mut self, noted: StatementsChange) {
        self.notes.push(noted);
    }

    /// Returns the notes so far and removes them.
    pub fn take_notes(&mut self) -> Vec<StatementsChange> {
        std::mem::take(&mut self.notes)
    }

    /// Returns the rows of the tenant's `account` in `month`, by key.
    pub fn month<'b>(
        &'b self,
        tenant: &str,
        account: &str,
        month: Month,
    ) -> impl DoubleEndedIterator<Item = (&'b TransactionKey, &'b StoredTransaction)> {
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
    data: Mutex<StatementsData>,
    /// The records, which decide which worker may store rows.
    pub(super) records: Arc<MemoryRecords>,
    pub(super) batch: usize,
}

impl MemoryStatements {
    /// Creates an empty store that takes at most `batch` rows per call.
    pub fn new(records: Arc<MemoryRecords>, batch: usize) -> Self {
        Self { data: Mutex::default(), records, batch: batch.max(1) }
    }

    /// Gives a test access to the data, to read or to manipulate them.
    pub fn inspect<T>(&self, look: impl FnOnce(&mut StatementsData) -> T) -> T {
        look(&mut lock(&self.data))
    }
}

impl Default for MemoryStatements {
    fn default() -> Self {
        Self::new(Arc::default(), 25)
    }
}
