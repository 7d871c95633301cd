//! Inspects a state while it is in use and while it is not.

use riffle_local_adapters::{Holder, Room, StateInspection, kept_texts};
use riffle_topology::scan;

use crate::{Outcome, State, send};

#[tokio::test]
async fn a_look_disturbs_nobody() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    send(&queues, scan::WORK, "g", &["a", "b"]).await?;
    let dir = state.folder.path();
    assert_eq!(Holder::of(dir)?, Holder::Process(Some(std::process::id())));
    let ready = |look: &StateInspection| -> Result<u64, riffle_ports::PortError> {
        let depths = look.depths()?;
        Ok(depths.iter().find(|depth| depth.queue == scan::WORK).expect("every queue").ready)
    };
    let look = StateInspection::open(dir)?.expect("a state");
    assert_eq!((look.schema, ready(&look)?), (StateInspection::SCHEMA, 2));
    send(&queues, scan::WORK, "g", &["c"]).await?;
    assert_eq!(ready(&look)?, 3, "the inspection sees messages that were sent later");
    drop(look);
    drop(queues);

    let State { folder, store, .. } = state;
    drop(store);
    assert_eq!(Holder::of(folder.path())?, Holder::Nobody);
    let look = StateInspection::open(folder.path())?.expect("a state");
    assert_eq!(ready(&look)?, 3);
    assert!(look.dead_letters(10)?.is_empty() && look.open_sessions()?.is_empty());
    Ok(())
}

#[test]
fn a_look_makes_nothing() -> Outcome {
    let parent = tempfile::tempdir()?;
    let dir = parent.path().join("not/there");
    assert_eq!(Holder::of(&dir)?, Holder::Nobody);
    assert!(StateInspection::open(&dir)?.is_none());
    assert_eq!(kept_texts(&dir)?, None);
    let room = Room::of(&dir)?;
    assert!(room.writable && room.free > 0, "{room:?}");
    assert_eq!(room.folder, parent.path());
    assert_eq!(std::fs::read_dir(parent.path())?.count(), 0);
    Ok(())
}
