//! Stored data about sessions, and how it is written.

pub(crate) mod access_token;
pub(crate) mod manifest;
pub(crate) mod record;
pub(crate) mod request;
pub(crate) mod result;
pub(crate) mod retry;
