//! The steps of the flow: one file for each function, named after the function.

pub(crate) mod analytics_consumer;
pub(crate) mod audit_consumer;
pub(crate) mod categorization_consumer;
pub(crate) mod error_consumer;
pub(crate) mod file_processor_consumer;
pub(crate) mod s3_event_handler;
pub(crate) mod sweeper;
