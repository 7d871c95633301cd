//! What the rules of the deployed bus let through is what the consumers take: `infra` makes its rules of the golden
//! file.

use std::collections::BTreeMap;

use riffle_contracts::{Consumer, EventType};

#[test]
fn each_consumer_is_sent_what_it_listens_to() {
    let golden: BTreeMap<String, Vec<String>> =
        serde_json::from_str(include_str!("../golden/routes.v1.json")).expect("lists of events by consumer");
    let names = |types: &[EventType]| types.iter().map(|kind| kind.as_str().to_owned()).collect();
    let listening: BTreeMap<String, Vec<String>> = Consumer::ALL
        .into_iter()
        .map(|consumer| (consumer.as_str().to_owned(), names(consumer.listens_to())))
        .collect();
    assert_eq!(golden, listening);
    // A type that nobody hears would be lost in silence.
    for kind in EventType::ALL {
        assert!(golden.values().flatten().any(|name| name == kind.as_str()), "{} is heard", kind.as_str());
    }
}
