//! The stored state of a file, and the only ways in which it may change.

pub(crate) mod complete;
pub(crate) mod fail;
pub(crate) mod file;
pub(crate) mod file_details;
pub(crate) mod ids;
pub(crate) mod keys;
pub(crate) mod outbox;
pub(crate) mod parts;
