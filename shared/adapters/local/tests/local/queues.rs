//! Visibility, receive counts, redrive, fairness and waiting.

use std::collections::BTreeMap;
use std::time::Duration;

use riffle_local_adapters::LocalQueues;
use riffle_ports::{Message, PortError, QueueDepth, WorkQueue};
use riffle_topology::{RIFFLE, scan};

use crate::{Outcome, State, VISIBILITY, bodies, receipts, receive, send};

async fn depth(queues: &LocalQueues, queue: &str) -> Result<QueueDepth, PortError> {
    let depths = queues.depths().await?;
    Ok(depths.into_iter().find(|depth| depth.queue == queue).expect("the queue is listed"))
}

#[tokio::test]
async fn visibility_ends_to_the_second() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    send(&queues, scan::WORK, "g", &["a"]).await?;
    assert_eq!(bodies(&receive(&queues, scan::WORK).await?), ["a"]);
    state.advance(59);
    assert!(receive(&queues, scan::WORK).await?.is_empty());
    state.advance(1);
    let again = receive(&queues, scan::WORK).await?;
    assert_eq!(again[0].receive_count, 2);
    Ok(())
}

#[tokio::test]
async fn a_longer_visibility_keeps_others_away() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    send(&queues, scan::WORK, "g", &["a"]).await?;
    let held = receipts(&receive(&queues, scan::WORK).await?);
    state.advance(50);
    assert_eq!(queues.extend(&held, VISIBILITY).await?, 1);
    state.advance(59);
    assert!(receive(&queues, scan::WORK).await?.is_empty());
    assert_eq!(queues.delete(&held).await?, 1);
    state.advance(60);
    assert!(receive(&queues, scan::WORK).await?.is_empty());
    assert_eq!(queues.extend(&held, VISIBILITY).await?, 0, "a deleted message");
    Ok(())
}

#[tokio::test]
async fn an_old_receipt_fits_no_longer() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    send(&queues, scan::WORK, "g", &["a"]).await?;
    let old = receipts(&receive(&queues, scan::WORK).await?);
    state.advance(60);
    let new = receipts(&receive(&queues, scan::WORK).await?);
    assert_eq!(queues.delete(&old).await?, 0);
    assert_eq!(queues.release(&old, Duration::ZERO).await?, 0);
    assert_eq!(queues.extend(&old, VISIBILITY).await?, 0);
    assert_eq!(depth(&queues, scan::WORK).await?.in_flight, 1);
    assert_eq!(queues.delete(&new).await?, 1);
    let no_receipt = queues.delete(&["not a receipt".to_owned()]).await;
    assert!(matches!(no_receipt, Err(PortError::Broken(_))), "{no_receipt:?}");
    Ok(())
}

/// The holder was slow, but no other consumer has received the message.
#[tokio::test]
async fn a_receipt_fits_after_the_visibility_while_nobody_else_has_the_message() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    send(&queues, scan::WORK, "g", &["a"]).await?;
    let held = receipts(&receive(&queues, scan::WORK).await?);
    state.advance(61);
    assert_eq!(depth(&queues, scan::WORK).await?.ready, 1);
    assert_eq!(queues.delete(&held).await?, 1);
    assert!(receive(&queues, scan::WORK).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_released_message_comes_after_its_delay() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    send(&queues, scan::WORK, "g", &["a", "b"]).await?;
    let held = receive(&queues, scan::WORK).await?;
    assert_eq!(queues.release(&receipts(&held)[..1], Duration::ZERO).await?, 1);
    assert_eq!(queues.release(&receipts(&held)[1..], Duration::from_secs(5)).await?, 1);
    let work = depth(&queues, scan::WORK).await?;
    assert_eq!((work.ready, work.in_flight, work.waiting), (1, 0, 1));
    assert_eq!(bodies(&receive(&queues, scan::WORK).await?), ["a"]);
    state.advance(4);
    assert!(receive(&queues, scan::WORK).await?.is_empty());
    state.advance(1);
    assert_eq!(bodies(&receive(&queues, scan::WORK).await?), ["b"]);
    Ok(())
}

