//! Passes pushed frames to the task that writes to the client's socket.
//!
//! Each client has a box of waiting frames of limited size. A client that does not keep up must neither delay the
//! workers nor fill the memory: when its box is full, it is disconnected ([`PushResult::Gone`]), its waiting frames are
//! dropped, and the client reconnects and resumes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use riffle_contracts::MAX_FRAME_BYTES;
use riffle_ports::{ClientNotifier, PortError, PushResult};
use tokio::sync::Notify;

/// The most frames that may wait for one client.
pub const MAX_WAITING_FRAMES: usize = 10_000;
/// The most bytes that may wait for one client.
pub const MAX_WAITING_BYTES: usize = 16 << 20;

/// Pushes to the clients whose sockets this process holds.
#[derive(Debug, Clone, Default)]
pub struct LocalNotifier {
    boxes: Arc<Mutex<HashMap<String, Arc<FrameBox>>>>,
}

/// The frames for one client, for the task that holds its socket. Dropping this disconnects the client.
#[derive(Debug)]
pub struct Frames {
    id: String,
    inbox: Arc<FrameBox>,
    notifier: LocalNotifier,
}

#[derive(Debug, Default)]
struct FrameBox {
    waiting: Mutex<PendingFrames>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct PendingFrames {
    frames: VecDeque<String>,
    bytes: usize,
    closed: bool,
}

impl LocalNotifier {
    /// Creates the receiving end of the frames for `id`. An earlier end of the same id is closed.
    pub fn register(&self, id: &str) -> Frames {
        let frames = Arc::<FrameBox>::default();
        if let Some(former) = self.boxes().insert(id.to_owned(), Arc::clone(&frames)) {
            former.close();
        }
        Frames { id: id.to_owned(), inbox: frames, notifier: self.clone() }
    }

    /// Disconnects the client, as a full box does. An unknown id is not an error.
    pub fn close(&self, id: &str) {
        if let Some(frames) = self.boxes().remove(id) {
            frames.close();
        }
    }

    fn boxes(&self) -> MutexGuard<'_, HashMap<String, Arc<FrameBox>>> {
        self.boxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ClientNotifier for LocalNotifier {
    /// # Errors
    /// [`PortError::Broken`] for a frame above [`MAX_FRAME_BYTES`], which AWS would refuse.
    async fn push(&self, connection: &str, frame: &str) -> Result<PushResult, PortError> {
        if frame.len() > MAX_FRAME_BYTES {
            return Err(PortError::Broken(format!(
                "a frame of {} bytes; the limit is {MAX_FRAME_BYTES}",
                frame.len()
            )));
        }
        let mut boxes = self.boxes();
        let Some(frames) = boxes.get(connection) else {
            return Ok(PushResult::Gone);
        };
        if frames.add(frame) {
            return Ok(PushResult::Sent);
        }
        frames.close();
        boxes.remove(connection);
        tracing::warn!(connection, "a client did not keep up and was disconnected");
        Ok(PushResult::Gone)
    }
}

impl Frames {
    /// Returns the next frame; `None` when the client was disconnected or replaced: the caller must then close the
    /// socket.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            let changed = self.inbox.changed.notified();
            {
                let mut waiting = self.inbox.waiting();
                if waiting.closed {
                    return None;
                }
                if let Some(frame) = waiting.frames.pop_front() {
                    waiting.bytes -= frame.len();
                    return Some(frame);
                }
            }
            changed.await;
        }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.inbox.close();
        let mut boxes = self.notifier.boxes();
        // The id may have been registered again.
        if boxes.get(&self.id).is_some_and(|frames| Arc::ptr_eq(frames, &self.inbox)) {
            boxes.remove(&self.id);
        }
    }
}

impl FrameBox {
    fn waiting(&self) -> MutexGuard<'_, PendingFrames> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a frame. Returns `false` if the box is full.
    fn add(&self, frame: &str) -> bool {
        let mut waiting = self.waiting();
        if waiting.frames.len() == MAX_WAITING_FRAMES || waiting.bytes + frame.len() > MAX_WAITING_BYTES {
            return false;
        }
        waiting.bytes += frame.len();
        waiting.frames.push_back(frame.to_owned());
        drop(waiting);
        self.changed.notify_waiters();
        true
    }

    fn close(&self) {
        let mut waiting = self.waiting();
        *waiting = PendingFrames { closed: true, ..PendingFrames::default() };
        drop(waiting);
        self.changed.notify_waiters();
    }
}
