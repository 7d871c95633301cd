//! How much one file may ask for.

/// Caps for one file, far above what real statements need. What goes beyond a cap of the whole file is a
/// [`crate::Reject::TooLarge`]; what goes beyond a cap of one record is a warning, and the rest goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes as they come from the input.
    pub bytes: u64,
    /// Records, those that hold no transaction included.
    pub rows: u64,
    /// Bytes of one record, or of one value. Memory for one is set aside.
    pub record_bytes: usize,
    /// Bytes of one text of a transaction. What is longer is cut, with a warning: a transaction is to fit into an item
    /// of a table, and a thousand of them into one answer.
    pub text_bytes: usize,
    /// Columns of one record.
    pub columns: usize,
    /// Accounts, each counted once a currency.
    pub accounts: usize,
    /// Different rows that are, or seem to be, in the file more than once: each is counted in memory.
    pub repeated: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 4 << 30,
            // What the filter of repeated rows holds well.
            rows: 15_000_000,
            record_bytes: 1 << 20,
            text_bytes: 2_000,
            columns: 512,
            accounts: 10_000,
            // The most a table of 2^19 slots holds: 16 MB.
            repeated: 450_000,
        }
    }
}
