//! The topology names events as the types do.

use riffle_contracts::{BusEvent, EventType, FlowEvents};
use riffle_topology::{RIFFLE, statements};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[test]
fn every_type_is_listened_to_and_nothing_else() {
    let types: Vec<&str> = EventType::ALL.iter().copied().map(EventType::as_str).collect();
    assert_eq!(statements::EVENTS, types);
    for &kind in &types {
        assert_ne!(RIFFLE.listeners(statements::NAME, kind).count(), 0, "{kind} would be lost in silence");
        assert_eq!(EventType::named(statements::NAME, kind).map(EventType::as_str), Some(kind));
        assert_eq!(EventType::named("scan", kind), None);
    }
    for consumed in RIFFLE.replay_targets().filter(|consumed| consumed.flow.name == statements::NAME) {
        for kind in consumed.event_types() {
            assert!(
                types.contains(kind),
                "{} subscribes to {kind}, which no function publishes",
                consumed.function
            );
        }
    }
}

/// The events of another flow, which calls one of them as statements do.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event_type", content = "data")]
enum Other {
    #[serde(rename = "deletion.requested")]
    Deletion { book: u32 },
}

impl FlowEvents for Other {
    const FLOW: &'static str = "other";
}

#[test]
fn an_event_of_another_flow_is_not_taken_for_one_s_own() {
    let event = |flow: &str| {
        json!({
            "id": "1", "detail-type": "deletion.requested", "source": "riffle", "time": "2026-01-01T00:00:00Z",
            "detail": {
                "event_id": "1", "version": 1, "flow": flow, "timestamp": "2026-01-01T00:00:00Z",
                "processing_id": "1", "correlation_id": "1", "event_type": "deletion.requested",
                "data": { "tenant": "t", "book": 7 },
            },
        })
    };
    let own: BusEvent = serde_json::from_value(event("statements")).expect("an event of statements");
    assert_eq!(own.detail.event_type(), EventType::DeletionRequested);
    let other: BusEvent<Other> = serde_json::from_value(event("other")).expect("an event of the other flow");
    assert_eq!(other.detail.data, Other::Deletion { book: 7 });
    assert!(serde_json::from_value::<BusEvent>(event("other")).is_err());
    assert!(serde_json::from_value::<BusEvent<Other>>(event("statements")).is_err());
}
