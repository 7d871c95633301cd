//! The stages of a scan, one file per function; `actions` handles the clients' requests over the WebSocket.

pub(crate) mod actions;
pub(crate) mod dispatcher;
pub(crate) mod finisher;
pub(crate) mod quarantine;
pub(crate) mod sweeper;
pub(crate) mod worker;
