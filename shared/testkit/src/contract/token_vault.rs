//! The contract suite for token vaults.

use chrono::TimeDelta;
use riffle_ports::{Clock as _, Ids, SessionId, Token, TokenVault};

use super::ok;
use crate::memory::ManualClock;

/// Checks everything that [`TokenVault`] promises, for a vault that uses `clock`.
///
/// # Panics
/// If a promise is broken.
pub async fn token_vault(vault: &dyn TokenVault, clock: &ManualClock, ids: &dyn Ids) {
    let (session, other) = (SessionId(ids.fresh()), SessionId(ids.fresh()));
    let token = |secret: &str, minutes| Token {
        secret: secret.to_owned(),
        expires_at: clock.now() + TimeDelta::minutes(minutes) + TimeDelta::nanoseconds(7),
    };
    let get = async |tenant, session| ok(vault.get(tenant, session).await, "get");
    assert_eq!(get("one", &session).await, None, "a token that never was");
    ok(vault.delete("one", &session).await, "delete of a token that never was");

    let (first, second) = (token("ya29.first", 60), token(&"x-Ä".repeat(500), 30));
    ok(vault.put("one", &session, first.clone()).await, "put");
    assert_eq!(get("one", &session).await.as_ref(), Some(&first), "as it was put, to the nanosecond");
    assert_eq!(get("one", &other).await, None, "another session has none of it");
    assert_eq!(get("two", &session).await, None, "another tenant gets none of it");
    ok(vault.put("one", &session, second.clone()).await, "put");
    assert_eq!(get("one", &session).await.as_ref(), Some(&second), "the last one put is the one kept");

    ok(vault.delete("two", &session).await, "delete by another tenant");
    assert_eq!(get("one", &session).await.as_ref(), Some(&second), "another tenant deletes nothing");
    ok(vault.delete("one", &session).await, "delete");
    assert_eq!(get("one", &session).await, None, "a deleted token");
    ok(vault.delete("one", &session).await, "delete again");

    let short = Token { expires_at: clock.now() + TimeDelta::minutes(5), ..token("short", 5) };
    ok(vault.put("one", &session, short).await, "put");
    clock.advance(TimeDelta::minutes(5) - TimeDelta::milliseconds(1));
    assert!(get("one", &session).await.is_some(), "a token is returned until it expires");
    clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(get("one", &session).await, None, "a token that has expired is not returned");
    ok(vault.put("one", &session, token("renewed", 5)).await, "put");
    assert!(get("one", &session).await.is_some(), "a new one takes the place of one past its time");
    ok(vault.delete("one", &session).await, "delete");
}
