//! The listed entries, their order, and refused folders.

use riffle_drive_double::{Call, DriveFault};
use riffle_ports::{FileSource, PortError, ReadError, SourceError};

use crate::world::{World, source};

#[tokio::test]
async fn folders_are_listed_breadth_first_with_their_names_and_twins_are_kept() {
    let world = World::new().await;
    let deep = world.google.folder(&world.google.folder("root", "a"), "b");
    world.google.file(&deep, "deep.pdf", "1");
    world.google.file("root", "z.pdf", "2");
    let twins = [world.google.file("root", "twin.pdf", "3"), world.google.file("root", "twin.pdf", "4")];
    world.google.file(&world.google.folder("root", "c"), "with/slash.pdf", "5");
    let trashed = world.google.file("root", "trashed.pdf", "6");
    world.google.trash(&trashed);
    let listed = world.list("root").await.expect("a listing");
    let names: Vec<&str> = listed.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["twin.pdf", "twin.pdf", "z.pdf", "c/with/slash.pdf", "a/b/deep.pdf"]);
    let mut found: Vec<&str> = listed[..2].iter().map(|entry| entry.locator.as_str()).collect();
    found.sort_unstable();
    let mut twins = twins.each_ref().map(String::as_str);
    twins.sort_unstable();
    assert_eq!(found, twins);
}

#[tokio::test]
async fn a_shortcut_stands_for_what_it_leads_to_once_and_circles_end() {
    let world = World::new().await;
    let inner = world.google.folder("root", "inner");
    world.google.file(&inner, "own.pdf", "own");
    world.google.shortcut(&inner, "back to the top", &world.google.find("root", "inner").expect("it"));
    let elsewhere = world.google.shared_drive("The company");
    let plans = world.google.folder(&elsewhere, "plans");
    world.google.file(&plans, "shared.pdf", "shared");
    world.google.shortcut(&plans, "round", &inner);
    let inner_start = world.google.find("root", "inner").expect("it");
    world.google.shortcut(&inner_start, "company plans", &plans);
    let file = world.google.file(&elsewhere, "far.pdf", "far");
    world.google.shortcut(&inner, "near.pdf", &file);
    world.google.shortcut(&inner, "once more.pdf", &file);
    let gone = world.google.file("root", "gone", "gone");
    world.google.shortcut(&inner, "leads nowhere", &gone);
    world.google.remove(&gone);

    let listed = world.list(&inner).await.expect("a listing");
    let names: Vec<&str> = listed.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["leads nowhere", "near.pdf", "own.pdf", "company plans/shared.pdf"]);
    assert_eq!(world.open(&listed[0]).await, Err(ReadError::Missing));
    assert_eq!(world.open(&listed[1]).await.expect("read"), "far");
    assert_eq!(world.open(&listed[3]).await.expect("read"), "shared");

    // A shortcut to a folder is that folder.
    let shortcut = world.google.shortcut("root", "short", &plans);
    assert!(world.names(&shortcut).await.contains(&"shared.pdf".to_owned()));
    assert_eq!(world.names(&elsewhere).await[0], "far.pdf", "a shared drive by its id");
}

#[tokio::test]
async fn a_folder_that_may_not_be_listed_is_an_entry_that_says_so() {
    let world = World::new().await;
    world.google.file("root", "open.pdf", "1");
    let closed = world.google.folder("root", "closed");
    world.google.restrict(&closed, DriveFault::NoPermission);
    let listed = world.list("root").await.expect("a listing");
    assert_eq!(listed.len(), 2);
    let entry = listed.iter().find(|entry| entry.name == "closed").expect("an entry");
    let read = world.open(entry).await;
    assert!(matches!(&read, Err(ReadError::Denied(why)) if why.contains("not shared")), "{read:?}");
    let refused = world.list(&closed).await;
    assert!(
        matches!(refused, Err(SourceError::Refused(_))),
        "a folder that may not be listed is refused as a source: {refused:?}"
    );
}

#[tokio::test]
async fn what_is_no_folder_is_refused() {
    let world = World::new().await;
    let file = world.google.file("root", "a.pdf", "1");
    let Err(SourceError::Refused(text)) = world.list(&file).await else {
        panic!("a file is refused as a folder")
    };
    assert!(text.contains("not to a folder"), "{text}");
    for odd in ["", "a/b", "..", "x' or 'root' in parents", "a?alt=media", "%2e"] {
        let listed = world.drive.list(&source(odd)).await;
        assert!(matches!(listed, Err(SourceError::Port(PortError::Broken(_)))), "{odd}");
    }
}

#[tokio::test]
async fn too_much_is_refused_in_words() {
    let world = World::with(|settings| (settings.files, settings.folders, settings.depth) = (3, 4, 2)).await;
    let refused = async |folder: &str| match world.list(folder).await {
        Err(SourceError::Refused(text)) => text,
        other => panic!("the listing must be refused, but the outcome was {other:?}"),
    };
    let many = world.google.folder("root", "many");
    for name in ["1", "2", "3"] {
        world.google.file(&many, name, name);
    }
    assert_eq!(world.names(&many).await.len(), 3);
    world.google.file(&many, "4", "4");
    assert!(refused(&many).await.contains("more than 3 files"));

    let one = world.google.folder("root", "1");
    let two = world.google.folder(&one, "2");
    let three = world.google.folder(&two, "3");
    assert_eq!(world.names(&one).await.len(), 0);
    world.google.folder(&three, "4");
    assert!(refused(&one).await.contains("2/3/4 is more than 2 folders deep"));

    let wide = world.google.folder("root", "wide");
    for name in ["a", "b", "c", "d"] {
        world.google.folder(&wide, name);
    }
    assert!(refused(&wide).await.contains("more than 4 folders"));
}

#[tokio::test]
async fn a_listing_that_is_not_complete_is_none() {
    let world = World::new().await;
    world.google.file("root", "a.pdf", "1");
    world.google.incomplete(true);
    let listed = world.list("root").await;
    assert!(matches!(listed, Err(SourceError::Port(PortError::Unavailable(_)))), "{listed:?}");
    world.google.incomplete(false);
    assert_eq!(world.names("root").await, ["a.pdf"]);
}

#[tokio::test]
async fn a_large_folder_takes_a_call_for_each_thousand() {
    let world = World::new().await;
    for number in 0..2_500 {
        world.google.file("root", &format!("{number:04}.pdf"), "1");
    }
    assert_eq!(world.names("root").await.len(), 2_500);
    assert_eq!(world.google.calls(Call::List), 3);
    assert_eq!(world.google.calls(Call::Metadata), 1);
}
