//! What a vault of tokens promises.

use chrono::{DateTime, TimeDelta, Utc};
use riffle_ports::{Ids, SessionId, Token, TokenVault};

use super::ok;

/// Everything [`TokenVault`] promises. `now` is the time on the vault's clock.
///
/// # Panics
/// If a promise is broken.
pub async fn token_vault(vault: &dyn TokenVault, ids: &dyn Ids, now: DateTime<Utc>) {
    let token = |secret: &str, lives: TimeDelta| Token { secret: secret.to_owned(), expires_at: now + lives };
    let hour = TimeDelta::hours(1);
    let (one, two) = (SessionId(ids.fresh()), SessionId(ids.fresh()));

    assert_eq!(ok(vault.get("ann", &one).await, "get"), None, "a token that never was");
    ok(vault.delete("ann", &one).await, "delete of what never was");

    let long = "ya29.-_~+/=".repeat(180);
    ok(vault.put("ann", &one, token(&long, hour)).await, "put");
    ok(vault.put("bob", &two, token("two", hour)).await, "put");
    assert_eq!(ok(vault.get("ann", &one).await, "get"), Some(token(&long, hour)), "as it was put");
    assert_eq!(
        ok(vault.get("ann", &one).await, "get"),
        Some(token(&long, hour)),
        "as often as it is asked for"
    );
    assert_eq!(ok(vault.get("bob", &two).await, "get"), Some(token("two", hour)), "each session has its own");
    assert_eq!(ok(vault.get("bob", &one).await, "get"), None, "a session of another tenant");

    ok(vault.put("ann", &one, token("newer", hour * 2)).await, "put");
    assert_eq!(
        ok(vault.get("ann", &one).await, "get"),
        Some(token("newer", hour * 2)),
        "the last one counts"
    );

    ok(vault.put("ann", &one, token("past", -hour)).await, "put");
    assert_eq!(ok(vault.get("ann", &one).await, "get"), None, "one past its time is not given out");

    ok(vault.put("ann", &one, token("again", hour)).await, "put");
    ok(vault.delete("ann", &one).await, "delete");
    ok(vault.delete("ann", &one).await, "a second delete");
    assert_eq!(ok(vault.get("ann", &one).await, "get"), None, "what was deleted is gone");
    assert_eq!(ok(vault.get("bob", &two).await, "get"), Some(token("two", hour)), "others stay");
    ok(vault.delete("bob", &two).await, "delete");
}
