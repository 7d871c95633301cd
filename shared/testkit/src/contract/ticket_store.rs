//! The contract suite for ticket stores.

use futures::future::join_all;
use riffle_ports::{Ids, StoredTicket, TicketHash, TicketStore};

use super::{at, ok};

fn hash(ids: &dyn Ids) -> TicketHash {
    let mut hash = [0; 32];
    hash.copy_from_slice(ids.fresh().as_bytes());
    TicketHash(hash)
}

/// Checks everything that [`TicketStore`] promises.
///
/// # Panics
/// If a promise is broken.
pub async fn ticket_store(store: &dyn TicketStore, ids: &dyn Ids) {
    let (one, two) = (hash(ids), hash(ids));
    // Far in the future, so that no store expires the tickets.
    let expires_at = at(0) + chrono::TimeDelta::days(20_000);
    let ticket = |tenant: &str| StoredTicket { tenant: tenant.to_owned(), expires_at };

    assert_eq!(ok(store.take(one).await, "take"), None, "an unknown ticket cannot be taken");
    ok(store.put(one, ticket("one")).await, "put");
    ok(store.put(two, ticket("odd \u{202e}'; -- 漢")).await, "put");
    assert_eq!(
        ok(store.take(one).await, "take"),
        Some(ticket("one")),
        "a ticket is kept unchanged, to the nanosecond"
    );
    assert_eq!(ok(store.take(one).await, "take"), None, "a ticket can be taken once only");
    assert_eq!(
        ok(store.take(two).await, "take"),
        Some(ticket("odd \u{202e}'; -- 漢")),
        "taking a ticket keeps the others"
    );

    let contested = hash(ids);
    ok(store.put(contested, ticket("contested")).await, "put");
    let taken = join_all((0..16).map(|_| store.take(contested))).await;
    let winners = taken.into_iter().filter_map(|taken| ok(taken, "take")).count();
    assert_eq!(winners, 1, "of 16 concurrent calls that take a ticket exactly one must get it");
}
