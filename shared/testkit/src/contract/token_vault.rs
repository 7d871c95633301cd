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
    assert_eq!(get("one", &session).await, None, "an unknown token is not found");
    ok(vault.delete("one", &session).await, "delete of an unknown token");

    let (first, second) = (token("ya29.first", 60), token(&"x-Ä".repeat(500), 30));
    ok(vault.put("one", &session, first.clone()).await, "put");
    assert_eq!(
        get("one", &session).await.as_ref(),
        Some(&first),
        "a token is kept unchanged, to the nanosecond"
    );
    assert_eq!(get("one", &other).await, None, "another session does not have the token");
    assert_eq!(get("two", &session).await, None, "another tenant does not have the token");
    ok(vault.put("one", &session, second.clone()).await, "put");
    assert_eq!(get("one", &session).await.as_ref(), Some(&second), "a put replaces the earlier token");

    ok(vault.delete("two", &session).await, "delete by another tenant");
    assert_eq!(get("one", &session).await.as_ref(), Some(&second), "another tenant cannot delete the token");
    ok(vault.delete("one", &session).await, "delete");
    assert_eq!(get("one", &session).await, None, "a deleted token is not returned");
    ok(vault.delete("one", &session).await, "delete again");

    let short = Token { expires_at: clock.now() + TimeDelta::minutes(5), ..token("short", 5) };
    ok(vault.put("one", &session, short).await, "put");
    clock.advance(TimeDelta::minutes(5) - TimeDelta::milliseconds(1));
    assert!(get("one", &session).await.is_some(), "a token is returned until it expires");
    clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(get("one", &session).await, None, "an expired token is not returned");
    ok(vault.put("one", &session, token("renewed", 5)).await, "put");
    assert!(get("one", &session).await.is_some(), "a new token replaces an expired one");
    ok(vault.delete("one", &session).await, "delete");
}
