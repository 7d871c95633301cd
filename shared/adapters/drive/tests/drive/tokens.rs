//! The token lent to a session.

use chrono::TimeDelta;
use riffle_drive_double::Call;
use riffle_ports::{FileSource, ReadError, SourceError, TokenVault};

use crate::world::{TENANT, TOKEN, World, session, source};

#[tokio::test]
async fn a_token_that_is_gone_or_refused_is_no_news_of_a_file() {
    let world = World::new().await;
    world.google.file("root", "a.pdf", "1");
    let entry = world.only().await;
    world.google.expire();
    assert_eq!(world.open(&entry).await, Err(ReadError::TokenExpired));
    assert_eq!(world.list("root").await, Err(SourceError::TokenExpired));
    let found = world.drive.find(&source("root"), &entry).await;
    assert_eq!(found, Err(SourceError::TokenExpired));

    world.vault.delete(TENANT, &session()).await.expect("deleted");
    let calls = world.google.calls(Call::Media);
    assert_eq!(world.open(&entry).await, Err(ReadError::TokenExpired));
    assert_eq!(world.google.calls(Call::Media), calls, "without a token no request is sent");

    world.lend("another").await;
    assert_eq!(world.open(&entry).await, Err(ReadError::TokenExpired), "Google does not accept the token");
    world.google.accept("another");
    assert_eq!(world.open(&entry).await.expect("read"), "1");
}

#[tokio::test]
async fn a_new_token_is_used_though_the_old_one_was_at_hand() {
    let world = World::new().await;
    world.google.file("root", "a.pdf", "1");
    let entry = world.only().await;
    world.google.expire();
    world.google.accept("new");
    world.lend("new").await;
    assert_eq!(world.open(&entry).await.expect("the file is read with the new token"), "1");
    // While the cached token is valid, the vault is not queried, because that may need a key service.
    world.clock.advance(TimeDelta::hours(2));
    assert_eq!(world.open(&entry).await.expect("read"), "1");
}

#[tokio::test]
async fn a_token_may_end_within_a_listing() {
    let world = World::new().await;
    for number in 0..30 {
        world.google.file("root", &format!("{number}"), "1");
    }
    world.google.short_pages(1);
    world.google.expire_after(10);
    assert_eq!(world.list("root").await, Err(SourceError::TokenExpired));
    world.google.accept(TOKEN);
    assert_eq!(world.names("root").await.len(), 30, "a listing with a new token starts over");
}

#[tokio::test]
async fn a_token_no_header_can_hold_has_expired() {
    let world = World::new().await;
    world.lend("two\r\nlines").await;
    assert_eq!(world.list("root").await, Err(SourceError::TokenExpired));
}

#[tokio::test]
async fn nothing_that_is_printed_holds_the_token() {
    let world = World::new().await;
    world.google.file("root", "a.pdf", "1");
    let entry = world.only().await;
    for fault in [
        riffle_drive_double::DriveFault::BadRequest,
        riffle_drive_double::DriveFault::Redirect,
        riffle_drive_double::DriveFault::Backend,
        riffle_drive_double::DriveFault::Cut,
    ] {
        world.google.fail(Call::Media, fault, 4);
        let Err(error) = world.open(&entry).await else { panic!("{fault:?} must be an error") };
        let printed = format!("{error} {error:?} {:?}", world.drive);
        assert!(!printed.contains("canary"), "{printed}");
    }
}
