//! Queries about sessions.

pub(crate) mod code_counts;
pub(crate) mod code_states;
pub(crate) mod downloads;
pub(crate) mod error;
pub(crate) mod match_pages;
pub(crate) mod own_session;
pub(crate) mod result_pages;
pub(crate) mod scans;
pub(crate) mod snapshot;
