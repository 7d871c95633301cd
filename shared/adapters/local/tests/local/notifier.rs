//! Clients that do not keep up, and clients that reconnect.

use riffle_contracts::MAX_FRAME_BYTES;
use riffle_local_adapters::{LocalNotifier, MAX_WAITING_BYTES, MAX_WAITING_FRAMES};
use riffle_ports::{ClientNotifier, PortError, PushResult};

#[tokio::test]
async fn a_client_with_too_many_frames_waiting_is_cut_off() -> Result<(), PortError> {
    let notifier = LocalNotifier::default();
    let mut slow = notifier.register("slow");
    let mut other = notifier.register("other");
    for _ in 0..MAX_WAITING_FRAMES {
        assert_eq!(notifier.push("slow", "{}").await?, PushResult::Sent);
    }
    assert_eq!(notifier.push("slow", "{}").await?, PushResult::Gone);
    assert_eq!(notifier.push("slow", "{}").await?, PushResult::Gone);
    assert_eq!(slow.next().await, None, "a slow client is disconnected and receives no outdated frames");
    assert_eq!(notifier.push("other", "{}").await?, PushResult::Sent);
    assert_eq!(other.next().await.as_deref(), Some("{}"));
    Ok(())
}

#[tokio::test]
async fn a_client_with_too_many_bytes_waiting_is_cut_off() -> Result<(), PortError> {
    let notifier = LocalNotifier::default();
    let mut slow = notifier.register("slow");
    let frame = "x".repeat(MAX_FRAME_BYTES);
    let room = MAX_WAITING_BYTES / MAX_FRAME_BYTES;
    for _ in 0..room {
        assert_eq!(notifier.push("slow", &frame).await?, PushResult::Sent);
    }
    assert!(slow.next().await.is_some());
    assert_eq!(
        notifier.push("slow", &frame).await?,
        PushResult::Sent,
        "a frame that was read makes room for another"
    );
    assert_eq!(notifier.push("slow", &frame).await?, PushResult::Gone);
    Ok(())
}

#[tokio::test]
async fn a_frame_that_aws_would_refuse_is_refused() {
    let notifier = LocalNotifier::default();
    let _client = notifier.register("client");
    let refused = notifier.push("client", &"x".repeat(MAX_FRAME_BYTES + 1)).await;
    assert!(matches!(refused, Err(PortError::Broken(_))), "{refused:?}");
}

#[tokio::test]
async fn a_waiting_socket_wakes_for_a_frame_and_for_its_end() -> Result<(), Box<dyn std::error::Error>> {
    let notifier = LocalNotifier::default();
    let mut client = notifier.register("client");
    let socket = tokio::spawn(async move { (client.next().await, client.next().await) });
    tokio::task::yield_now().await;
    assert_eq!(notifier.push("client", "{}").await?, PushResult::Sent);
    tokio::task::yield_now().await;
    notifier.close("client");
    assert_eq!(socket.await?, (Some("{}".to_owned()), None));
    Ok(())
}

#[tokio::test]
async fn who_registers_anew_takes_over() -> Result<(), PortError> {
    let notifier = LocalNotifier::default();
    let mut former = notifier.register("id");
    let mut present = notifier.register("id");
    assert_eq!(former.next().await, None);
    drop(former);
    assert_eq!(
        notifier.push("id", "{}").await?,
        PushResult::Sent,
        "the end of the earlier connection does not close the present one"
    );
    assert_eq!(present.next().await.as_deref(), Some("{}"));
    Ok(())
}