/// Work → quarantine after three receives → dead letters after five more.
#[tokio::test]
async fn what_fails_too_often_moves_on() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    send(&queues, scan::WORK, "g", &["killer", "fine"]).await?;
    let mut last = Vec::new();
    for count in 1..=3 {
        let received = receive(&queues, scan::WORK).await?;
        let killer = received.iter().find(|one| one.body == "killer").expect("the message is not dead yet");
        assert_eq!(killer.receive_count, count);
        last = vec![killer.receipt.clone()];
        let fine: Vec<String> =
            received.iter().filter(|one| one.body == "fine").map(|one| one.receipt.clone()).collect();
        queues.delete(&fine).await?;
        state.advance(60);
    }
    assert!(
        receive(&queues, scan::WORK).await?.is_empty(),
        "after three receives a message leaves its queue"
    );
    assert_eq!(queues.delete(&last).await?, 0, "an earlier receipt is invalid in the quarantine queue");

    let id = last[0].split('.').next().expect("an id").to_owned();
    for count in 1..=5 {
        let received = receive(&queues, scan::QUARANTINE).await?;
        assert_eq!(bodies(&received), ["killer"]);
        assert_eq!(received[0].receive_count, count, "the quarantine queue counts receives from one");
        assert_eq!(received[0].id, id, "the message keeps its id");
        queues.release(&receipts(&received), Duration::ZERO).await?;
    }
    assert!(receive(&queues, scan::QUARANTINE).await?.is_empty());
    let dead = queues.peek("scan-quarantine-dead-letters", 10).await?;
    assert_eq!((bodies(&dead), &dead[0].id), (vec!["killer"], &id));
    assert_eq!(depth(&queues, "scan-quarantine-dead-letters").await?.ready, 1);
    Ok(())
}

#[tokio::test]
async fn dispatch_and_finish_go_straight_to_the_dead_letters() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    for queue in [scan::DISPATCH, scan::FINISH] {
        send(&queues, queue, "g", &["a"]).await?;
        for _ in 0..5 {
            assert_eq!(bodies(&receive(&queues, queue).await?), ["a"]);
            state.advance(60);
        }
        assert!(receive(&queues, queue).await?.is_empty());
    }
    for queue in ["scan-dispatch-dead-letters", "scan-finish-dead-letters"] {
        assert_eq!(bodies(&queues.peek(queue, 10).await?), ["a"]);
    }
    Ok(())
}

/// One large scan must not delay the others.
#[tokio::test]
async fn groups_have_their_turns() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    let large: Vec<Message> =
        (0..5_000).map(|number| Message { group: "large".to_owned(), body: number.to_string() }).collect();
    queues.send(scan::WORK, &large).await?;
    assert_eq!(
        receive(&queues, scan::WORK).await?.len(),
        10,
        "a group without competition receives all messages"
    );
    for group in ["small-1", "small-2"] {
        let bodies: Vec<String> = (0..10).map(|number| number.to_string()).collect();
        send(&queues, scan::WORK, group, &bodies.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    }
    let mut shares = BTreeMap::<String, Vec<u32>>::new();
    for _ in 0..3 {
        for received in receive(&queues, scan::WORK).await? {
            shares.entry(received.group).or_default().push(received.body.parse()?);
        }
    }
    assert!(shares["large"].len() <= 12, "a large group gets about a third of thirty: {shares:?}");
    for group in ["small-1", "small-2"] {
        assert!(shares[group].len() >= 9, "a small group gets about a third of thirty: {shares:?}");
        assert!(shares[group].is_sorted(), "messages of a group are delivered oldest first: {shares:?}");
    }
    Ok(())
}

