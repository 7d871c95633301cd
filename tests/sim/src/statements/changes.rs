//! The flow's meaning of a replaced record, and the changes that the flow's rules refused.

use std::sync::Arc;

use riffle_ports::{FileId, FlowState as _, Outgoing, Record};
use riffle_statements::FileRecord;
use riffle_testkit::memory::{FileKey, RecordKey};
use riffle_testkit::simulator::Control;
use tracing::field::{Field, Visit};
use tracing::span;

/// Decodes a record. Panics, which is a violation, if it cannot be read.
pub fn file_of_record(record: &Record) -> FileRecord {
    FileRecord::from_record(record).expect("the flow can read what it wrote")
}

pub fn file_key((tenant, subject): &RecordKey) -> FileKey {
    (tenant.clone(), FileId(subject.id.clone()))
}

pub fn record_key((tenant, id): &FileKey) -> RecordKey {
    (tenant.clone(), id.subject())
}

/// Returns the name of the change from `seen` to `next`. `announces` says whether events came with it.
pub fn name(seen: &Record, next: &Record, announces: bool) -> &'static str {
    let parts = |record| file_of_record(record).parts;
    match (seen.state.as_str(), next.state.as_str()) {
        _ if next.attempts > seen.attempts => "begin",
        (from, "deleting") if from != "deleting" => "delete",
        ("deleting", "deleted") => "deleted",
        ("deleted", "deleted") if seen.open && !next.open => "settled",
        ("processing", "processed" | "review" | "rejected") => "finish",
        (from, "failed") if from != "failed" || announces => "fail",
        ("processing", "processing") if seen.lease.is_some() && next.lease.is_none() => "release",
        ("processing", "processing") if seen.lease != next.lease || parts(seen) != parts(next) => "extend",
        _ => "note",
    }
}

/// Returns the name of the change as a kind of call.
pub fn point(seen: &Record, next: &Record, announce: &[Outgoing]) -> &'static str {
    match name(seen, next, !announce.is_empty()) {
        "begin" => "records.begin",
        "extend" => "records.extend",
        "release" => "records.release",
        "finish" => "records.finish",
        "fail" => "records.fail",
        "delete" => "records.delete",
        "deleted" => "records.deleted",
        "settled" => "records.settled",
        _ => "records.note",
    }
}

/// A subscriber that counts refused changes from the flow's log.
pub struct Refusals(pub Arc<Control>);

/// A log entry of a refused change.
#[derive(Default)]
struct RefusedChange {
    change: String,
    state: String,
    why: String,
}

impl Visit for RefusedChange {
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "change" => value.clone_into(&mut self.change),
            "state" => value.clone_into(&mut self.state),
            "why" => value.clone_into(&mut self.why),
            _ => {}
        }
    }
}

impl tracing::Subscriber for Refusals {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "riffle::refused"
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let mut refusal = RefusedChange::default();
        event.record(&mut refusal);
        let RefusedChange { change, state, why } = &refusal;
        let event = match (change.as_str(), state.as_str(), why.as_str()) {
            ("begin", "processing", _) => "a file is leased by another worker",
            ("begin", "processed" | "review" | "rejected", _) => "a file was done already",
            ("begin", "deleting" | "deleted", _) => "processing of a file that is being deleted is requested",
            ("extend", _, "token") => "a late worker finds that it has no lease",
            ("extend", "deleting" | "deleted", _) => "a worker finds that the file is being deleted",
            ("finish", _, "token") => "a late worker cannot finish",
            ("finish", _, "superseded") => "a worker that finishes finds a note",
            ("finish", ..) => "a worker that finishes finds the file in another state",
            ("deleted", _, "token") => "a deletion waits for a lease",
            ("deleted", _, "superseded") => "a deletion finds a note",
            ("deleted", ..) => "a deletion is done twice",
            ("note", _, "superseded") => "a note loses against a concurrent change",
            ("fail", _, "superseded") => "a worker that gives up finds the file changed",
            ("fail", ..) => "a failure arrives too late",
            _ => return,
        };
        self.0.sometimes(event);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
