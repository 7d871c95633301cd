//! Binds the functions of each flow to their names in the topology, and classifies dead letters by flow. A laptop and
//! the simulator call the functions by these names; on AWS each function is a separate program.

use riffle_ports::{DeadLetter, FlowState as _, MessageInfo, PortError, Record, RecordInfo};
use riffle_runtime::Registry;
use riffle_scan::{Dispatcher, Worker};
use riffle_statements::{FileRecord, Processor};
use riffle_topology::{scan, statements};

/// Binds the functions of scans. Finisher and sweeper use the scan of `dispatcher`.
pub fn bind_scan(registry: &mut Registry, dispatcher: &Dispatcher, worker: &Worker) {
    let flow = &dispatcher.scan;
    registry.bind(scan::DISPATCHER, dispatcher, |on, event| Box::pin(scan_dispatcher::handle(on, event)));
    registry.bind(scan::WORKER, worker, |on, event| Box::pin(scan_worker::handle(on, event)));
    registry.bind(scan::QUARANTINER, worker, |on, event| Box::pin(scan_quarantine::handle(on, event)));
    registry.bind(scan::FINISHER, flow, |on, event| Box::pin(scan_finisher::handle(on, event)));
    registry.bind_sweeper(scan::SWEEPER, flow, |on, event| Box::pin(scan_sweeper::handle(on, event)));
}

/// Binds the functions of statements.
pub fn bind_statements(registry: &mut Registry, processor: &Processor) {
    use statements::{ANALYTICS, AUDITOR, CATEGORIZER, NOTER, PROCESSOR, RECEIVER, SWEEPER};
    let flow = &processor.statements;
    registry.bind(RECEIVER, flow, |on, event| Box::pin(s3_event_handler::handle(on, event)));
    registry.bind(PROCESSOR, processor, |on, event| Box::pin(file_processor_consumer::handle(on, event)));
    registry.bind(CATEGORIZER, flow, |on, event| Box::pin(categorization_consumer::handle(on, event)));
    registry.bind(ANALYTICS, flow, |on, event| Box::pin(analytics_consumer::handle(on, event)));
    registry.bind(AUDITOR, flow, |on, event| Box::pin(audit_consumer::handle(on, event)));
    registry.bind(NOTER, flow, |on, event| Box::pin(error_consumer::handle(on, event)));
    registry.bind_sweeper(SWEEPER, flow, |on, event| Box::pin(statements_sweeper::handle(on, event)));
}

/// Returns what a dead letter is about, from its content. Returns `None` if it is not a message of its flow.
pub fn message_info(dead_letter: &DeadLetter) -> Option<MessageInfo> {
    match &*dead_letter.flow {
        scan::NAME => riffle_scan::message_info(dead_letter),
        statements::NAME => riffle_statements::message_info(dead_letter),
        _ => riffle_runtime::message_info(dead_letter),
    }
}

/// Returns the information in the record that a dead letter is about, for a flow on the record store.
///
/// # Errors
/// [`PortError::Broken`] if the record does not belong to the dead letter's flow.
pub fn record_info(dead_letter: &DeadLetter, record: Record) -> Result<RecordInfo, PortError> {
    match &*dead_letter.flow {
        statements::NAME => {
            Ok(riffle_statements::record_info(&dead_letter.function, Some(FileRecord::from_record(&record)?)))
        }
        _ => Ok(riffle_runtime::record_info(record)),
    }
}
