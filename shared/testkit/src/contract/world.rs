//! The contract suites for clocks and ids.

use std::collections::BTreeSet;

use riffle_ports::{Clock, Ids};

/// Checks that readings never decrease while the clock is not set, and that they lie in the present era.
///
/// # Panics
/// If a promise is broken.
pub fn clock(clock: &dyn Clock) {
    let mut last = clock.now();
    assert!(last.timestamp() > 1_700_000_000, "the clock shows {last}, which is in the past");
    assert!(last.timestamp() < 7_000_000_000, "the clock shows {last}, which is in the distant future");
    for _ in 0..1_000 {
        let now = clock.now();
        assert!(now >= last, "the clock went back from {last} to {now}");
        last = now;
    }
}

/// Checks that ids are 32 lower-case hexadecimal digits, never repeat, and vary in every digit.
///
/// # Panics
/// If a promise is broken.
pub fn ids(ids: &dyn Ids) {
    let made: Vec<String> = (0..10_000).map(|_| ids.fresh()).collect();
    for id in &made {
        let digits = id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        assert!(id.len() == 32 && digits, "{id:?} is not 32 hexadecimal digits");
    }
    let different: BTreeSet<&String> = made.iter().collect();
    assert_eq!(different.len(), made.len(), "an id was returned twice");
    for position in 0..32 {
        let digits: BTreeSet<u8> = made.iter().map(|id| id.as_bytes()[position]).collect();
        assert_eq!(digits.len(), 16, "digit {position} is not random: only {digits:?} of 10,000 ids");
    }
}
