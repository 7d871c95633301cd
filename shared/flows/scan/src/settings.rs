//! The numbers and choices of a scan, one place.

use std::time::Duration;

use riffle_ports::{Entry, SessionId, Source};

use crate::prices::Prices;
use crate::sources::drive_page::drive_page;
use crate::sources::local_path::LocalPath;

/// What may differ from one deployment to another. [`Settings::default`] is what AWS and a laptop run with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Indices per chunk. One number set holds a chunk, so it bounds an item's size.
    pub chunk_size: u32,
    /// A session not finished by then is closed with what it has.
    pub deadline: Duration,
    /// How long one finisher may work before another takes over. Below the queue's visibility.
    pub lease: Duration,
    /// How long a finisher draws pictures for a report. With building it, below the lease and what an invocation
    /// may take.
    pub drawing: Duration,
    /// A session that has not moved for so long has lost messages: visibility × receives.
    pub stall: Duration,
    /// What a file takes at most, but for pictures to be read and the slowest of places: with less time left to an
    /// invocation none is begun.
    pub reading: Duration,
    /// What it takes to look after one session, at most: with less time left to a sweep none is begun.
    pub mending: Duration,
    /// How long an invocation can live. A quarantined file whose attempt is younger may still be read.
    pub attempt: Duration,
    /// Files of one batch under way at once: while one is parsed the next is fetched. Each may be in memory.
    pub files_at_once: usize,
    /// Bytes of them together, where they are held in memory. One alone may be larger.
    pub bytes_at_once: u64,
    /// Up to this delivery, an attempt on a quarantined file that came to no end is not held against the file
    /// and another is made. 0 where nothing but the file can end the process that reads it. Below the receives
    /// of the quarantine queue, so that one is left to record the outcome.
    pub forgiven: u32,
    /// Least time between two PROGRESS frames.
    pub progress_every: Duration,
    /// Whether `folders` may be named: on a server they would be the server's own.
    pub folders_allowed: bool,
    /// Whether `prefix` may be named: where there is an uploads bucket.
    pub prefixes_allowed: bool,
    /// The Google Drive folder read where a message names none; `None`: the user's My Drive. Drive is read at all
    /// where there is a vault for its tokens ([`crate::Scan::with_tokens`]).
    pub drive_folder: Option<String>,
    pub links: Links,
    /// What the receipt is priced by, where anything is paid for.
    pub prices: Prices,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            chunk_size: 100,
            deadline: Duration::from_hours(24),
            lease: Duration::from_mins(5),
            drawing: Duration::from_mins(1),
            stall: Duration::from_mins(36),
            reading: Duration::from_secs(40),
            mending: Duration::from_secs(30),
            attempt: Duration::from_mins(2),
            files_at_once: 2,
            bytes_at_once: u64::MAX,
            forgiven: 0,
            progress_every: Duration::from_millis(500),
            folders_allowed: false,
            prefixes_allowed: false,
            drive_folder: None,
            links: Links::Files,
            prices: Prices::default(),
        }
    }
}

/// The addresses people are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Links {
    /// Stable addresses below this one, such as `https://riffle.example.com`.
    Base(String),
    /// The files themselves, where they lie on the reader's own machine or in Google Drive.
    Files,
}

impl Links {
    /// Where a file of a session can be opened.
    pub fn file(&self, session: &SessionId, index: u32, source: &Source, entry: &Entry) -> String {
        match self {
            Self::Base(base) => format!("{base}/scans/{session}/files/{index}"),
            Self::Files => {
                let path = LocalPath::of(source, entry).map(|path| path.url());
                path.or_else(|| drive_page(source, entry)).unwrap_or_default()
            }
        }
    }

    /// Where a session's report can be fetched.
    pub fn report(&self, session: &SessionId) -> String {
        match self {
            Self::Base(base) => format!("{base}/scans/{session}/report.xlsx"),
            Self::Files => format!("/scans/{session}/report.xlsx"),
        }
    }
}
