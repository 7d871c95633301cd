//! Failures of the calls.

use riffle_drive_adapter::{Drive, DriveSettings};
use riffle_drive_double::{Call, DriveFault};
use riffle_ports::{PortError, ReadError, SourceError};

use crate::world::World;

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let world = World::new().await;
    world.google.file("root", "a.pdf", "content");
    let entry = world.only().await;
    for fault in [
        DriveFault::UserRateLimit,
        DriveFault::RateLimit,
        DriveFault::TooManyRequests,
        DriveFault::Backend,
        DriveFault::Unavailable,
        DriveFault::BadGateway,
        DriveFault::Cut,
    ] {
        let before = world.google.calls(Call::Media);
        world.google.fail(Call::Media, fault, 3);
        let read = world.open(&entry).await;
        // A truncated body arrives without an error; only the checksum reveals it.
        assert_eq!(read.as_deref(), Ok(b"content".as_slice()), "{fault:?}");
        assert_eq!(world.google.calls(Call::Media) - before, 4, "{fault:?}");

        world.google.fail(Call::Media, fault, 4);
        let read = world.open(&entry).await;
        assert!(matches!(read, Err(ReadError::Port(PortError::Unavailable(_)))), "{fault:?}: {read:?}");

        world.google.fail(Call::List, fault, 2);
        assert_eq!(world.names("root").await, ["a.pdf"], "{fault:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let world = World::new().await;
    world.google.file("root", "a.pdf", "1");
    let entry = world.only().await;
    world.google.fail(Call::Media, DriveFault::Redirect, 1);
    let read = world.open(&entry).await;
    assert!(matches!(&read, Err(ReadError::Port(PortError::Broken(why))) if why.contains("302")), "{read:?}");
}

#[tokio::test]
async fn a_token_made_for_other_things_is_told_apart() {
    let world = World::new().await;
    world.google.file("root", "a.pdf", "1");
    let entry = world.only().await;
    world.google.fail(Call::List, DriveFault::Scope, 1);
    let listed = world.list("root").await;
    assert!(
        matches!(&listed, Err(SourceError::Refused(why)) if why.contains("drive.readonly")),
        "{listed:?}"
    );
    // During a scan another token helps, and the files are not at fault.
    world.google.fail(Call::Media, DriveFault::Scope, 1);
    assert_eq!(world.open(&entry).await, Err(ReadError::TokenExpired));
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    // Nothing listens on port 1 of this machine.
    let world = World::with(|settings| settings.endpoint = "http://127.0.0.1:1".to_owned()).await;
    let listed = world.list("root").await;
    assert!(matches!(&listed, Err(SourceError::Port(PortError::Unavailable(_)))), "{listed:?}");
}

#[test]
fn an_endpoint_is_a_host_over_tls_or_this_machine() {
    let clock = std::sync::Arc::new(riffle_testkit::memory::ManualClock::new());
    let vault = std::sync::Arc::new(riffle_testkit::memory::MemoryTokens::new(clock));
    let new = |endpoint: &str| {
        Drive::new(DriveSettings { endpoint: endpoint.to_owned(), ..DriveSettings::default() }, vault.clone())
    };
    for good in [
        riffle_drive_adapter::ENDPOINT,
        "https://drive.example.com:8443/",
        "http://127.0.0.1:9",
        "http://[::1]:9",
        "http://localhost:9",
    ] {
        assert!(new(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "www.googleapis.com",
        "http://www.googleapis.com",
        "http://localhost.example.com",
        "https://user:word@www.googleapis.com",
        "https://www.googleapis.com/path",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
    ] {
        assert!(new(bad).is_err(), "{bad}");
    }
}
