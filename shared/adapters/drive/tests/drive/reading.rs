//! Reading files of every kind.

use riffle_drive_double::{Call, DriveFault, EXPORT_LIMIT};
use riffle_ports::{FileSource, ReadError};

use crate::world::{World, source};

#[tokio::test]
async fn a_file_takes_one_call() {
    let world = World::new().await;
    world.google.file("root", "a.pdf", "content");
    let entry = world.only().await;
    assert_eq!((entry.size, entry.version.starts_with("md5 ")), (7, true));
    let before = world.google.calls(Call::Metadata);
    assert_eq!(world.open(&entry).await.expect("read"), "content");
    assert_eq!((world.google.calls(Call::Media), world.google.calls(Call::Metadata)), (1, before));
}

#[tokio::test]
async fn documents_are_exported() {
    let world = World::new().await;
    for kind in ["document", "spreadsheet", "presentation", "drawing"] {
        world.google.native("root", kind, kind, format!("an exported {kind}"));
    }
    let listed = world.list("root").await.expect("a listing");
    assert_eq!(listed.len(), 4);
    for entry in &listed {
        let read = world.open(entry).await.expect("exported");
        assert_eq!(read, format!("an exported {}", entry.name));
    }
    world.google.change(listed[0].locator.rsplit('/').next().expect("an id"), "edited");
    assert_eq!(world.open(&listed[0]).await, Err(ReadError::Changed));
    let found =
        world.drive.find(&source("root"), &listed[0]).await.expect("found").expect("the file is found");
    assert_eq!(world.open(&found).await.expect("exported"), "edited");
}

#[tokio::test]
async fn a_document_above_what_google_exports_says_what_to_do() {
    let world = World::new().await;
    world.google.native("root", "long", "document", vec![b'x'; EXPORT_LIMIT + 1]);
    let read = world.open(&world.only().await).await;
    assert!(
        matches!(&read, Err(ReadError::TooLargeToExport(text)) if text.contains("download it")),
        "{read:?}"
    );

    let world = World::new().await;
    world.google.native("root", "just fits", "document", vec![b'x'; EXPORT_LIMIT]);
    assert_eq!(world.open(&world.only().await).await.expect("exported").len(), EXPORT_LIMIT);
}

#[tokio::test]
async fn what_holds_nothing_to_download_is_an_entry_that_says_so() {
    let world = World::new().await;
    for kind in ["form", "site", "map", "script", "drive-sdk.1234", "unheard-of"] {
        world.google.native("root", kind, kind, "");
    }
    let listed = world.list("root").await.expect("a listing");
    assert_eq!(listed.len(), 6);
    for entry in &listed {
        let read = world.open(entry).await;
        assert!(matches!(&read, Err(ReadError::Unsupported(_))), "{}: {read:?}", entry.name);
    }
    let form = listed.iter().find(|entry| entry.name == "form").expect("an entry");
    let Err(error) = world.open(form).await else { panic!("unreadable") };
    assert_eq!(error.to_string(), "it is a Google Form, which has nothing to download");
}

#[tokio::test]
async fn a_file_above_the_limit_is_not_fetched() {
    let world = World::with(|settings| settings.bytes = 100).await;
    let file = world.google.file("root", "large", vec![0; 101]);
    let mut entry = world.only().await;
    let over = Err(ReadError::TooLarge { size: 101, limit: 100 });
    assert_eq!(world.open(&entry).await, over);
    assert_eq!(world.google.calls(Call::Media), 0);
    // Also not a file that is larger than it was listed.
    entry.size = 1;
    assert_eq!(world.open(&entry).await, over);
    world.google.change(&file, vec![0; 100]);
    assert_eq!(world.open(&world.only().await).await.expect("read").len(), 100);
}

#[tokio::test]
async fn a_file_that_may_not_be_downloaded_says_why() {
    let world = World::new().await;
    for (fault, why) in [(DriveFault::NoDownload, "does not allow"), (DriveFault::NoPermission, "not shared")]
    {
        let file = world.google.file("root", "a.pdf", "1");
        let entry = world.only().await;
        world.google.restrict(&file, fault);
        let read = world.open(&entry).await;
        assert!(matches!(&read, Err(ReadError::Denied(text)) if text.contains(why)), "{read:?}");
        world.google.remove(&file);
    }
}

#[tokio::test]
async fn a_file_keeps_its_identity_in_another_session() {
    let world = World::new().await;
    world.google.file("root", "a.pdf", "1");
    let entry = world.only().await;
    let other = riffle_ports::Source::Drive {
        tenant: crate::world::TENANT.to_owned(),
        session: riffle_ports::SessionId("another".to_owned()),
        folder: "1another-folder".to_owned(),
    };
    assert_eq!(world.drive.identity(&source("root"), &entry), world.drive.identity(&other, &entry));
}
