//! Pushes frames to clients. Frames are for display only: a failed push never fails work, because a client that missed
//! one requests a snapshot.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, stream};
use riffle_contracts::{ErrorCode, FoundMatch, Frame, FrameBody, MAX_FRAME_BYTES, Receipt};
use riffle_ports::{Entry, PushResult, Session, SessionId};

use crate::matching::Match;
use crate::queries::snapshot::ShownCounts;
use crate::state::record::SessionWork;
use crate::{Scan, metrics};

/// Frames pushed concurrently.
const PUSHES_AT_ONCE: usize = 16;

/// The connections that listen to one session, looked up once for several frames.
pub(crate) struct Audience<'a> {
    scan: &'a Scan,
    session: &'a SessionId,
    connections: Vec<String>,
}

impl Audience<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    pub(crate) async fn send(&self, body: FrameBody) {
        self.send_all(vec![body]).await;
    }

    /// Sends a frame that describes the state at time `at`, and may be sent later.
    pub(crate) async fn send_as_of(&self, at: DateTime<Utc>, body: FrameBody) {
        self.push_all(&[frame(Some(self.session), body, at)]).await;
    }

    /// Sends several frames, which may arrive in any order: a function that waited for each in turn would be billed for
    /// waiting.
    pub(crate) async fn send_all(&self, bodies: Vec<FrameBody>) {
        let now = self.scan.ports.clock.now();
        let frames: Vec<String> =
            bodies.into_iter().map(|body| frame(Some(self.session), body, now)).collect();
        self.push_all(&frames).await;
    }

    async fn push_all(&self, frames: &[String]) {
        let mut pushes: Vec<BoxFuture<'_, ()>> = Vec::with_capacity(frames.len() * self.connections.len());
        for frame in frames {
            for connection in &self.connections {
                pushes.push(self.scan.push(connection, frame).boxed());
            }
        }
        stream::iter(pushes).buffer_unordered(PUSHES_AT_ONCE).collect::<()>().await;
    }
}

impl Scan {
    pub(crate) async fn audience<'a>(&'a self, session: &'a SessionId) -> Audience<'a> {
        let connections = self.ports.connections.subscribers(session).await.unwrap_or_else(|error| {
            tracing::warn!(%session, %error, "could not look up the subscribers: the frame is not sent");
            Vec::new()
        });
        Audience { scan: self, session, connections }
    }

    /// Sends a frame to one connection, subscribed or not.
    pub(crate) async fn reply(&self, connection: &str, session: Option<&SessionId>, body: FrameBody) {
        self.push(connection, &frame(session, body, self.ports.clock.now())).await;
    }

    async fn push(&self, connection: &str, frame: &str) {
        if frame.len() > MAX_FRAME_BYTES {
            tracing::error!(bytes = frame.len(), "a frame is too large to send");
            return;
        }
        match self.ports.notifier.push(connection, frame).await {
            Ok(PushResult::Sent) => {}
            Ok(PushResult::Gone) => {
                if let Err(error) = self.ports.connections.remove(connection).await {
                    tracing::warn!(connection, %error, "could not remove a closed connection");
                }
            }
            Err(error) => {
                metrics::push_failed();
                tracing::warn!(connection, %error, "a frame was not delivered");
            }
        }
    }
}

fn frame(session: Option<&SessionId>, body: FrameBody, at: DateTime<Utc>) -> String {
    let frame = Frame { body, session_id: session.map(|id| id.0.clone()), at };
    serde_json::to_string(&frame).expect("frames are plain data")
}

pub(crate) fn error(code: ErrorCode, message: impl Into<String>) -> FrameBody {
    FrameBody::Error { message: message.into(), code }
}

/// Returns the frame that announces the start. `again` is the number of files that a retry reads again, `None` if it is
/// not a retry.
pub(crate) fn started(session: &Session, total: u32, again: Option<usize>) -> FrameBody {
    let timestamp = session.began_at();
    let all = files(u64::from(total));
    let message = match again {
        None => format!("Reading {all}"),
        Some(0) => format!("Nothing to read again: none of {all} failed"),
        Some(again) => format!("Reading {again} of {all} again"),
    };
    FrameBody::Started { message, timestamp, total }
}

/// Returns the frame that announces that a session continues after a pause.
pub(crate) fn going_on(session: &Session, total: u32) -> FrameBody {
    let timestamp = session.began_at();
    FrameBody::Started { message: format!("Continuing with {}", files(u64::from(total))), timestamp, total }
}

pub(crate) fn cancelled() -> FrameBody {
    FrameBody::Cancelled {
        message: "The scan was cancelled. Results found until then stay listed.".to_owned(),
    }
}

/// Returns a session's receipt, once it is frozen.
pub(crate) fn receipt(session: &Session) -> Option<Receipt> {
    serde_json::from_str(&session.frozen.as_ref()?.receipt).ok()
}

pub(crate) fn complete(scan: &Scan, session: &Session) -> FrameBody {
    let counts = session.counts;
    let receipt = receipt(session).unwrap_or_default();
    let mut message = format!("Read {}", files(counts.processed));
    if counts.failed > 0 {
        message += &format!(", {} could not be read", counts.failed);
    }
    FrameBody::Complete {
        download_url: scan.settings.links.report(&session.id),
        total_matches: counts.matches,
        total_processed: counts.processed,
        total_failed: counts.failed,
        message,
        receipt,
    }
}

pub(crate) fn progress(session: &Session, total: u32, now: DateTime<Utc>) -> FrameBody {
    let ShownCounts { processed, failed } = ShownCounts::of(session);
    let started = session.began_at();
    #[expect(clippy::cast_precision_loss, reason = "milliseconds and file counts stay far below 2^52")]
    let (seconds, done) = ((now - started).num_milliseconds().max(1) as f64 / 1000.0, processed as f64);
    let files_per_second = (done / seconds * 10.0).round() / 10.0;
    let eta_seconds = (processed > 0).then(|| {
        let left = f64::from(total) - done;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, rounded up")]
        let eta = (left * seconds / done).ceil() as u64;
        eta
    });
    let value = u8::try_from(processed * 100 / u64::from(total.max(1))).unwrap_or(100);
    FrameBody::Progress { value, processed, total, failed, files_per_second, eta_seconds }
}

/// Returns a match as clients see it. `distinct` is the number of distinct codes found in its file.
pub(crate) fn found(
    scan: &Scan,
    work: &SessionWork,
    (index, entry): (u32, &Entry),
    (distinct, found): (u32, &Match),
) -> FoundMatch {
    FoundMatch {
        hole_code: work.codes.list.get(found.code).unwrap_or_default().to_owned(),
        file_name: entry.name.clone(),
        status: status(distinct),
        pdf_link: scan.settings.links.file(&work.session.id, index, &work.request.source, entry),
        page: found.place.to_string(),
        snippet: found.snippet.clone(),
    }
}

pub(crate) fn match_id(index: u32, ordinal: usize) -> String {
    format!("{index}-{ordinal}")
}

/// Returns `1 Code`, `2 Codes` and so on: how many distinct codes a file holds.
pub fn status(codes: u32) -> String {
    if codes == 1 { "1 Code".to_owned() } else { format!("{codes} Codes") }
}

fn files(count: u64) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}