/// A group that repeatedly appears with one message does not get ahead of the others.
#[tokio::test]
async fn newcomers_line_up() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    send(&queues, scan::WORK, "patient", &["1", "2", "3", "4", "5"]).await?;
    let mut order = Vec::new();
    for _ in 0..10 {
        send(&queues, scan::WORK, "eager", &["x"]).await?;
        for received in queues.receive(scan::WORK, 1, VISIBILITY).await? {
            order.push(received.group);
        }
    }
    let patient = order.iter().filter(|group| *group == "patient").count();
    assert_eq!(patient, 5, "{order:?}");
    Ok(())
}

#[tokio::test]
async fn many_groups_share_a_batch() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    for group in 0..25 {
        send(&queues, scan::WORK, &format!("g{group}"), &["a", "b"]).await?;
    }
    let mut groups = Vec::new();
    for _ in 0..5 {
        for received in receive(&queues, scan::WORK).await? {
            groups.push(received.group);
        }
    }
    assert_eq!(groups.len(), 50);
    let mut first: Vec<&String> = groups[..25].iter().collect();
    first.sort();
    first.dedup();
    assert_eq!(first.len(), 25, "each group is delivered once before any is delivered twice: {groups:?}");
    assert!(receive(&queues, scan::WORK).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_waiting_consumer_wakes_for_a_new_message() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let queues = queues.clone();
            tokio::spawn(async move { queues.wait(scan::WORK).await })
        })
        .collect();
    // Each must notice the message, whether it already listens or not.
    tokio::task::yield_now().await;
    send(&queues, scan::WORK, "g", &["a"]).await?;
    for waiter in waiting {
        tokio::time::timeout(Duration::from_secs(5), waiter).await???;
    }
    queues.wait(scan::WORK).await?;
    let other = tokio::time::timeout(Duration::from_millis(50), queues.wait(scan::FINISH)).await;
    assert!(other.is_err(), "a message for one queue does not wake another");
    Ok(())
}

#[tokio::test]
async fn a_waiting_consumer_wakes_when_visibility_ends() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    send(&queues, scan::WORK, "g", &["a"]).await?;
    let held = queues.receive(scan::WORK, 10, Duration::from_millis(30)).await?;
    assert_eq!(held.len(), 1);
    let waiter = tokio::spawn({
        let queues = queues.clone();
        async move { queues.wait(scan::WORK).await }
    });
    // The message's time is on the manual clock; the waiter looks again after the 30 ms it saw remaining.
    state.advance(1);
    tokio::time::timeout(Duration::from_secs(5), waiter).await???;
    Ok(())
}

/// The consumer of the quarantine wakes although the hidden message is in another queue.
#[tokio::test]
async fn a_waiting_consumer_wakes_for_what_moves_to_its_queue() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    send(&queues, scan::WORK, "g", &["killer"]).await?;
    for _ in 0..2 {
        receive(&queues, scan::WORK).await?;
        state.advance(60);
    }
    let held = receipts(&receive(&queues, scan::WORK).await?);
    let waiter = tokio::spawn({
        let queues = queues.clone();
        async move { queues.wait(scan::QUARANTINE).await }
    });
    tokio::task::yield_now().await;
    queues.release(&held, Duration::from_secs(100)).await?;
    tokio::time::timeout(Duration::from_secs(5), waiter).await???;
    assert_eq!(bodies(&receive(&queues, scan::QUARANTINE).await?), ["killer"]);
    Ok(())
}

