//! A session as an item.
//!
//! Each worker updates it once a batch, and a write bills each started KB of the whole item. So names have two letters,
//! times are numbers, and empty values are left out: an ordinary session of 6,600 files stays below 1 KB until its
//! report is built (see the test).

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use riffle_ports::{
    Counts, Frozen, Lease, ListedAt, Paused, PortError, Sealed, Session, SessionId, State, Usage,
};
use strum::VariantArray as _;

use super::session_key;
use crate::change::ItemChange;
use crate::item::{Item, ItemReader, number, numbers, sortable, text, time};

/// Keys of the index `tenant`; [`listed_at`] computes the sort key.
pub(super) const TENANT: &str = "tenant";
pub(super) const LISTED_AT: &str = "listed_at";
/// Key of the index `open`, absent in terminal states. A single value suffices, because sessions begin and end seldom.
pub(super) const OPEN_SHARD: &str = "open_shard";
pub(super) const SHARD: &str = "0";

pub(super) const STATE: &str = "st";
pub(super) const REQUEST: &str = "rq";
pub(super) const PAUSED_BY: &str = "pb";
pub(super) const PAUSED_AT: &str = "pt";
pub(super) const RENEWALS: &str = "rn";
const CREATED_AT: &str = "ca";
const DEADLINE: &str = "dl";
pub(super) const STARTED_AT: &str = "sa";
pub(super) const PROGRESS_AT: &str = "pa";
pub(super) const SWEPT_AT: &str = "wa";
pub(super) const ATTEMPT: &str = "ma";
pub(super) const DIGEST: &str = "md";
pub(super) const TOTAL: &str = "mt";
pub(super) const CHUNK_SIZE: &str = "mc";
pub(super) const DISPATCHED: &str = "di";
const CHUNKS_DONE: &str = "fc";
pub(super) const PROCESSED: &str = "np";
pub(super) const FAILED: &str = "nf";
pub(super) const MATCHES: &str = "nm";
pub(super) const LEASE_TOKEN: &str = "lt";
pub(super) const LEASE_UNTIL: &str = "lu";
pub(super) const FINISHED_AT: &str = "fa";
pub(super) const RECEIPT: &str = "fr";
pub(super) const REPORT: &str = "rp";
pub(super) const REASON: &str = "re";

/// Each kind of usage has its own attribute, so that each can be added to.
fn uses(usage: &Usage) -> [(&'static str, u64); 10] {
    [
        ("ui", usage.invocations),
        ("um", usage.megabyte_milliseconds),
        ("uq", usage.queue_requests),
        ("uw", usage.table_write_units),
        ("ur", usage.table_read_half_units),
        ("up", usage.object_writes),
        ("ug", usage.object_reads),
        ("us", usage.socket_messages),
        ("uk", usage.key_requests),
        ("uo", usage.ocr_pages),
    ]
}

fn usage_of(reading: ItemReader<'_>) -> Result<Usage, PortError> {
    Ok(Usage {
        invocations: reading.count("ui")?,
        megabyte_milliseconds: reading.count("um")?,
        queue_requests: reading.count("uq")?,
        table_write_units: reading.count("uw")?,
        table_read_half_units: reading.count("ur")?,
        object_writes: reading.count("up")?,
        object_reads: reading.count("ug")?,
        socket_messages: reading.count("us")?,
        key_requests: reading.count("uk")?,
        ocr_pages: reading.count("uo")?,
    })
}

pub(super) fn state(state: State) -> AttributeValue {
    text(<&str>::from(state))
}

pub(super) fn open_states() -> impl Iterator<Item = AttributeValue> {
    State::VARIANTS.iter().filter(|state| !state.is_terminal()).map(|of| state(*of))
}

/// Returns the attributes that are removed when a session is deleted, including its place in its tenant's list.
pub(super) fn forgotten() -> impl Iterator<Item = &'static str> {
    let own = [
        LISTED_AT,
        STARTED_AT,
        SWEPT_AT,
        CHUNKS_DONE,
        PROCESSED,
        FAILED,
        MATCHES,
        LEASE_TOKEN,
        LEASE_UNTIL,
        PAUSED_BY,
        PAUSED_AT,
        RENEWALS,
        FINISHED_AT,
        RECEIPT,
        REPORT,
        REASON,
    ];
    own.into_iter().chain(uses(&Usage::default()).map(|(name, _)| name))
}

