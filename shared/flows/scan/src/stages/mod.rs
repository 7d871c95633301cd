//! The steps of a scan, one file per function; `actions` is what clients ask for over the WebSocket.

pub(crate) mod actions;
pub(crate) mod dispatcher;
pub(crate) mod finisher;
pub(crate) mod quarantine;
pub(crate) mod sweeper;
pub(crate) mod worker;
