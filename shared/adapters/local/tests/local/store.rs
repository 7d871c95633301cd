//! One owner, and the state that the next owner finds.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use riffle_local_adapters::{OpenError, Store};
use riffle_ports::{ObjectStore, ScanLedger, WorkQueue};
use riffle_runtime::SystemClock;
use riffle_topology::scan;

use crate::{Outcome, State, bodies, receive, send};

#[test]
fn a_second_owner_learns_who_has_it_and_what_to_do() -> Outcome {
    let state = State::new()?;
    let error = Store::open(state.folder.path(), Arc::new(SystemClock)).expect_err("the folder is in use");
    assert!(matches!(error, OpenError::InUse { pid, .. } if pid == Some(std::process::id())), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&std::process::id().to_string()) && text.contains("stop that process"), "{text}");
    state.reopen()?;
    Ok(())
}

/// Parts of a store keep it open.
#[tokio::test]
async fn the_folder_is_free_when_the_last_part_is_dropped() -> Outcome {
    let State { folder, clock, store } = State::new()?;
    let (queues, ledger, objects) = (store.queues(), store.ledger(), store.objects());
    drop(store);
    let in_use = || Store::open(folder.path(), Arc::clone(&clock) as _).is_err();
    assert!(in_use());
    send(&queues, scan::WORK, "g", &["a"]).await?;
    drop(queues);
    assert!(in_use());
    drop(ledger);
    assert!(in_use());
    drop(objects);
    let store = Store::open(folder.path(), clock)?;
    assert_eq!(bodies(&receive(&store.queues(), scan::WORK).await?), ["a"]);
    Ok(())
}

#[test]
fn the_folder_is_for_its_user_only() -> Outcome {
    let parent = tempfile::tempdir()?;
    let folder = parent.path().join("state/here");
    let _store = Store::open(&folder, Arc::new(SystemClock))?;
    let mode = |name: &str| -> std::io::Result<u32> {
        Ok(std::fs::metadata(folder.join(name))?.permissions().mode() & 0o777)
    };
    assert_eq!(mode("")?, 0o700);
    assert_eq!(mode("objects")?, 0o700);
    assert_eq!(mode("state.sqlite")?, 0o600);
    assert_eq!(mode("state.sqlite-wal")?, 0o600);
    Ok(())
}

#[test]
fn an_unusable_folder_says_what_to_do() -> Outcome {
    let parent = tempfile::tempdir()?;
    let file = parent.path().join("file");
    std::fs::write(&file, "not a folder")?;
    let error = Store::open(&file, Arc::new(SystemClock)).expect_err("the path is a file");
    assert!(error.to_string().contains("choose another folder"), "{error}");

    let broken = parent.path().join("broken");
    std::fs::create_dir(&broken)?;
    std::fs::write(
        broken.join("state.sqlite"),
        "this is not a database, and is long enough to be parsed ".repeat(100),
    )?;
    let error = Store::open(&broken, Arc::new(SystemClock)).expect_err("the database is damaged");
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains("move the folder away"), "{error}");
    Ok(())
}

/// A checkpoint writes the first page, which counts all pages, before it makes the file longer.
#[tokio::test]
async fn a_kill_within_a_checkpoint_is_no_damage() -> Outcome {
    let state = State::new()?;
    let bodies: Vec<String> = (0..200).map(|number| format!("{number} {}", "x".repeat(2_000))).collect();
    let texts: Vec<&str> = bodies.iter().map(String::as_str).collect();
    for texts in texts.chunks(10) {
        send(&state.store.queues(), scan::WORK, "g", texts).await?;
    }
    let path = |name: &str| state.folder.path().join(name);
    let (file, log) = (std::fs::read(path("state.sqlite"))?, std::fs::read(path("state.sqlite-wal"))?);
    let folder = tempfile::tempdir()?;
    {
        let copy = |name: &str| folder.path().join(name);
        std::fs::write(copy("state.sqlite"), &file)?;
        std::fs::write(copy("state.sqlite-wal"), &log)?;
        drop(Store::open(folder.path(), Arc::clone(&state.clock) as _)?);
        let whole = std::fs::read(copy("state.sqlite"))?;
        assert!(whole.len() > file.len() + 200_000, "the checkpoint makes the file longer");
        // The file as the interrupted checkpoint left it.
        let begun = [&whole[..4_096], &file[4_096..]].concat();
        std::fs::write(copy("state.sqlite"), begun)?;
        std::fs::write(copy("state.sqlite-wal"), &log)?;
        std::fs::write(copy("lock"), "4711\n")?;
    }
    let store = Store::open(folder.path(), Arc::clone(&state.clock) as _)?;
    let depths = store.queues().depths().await?;
    let work = depths.iter().find(|depth| depth.queue == scan::WORK).expect("the queue is listed");
    assert_eq!(work.ready, 200, "no messages are lost");
    Ok(())
}

/// The previous holder is dead; receive counts stay, and waiting messages stay waiting.
#[tokio::test]
async fn messages_in_hand_are_free_at_once_on_the_next_start() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    send(&queues, scan::WORK, "g", &["in hand", "waits"]).await?;
    let held = receive(&queues, scan::WORK).await?;
    queues.release(&[held[1].receipt.clone()], Duration::from_secs(30)).await?;
    send(&queues, scan::WORK, "g", &["never touched"]).await?;
    drop(queues);

    let state = state.reopen()?;
    let queues = state.store.queues();
    let received = receive(&queues, scan::WORK).await?;
    assert_eq!(bodies(&received), ["in hand", "never touched"]);
    let counts: Vec<u32> = received.iter().map(|one| one.receive_count).collect();
    assert_eq!(counts, [2, 1]);
    assert_eq!(
        queues.delete(&[held[0].receipt.clone()]).await?,
        0,
        "a receipt from before the restart is invalid"
    );
    state.advance(30);
    assert_eq!(bodies(&receive(&queues, scan::WORK).await?), ["waits"]);
    Ok(())
}

/// A file that crashes the whole process each time is quarantined, too.
#[tokio::test]
async fn what_kills_the_process_three_times_is_quarantined() -> Outcome {
    let mut state = State::new()?;
    send(&state.store.queues(), scan::WORK, "g", &["killer"]).await?;
    for _ in 0..3 {
        assert_eq!(bodies(&receive(&state.store.queues(), scan::WORK).await?), ["killer"]);
        state = state.reopen()?;
    }
    let queues = state.store.queues();
    assert!(receive(&queues, scan::WORK).await?.is_empty());
    assert_eq!(bodies(&receive(&queues, scan::QUARANTINE).await?), ["killer"]);
    Ok(())
}

/// If a caller stops waiting, its work is still done and other calls are unaffected.
#[tokio::test]
async fn an_abandoned_call_is_done_all_the_same() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    let message = riffle_ports::Message { group: "g".to_owned(), body: "abandoned".to_owned() };
    {
        let messages = [message];
        let mut sending = queues.send(scan::WORK, &messages);
        // Poll once, so that the call is under way.
        assert!(futures::poll!(&mut sending).is_pending());
    }
    queues.wait(scan::WORK).await?;
    assert_eq!(bodies(&receive(&queues, scan::WORK).await?), ["abandoned"]);
    assert!(state.store.ledger().open_sessions().await?.is_empty());
    assert!(state.store.objects().get("nothing").await?.is_none());
    Ok(())
}
