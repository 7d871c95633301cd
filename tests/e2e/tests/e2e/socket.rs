//! A client of the WebSocket.

use std::collections::BTreeMap;

use futures::{SinkExt, StreamExt};
use riffle_contracts::{FoundMatch, Frame, FrameBody, SessionState};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::deadline::PATIENCE;
use crate::scan_record::frame;
use crate::server::Server;

/// A connection. Dropping it cuts it without a close frame.
pub struct Socket {
    runtime: Runtime,
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// The state that a client following a session has received.
#[derive(Debug, Default)]
pub struct FollowedSession {
    pub matches: BTreeMap<String, FoundMatch>,
    /// Files with a result, as last reported.
    processed: u64,
    pub complete: Option<Frame>,
    ended: bool,
}

impl Socket {
    pub fn connect(server: &Server) -> Self {
        Self::try_connect(server, &[]).unwrap_or_else(|status| panic!("turned away with {status}"))
    }

    /// Connects, or returns the status with which the server refused.
    pub fn try_connect(server: &Server, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        Self::try_open(server, "/ws", headers)
    }

    /// Connects at another path.
    pub fn try_open(server: &Server, path: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut request = format!("ws://{}{path}", server.address).into_client_request().expect("an address");
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("a header");
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
        let connected = runtime.block_on(async { timeout(PATIENCE, connect_async(request)).await });
        match connected.expect("the server answers") {
            Ok((stream, _)) => Ok(Self { runtime, stream }),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("no connection: {error}"),
        }
    }

    pub fn send(&mut self, action: &Value) {
        self.send_text(&action.to_string());
    }

    pub fn send_text(&mut self, text: &str) {
        let sent = self.stream.send(Message::text(text));
        self.runtime.block_on(sent).expect("the connection is open");
    }

    /// Returns the text of the next frame; `None` if the server has closed the connection.
    pub fn next_text(&mut self) -> Option<String> {
        loop {
            let next = self.runtime.block_on(async { timeout(PATIENCE, self.stream.next()).await });
            match next.expect("the server says something") {
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Waits until the server closes the connection; returns its close code.
    pub fn closed(&mut self) -> Option<u16> {
        loop {
            let next = self.runtime.block_on(async { timeout(PATIENCE, self.stream.next()).await });
            match next.expect("the server says something") {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    pub fn next(&mut self) -> Frame {
        let text = self.next_text().expect("the connection is open");
        assert!(text.len() <= riffle_contracts::MAX_FRAME_BYTES, "a frame of {} bytes", text.len());
        frame(&text)
    }

    /// Sends a message that must be refused, and returns the refusal.
    pub fn refused(&mut self, text: &str) -> Value {
        self.send_text(text);
        let answer = self.next_text().expect("the connection is open");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        assert_eq!(answer["type"], "ERROR", "{answer}");
        assert!(answer["message"].as_str().is_some_and(|message| !message.is_empty()), "{answer}");
        answer
    }

    pub fn resume(&mut self, session: &str, cursor: Option<&str>) {
        self.send(&json!({ "action": "resume", "session_id": session, "cursor": cursor }));
    }

    /// Resumes and follows the session to COMPLETE, then through all pages of a last SNAPSHOT, as the page does.
    /// Returns the number of these pages.
    pub fn follow(&mut self, session: &str, known: &mut FollowedSession) -> u32 {
        self.resume(session, None);
        let (mut paging, mut last, mut pages) = (true, false, 0);
        loop {
            let frame = self.next();
            assert_eq!(frame.session_id.as_deref(), Some(session));
            known.take(&frame);
            if let FrameBody::Snapshot { state, cursor, .. } = &frame.body {
                pages += 1;
                paging = cursor.is_some();
                if paging {
                    self.resume(session, cursor.as_deref());
                } else if last {
                    return pages;
                } else if *state == SessionState::Complete {
                    known.ended = true;
                }
            }
            if known.ended && !paging && !last {
                (paging, last, pages) = (true, true, 0);
                self.resume(session, None);
            }
        }
    }
}

impl FollowedSession {
    fn learn(&mut self, id: &str, data: &FoundMatch) {
        let before = self.matches.insert(id.to_owned(), data.clone());
        assert!(before.is_none_or(|before| before == *data), "a repeat says the same: {data:?}");
    }

    /// Records a frame.
    pub fn take(&mut self, frame: &Frame) {
        match &frame.body {
            FrameBody::MatchFound { match_id, data } => self.learn(match_id, data),
            FrameBody::Progress { processed, total, .. } => {
                assert!(*processed >= self.processed && *processed < u64::from(*total), "{frame:?}");
                self.processed = *processed;
            }
            FrameBody::Complete { .. } => {
                let before = self.complete.replace(frame.clone());
                assert!(
                    before.is_none_or(|before| before.body == frame.body),
                    "a repeat says the same: {frame:?}"
                );
                self.ended = true;
            }
            FrameBody::Snapshot { matches, .. } => {
                for listed in matches {
                    self.learn(&listed.match_id, &listed.data);
                }
            }
            FrameBody::Started { .. } => {}
            other => panic!("unexpected: {other:?}"),
        }
    }
}