/// Fails every message of a queue until it is a dead letter.
async fn kill(queues: &LocalQueues, queue: &str) -> Result<(), PortError> {
    let last = RIFFLE.last(queue).map_or(queue, |last| last.queue.name);
    for queue in [queue, last] {
        loop {
            let received = receive(queues, queue).await?;
            if received.is_empty() {
                break;
            }
            queues.release(&receipts(&received), Duration::ZERO).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn dead_letters_go_back_to_where_they_failed_last() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    send(&queues, scan::WORK, "g", &["file"]).await?;
    send(&queues, scan::FINISH, "h", &["finish", "finish again"]).await?;
    kill(&queues, scan::WORK).await?;
    kill(&queues, scan::FINISH).await?;
    let dead = queues.dead_letters(None, 10).await?;
    assert_eq!(bodies(&dead), ["file", "finish", "finish again"]);

    assert_eq!(queues.dead_letters(Some("statements"), 10).await?, []);
    let ids: Vec<String> = dead.iter().map(|one| one.id.clone()).collect();
    let one = queues.redrive(&ids[1..2]).await?;
    assert_eq!(one, [(dead[1].id.clone(), scan::FINISH)]);
    drop(queues);
    let state = state.reopen()?;
    let queues = state.store.queues();
    let rest = queues.redrive(&ids).await?;
    assert_eq!(rest, [(dead[0].id.clone(), scan::QUARANTINE), (dead[2].id.clone(), scan::FINISH)]);
    assert_eq!(queues.redrive(&ids).await?, [], "messages that were redriven are not dead letters any more");
    assert!(queues.redrive(&["not an id".to_owned()]).await.is_err());

    let file = receive(&queues, scan::QUARANTINE).await?;
    assert_eq!(
        (bodies(&file), file[0].receive_count),
        (vec!["file"], 1),
        "a redriven message is counted from one"
    );
    assert_eq!(
        queues.delete(&[dead[0].receipt.clone()]).await?,
        0,
        "a receipt from before the redrive is invalid"
    );
    let finish = receive(&queues, scan::FINISH).await?;
    assert_eq!(bodies(&finish), ["finish", "finish again"]);
    Ok(())
}

#[tokio::test]
async fn a_redriven_message_wakes_who_waits_for_it() -> Outcome {
    let state = State::new()?;
    let queues = state.store.queues();
    send(&queues, scan::DISPATCH, "g", &["a"]).await?;
    kill(&queues, scan::DISPATCH).await?;
    let waiting = tokio::spawn({
        let queues = queues.clone();
        async move { queues.wait(scan::DISPATCH).await }
    });
    let dead = queues.dead_letters(None, 10).await?;
    assert_eq!(queues.redrive(&[dead[0].id.clone()]).await?.len(), 1);
    waiting.await??;
    assert_eq!(bodies(&receive(&queues, scan::DISPATCH).await?), ["a"]);
    Ok(())
}

/// It counts only in queues whose files may crash the process.
#[tokio::test]
async fn the_end_of_the_process_is_not_held_against_a_message() -> Outcome {
    let mut state = State::new()?;
    send(&state.store.queues(), scan::FINISH, "g", &["finish"]).await?;
    send(&state.store.queues(), scan::WORK, "g", &["file"]).await?;
    for count in 1..=40 {
        let queues = state.store.queues();
        let held = receive(&queues, scan::FINISH).await?;
        assert_eq!((bodies(&held), held[0].receive_count), (vec!["finish"], 1), "delivery {count}");
        receive(&queues, scan::WORK).await?;
        drop(queues);
        state = state.reopen()?;
    }
    let file = queues_with(&state, "file").await?;
    assert_eq!(file, scan::QUARANTINE, "after three receives a message leaves its queue");
    for _ in 0..20 {
        receive(&state.store.queues(), scan::FINISH).await?;
        state = state.reopen()?;
    }
    let dead = state.store.queues().dead_letters(None, 10).await?;
    assert_eq!(bodies(&dead), ["finish"], "a message is not delivered without limit");
    Ok(())
}

/// Returns the queue that contains the message.
async fn queues_with(state: &State, body: &str) -> Result<&'static str, PortError> {
    let queues = state.store.queues();
    for queue in [scan::WORK, scan::QUARANTINE] {
        if queues.peek(queue, 10).await?.iter().any(|message| message.body == body) {
            return Ok(queue);
        }
    }
    panic!("{body} is in no queue")
}