/// Returns a key that sorts as [`ListedAt`] does: by time, then the session's id.
pub(super) fn listed_at(listed: &ListedAt) -> String {
    format!("{}{}", sortable(listed.created_at), listed.id)
}

pub(super) fn encode(session: &Session) -> Result<Item, PortError> {
    // Encodes every field, although only new sessions are created, so that nothing is left out silently.
    let mut item = session_key(&session.id);
    let mut put = |name: &str, value: Option<AttributeValue>| {
        if let Some(value) = value {
            item.insert(name.to_owned(), value);
        }
    };
    let some = |text_of: &Option<String>| text_of.as_ref().map(|value| text(value.as_str()));
    let moment = |at: Option<DateTime<Utc>>| at.map(time);
    let positive = |count: u64| (count > 0).then(|| number(count));
    if session.tenant.is_empty() {
        return Err(PortError::Broken("a session without a tenant cannot be listed".to_owned()));
    }
    put(TENANT, Some(text(session.tenant.as_str())));
    let listed = !session.state.is_gone();
    put(LISTED_AT, listed.then(|| text(listed_at(&ListedAt::from(session)))));
    put(OPEN_SHARD, session.state.is_open().then(|| text(SHARD)));
    put(STATE, Some(state(session.state)));
    put(REQUEST, Some(text(session.request.as_str())));
    put(CREATED_AT, Some(time(session.created_at)));
    put(DEADLINE, Some(time(session.deadline)));
    put(STARTED_AT, moment(session.started_at));
    put(PROGRESS_AT, Some(time(session.progress_at)));
    put(SWEPT_AT, moment(session.swept_at));
    if let Some(sealed) = &session.sealed {
        put(ATTEMPT, Some(text(sealed.attempt.as_str())));
        put(DIGEST, Some(text(sealed.digest.as_str())));
        put(TOTAL, Some(number(sealed.total)));
        put(CHUNK_SIZE, Some(number(sealed.chunk_size)));
    }
    put(DISPATCHED, Some(number(session.dispatched)));
    put(CHUNKS_DONE, (!session.chunks_done.is_empty()).then(|| numbers(&session.chunks_done)));
    put(PROCESSED, positive(session.counts.processed));
    put(FAILED, positive(session.counts.failed));
    put(MATCHES, positive(session.counts.matches));
    for (name, used) in uses(&session.usage) {
        put(name, positive(used));
    }
    if let Some(lease) = &session.lease {
        put(LEASE_TOKEN, Some(text(lease.token.as_str())));
        put(LEASE_UNTIL, Some(time(lease.until)));
    }
    if let Some(paused) = &session.paused {
        put(PAUSED_BY, Some(text(paused.by.as_str())));
        put(PAUSED_AT, Some(time(paused.at)));
    }
    put(RENEWALS, positive(u64::from(session.renewals)));
    if let Some(frozen) = &session.frozen {
        put(FINISHED_AT, Some(time(frozen.finished_at)));
        put(RECEIPT, Some(text(frozen.receipt.as_str())));
    }
    put(REPORT, some(&session.report));
    put(REASON, some(&session.reason));
    Ok(item)
}

pub(super) fn session_of(id: &SessionId, item: &Item) -> Result<Session, PortError> {
    let what = format!("session {id}");
    let reading = ItemReader { item, what: &what };
    let sealed = match reading.optional_text(ATTEMPT)? {
        None => None,
        Some(attempt) => Some(Sealed {
            attempt,
            digest: reading.text(DIGEST)?,
            total: reading.number(TOTAL)?,
            chunk_size: reading.number(CHUNK_SIZE)?,
        }),
    };
    let lease = match reading.optional_text(LEASE_TOKEN)? {
        None => None,
        Some(token) => Some(Lease { token, until: reading.time(LEASE_UNTIL)? }),
    };
    let paused = match reading.optional_text(PAUSED_BY)? {
        None => None,
        Some(by) => Some(Paused { by, at: reading.time(PAUSED_AT)? }),
    };
    let frozen = match reading.optional_time(FINISHED_AT)? {
        None => None,
        Some(finished_at) => Some(Frozen { finished_at, receipt: reading.text(RECEIPT)? }),
    };
    let state = reading.text(STATE)?.parse();
    Ok(Session {
        id: id.clone(),
        tenant: reading.text(TENANT)?,
        request: reading.text(REQUEST)?,
        state: state.map_err(|_| PortError::Broken(format!("{what}: an unknown state")))?,
        created_at: reading.time(CREATED_AT)?,
        deadline: reading.time(DEADLINE)?,
        sealed,
        started_at: reading.optional_time(STARTED_AT)?,
        dispatched: reading.number(DISPATCHED)?,
        chunks_done: reading.numbers(CHUNKS_DONE)?,
        counts: Counts {
            processed: reading.count(PROCESSED)?,
            failed: reading.count(FAILED)?,
            matches: reading.count(MATCHES)?,
        },
        usage: usage_of(reading)?,
        progress_at: reading.time(PROGRESS_AT)?,
        swept_at: reading.optional_time(SWEPT_AT)?,
        paused,
        renewals: u32::try_from(reading.count(RENEWALS)?).unwrap_or(u32::MAX),
        lease,
        frozen,
        report: reading.optional_text(REPORT)?,
        reason: reading.optional_text(REASON)?,
    })
}

