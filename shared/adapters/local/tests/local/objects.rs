//! Guarantees of objects on disk only.

use std::path::Path;

use bytes::Bytes;
use riffle_ports::{ObjectStore, Put};

use crate::{Outcome, State};

fn files_in(folder: &Path) -> std::io::Result<usize> {
    Ok(std::fs::read_dir(folder)?.count())
}

#[tokio::test]
async fn nothing_is_left_in_the_folder_for_writing() -> Outcome {
    let state = State::new()?;
    let objects = state.store.objects();
    for content in [Bytes::from_static(b"small"), Bytes::from(vec![1; 1_000_000])] {
        objects.put("a/b", content.clone()).await?;
        objects.put_if_absent("a/b", content.clone()).await?;
        objects.put_if_absent("a/c", content).await?;
    }
    assert_eq!(files_in(&state.folder.path().join("tmp"))?, 0);
    Ok(())
}

#[tokio::test]
async fn what_a_killed_process_was_writing_is_removed() -> Outcome {
    let state = State::new()?;
    state.store.objects().put("kept", Bytes::from_static(b"whole")).await?;
    let tmp = state.folder.path().join("tmp");
    std::fs::write(tmp.join("17"), "half of")?;
    let state = state.reopen()?;
    assert_eq!(files_in(&tmp)?, 0);
    assert_eq!(state.store.objects().get("kept").await?, Some(Bytes::from_static(b"whole")));
    Ok(())
}

#[tokio::test]
async fn many_threads_race_for_one_key() -> Outcome {
    let state = State::new()?;
    for round in 0..20 {
        let key = format!("race/{round}");
        let racers: Vec<_> = (0..16_u8)
            .map(|racer| {
                let (objects, key) = (state.store.objects(), key.clone());
                let write =
                    async move { objects.put_if_absent(&key, Bytes::from(vec![racer; 100_000])).await };
                tokio::spawn(write)
            })
            .collect();
        let mut winners = Vec::new();
        for (number, racer) in racers.into_iter().enumerate() {
            if racer.await?? == Put::Stored {
                winners.push(number);
            }
        }
        assert_eq!(winners.len(), 1, "{winners:?}");
        let stored = state.store.objects().get(&key).await?.expect("one won");
        assert!(stored.iter().all(|byte| usize::from(*byte) == winners[0]));
    }
    Ok(())
}
