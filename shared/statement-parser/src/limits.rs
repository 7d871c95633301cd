//! Limits for the resources that one file may use.

/// Limits for one file, far above the needs of real statements. Exceeding a limit of the whole file is a
/// [`crate::Reject::TooLarge`]; exceeding a limit of one record produces a warning, and reading continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseLimits {
    /// Bytes of the input.
    pub bytes: u64,
    /// Records, including those without a transaction.
    pub rows: u64,
    /// Bytes of one record or one value. Memory for one record is allocated in advance.
    pub record_bytes: usize,
    /// Bytes of one text of a transaction. A longer text is truncated with a warning, because a transaction must fit
    /// into an item of a table, and a thousand transactions into one response.
    pub text_bytes: usize,
    /// Columns of one record.
    pub columns: usize,
    /// Accounts. An account counts once per currency.
    pub accounts: usize,
    /// Different rows that occur, or seem to occur, more than once in the file. Each is counted in memory.
    pub repeated: usize,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self {
            bytes: 4 << 30,
            // The capacity at which the filter for repeated rows still works well.
            rows: 15_000_000,
            record_bytes: 1 << 20,
            text_bytes: 2_000,
            columns: 512,
            accounts: 10_000,
            // The capacity of a hash table with 2^19 slots: 16 MB.
            repeated: 450_000,
        }
    }
}