/// Adds only what is not 0 or empty: a table accepts no empty sets, and each attribute takes space.
pub(super) fn add_progress(change: &mut ItemChange, full: &BTreeSet<u32>, counts: Counts, usage: Usage) {
    if !full.is_empty() {
        change.add(CHUNKS_DONE, numbers(full));
    }
    let counted = [(PROCESSED, counts.processed), (FAILED, counts.failed), (MATCHES, counts.matches)];
    for (name, more) in counted.into_iter().chain(uses(&usage)) {
        if more > 0 {
            change.add(name, number(more));
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::item::size;

    fn moment(nanoseconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::nanoseconds(nanoseconds)
    }

    /// A session as its last worker's write leaves it.
    fn ordinary(files: u32) -> Session {
        let hex = |digits: usize| "0123456789abcdef".repeat(4)[..digits].to_owned();
        let request = format!(
            "{{\"source\":{{\"prefix\":{{\"tenant\":\"{}\",\"prefix\":\"drawings/2026/hall 7/\"}}}},\"options\":\
             {{\"match\":\"token\",\"ocr\":\"off\",\"evidence\":false}},\"codes_digest\":\"{}\",\"codes\":500}}",
            "12345678-1234-1234-1234-123456789012",
            hex(64)
        );
        let tenant = "12345678-1234-1234-1234-123456789012".to_owned();
        let sealed = Sealed { attempt: hex(32), digest: hex(64), total: files, chunk_size: 100 };
        let usage = Usage {
            invocations: 701,
            megabyte_milliseconds: 1_234_567_891,
            queue_requests: 1_377,
            table_write_units: 9_123,
            table_read_half_units: 5_001,
            object_writes: 13,
            object_reads: 7_301,
            socket_messages: 41_234,
            key_requests: 3,
            ocr_pages: 0,
        };
        Session {
            state: State::Running,
            chunks_done: (0..sealed.chunks()).collect(),
            sealed: Some(sealed),
            started_at: Some(moment(1)),
            swept_at: Some(moment(123_456_789)),
            dispatched: files,
            counts: Counts { processed: u64::from(files), failed: 123, matches: 36_704 },
            usage,
            lease: Some(Lease { token: hex(32), until: moment(999) }),
            ..Session::new(SessionId(hex(32)), tenant, request, moment(0), moment(7))
        }
    }

    #[test]
    fn an_ordinary_session_bills_one_unit() -> Result<(), PortError> {
        let session = ordinary(6_600);
        let item = encode(&session)?;
        assert_eq!(session_of(&session.id, &item)?, session);
        // With some margin, because the guide calls its sizes approximate.
        let bytes = size(&item);
        assert!(bytes < 960, "{bytes} bytes");
        Ok(())
    }

    #[test]
    fn the_list_sorts_by_time_then_id() {
        let listed = |seconds, id: &str| ListedAt {
            created_at: DateTime::from_timestamp(seconds, 7).expect("a moment"),
            id: SessionId(id.to_owned()),
        };
        let ascending = [
            listed(-5, "f"),
            listed(0, "0"),
            listed(0, "1"),
            listed(1_700_000_000, "0"),
            listed(1_700_000_001, "0"),
        ];
        let keys: Vec<String> = ascending.iter().map(listed_at).collect();
        assert!(ascending.is_sorted() && keys.is_sorted(), "{keys:?}");
        assert!(keys.iter().all(|key| key.len() == 17));
    }
}
