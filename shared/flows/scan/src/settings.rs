//! The numbers and choices of a scan, in one place.

use std::time::Duration;

use riffle_ports::{Entry, SessionId, Source};

use crate::prices::Prices;
use crate::sources::drive_page::drive_page;
use crate::sources::local_path::LocalPath;

/// Settings that may differ from one deployment to another. [`ScanSettings::default`] is the base that AWS and a laptop
/// adjust.
#[derive(Debug, Clone)]
pub struct ScanSettings {
    /// Indices per chunk. A chunk is held in one number set, so this bounds an item's size.
    pub chunk_size: u32,
    /// The longest time a session may take. After it, a session that is still being listed or handed out fails, and a
    /// running one is closed with its missing files counted as failed.
    pub deadline: Duration,
    /// How long one finisher may work before another takes over. Below the queue's visibility timeout.
    pub lease: Duration,
    /// How long a finisher draws pictures for a report. Together with building the report, it must be below the lease
    /// and the time an invocation may take, where there are other finishers and invocations.
    pub drawing: Duration,
    /// A session that has not moved for this long has lost messages: visibility timeout × receives.
    pub stall: Duration,
    /// The longest time a file takes, except with OCR of pictures and from the slowest sources. An invocation with less
    /// time left begins no further file.
    pub reading: Duration,
    /// The longest time the sweep takes for one session. With less time left it begins no further one.
    pub mending: Duration,
    /// How long an invocation can live. If an attempt at a quarantined file is younger, it may still be reading the
    /// file.
    pub attempt: Duration,
    /// Files of one batch read concurrently: while one is parsed the next is fetched. Each may be in memory.
    pub files_at_once: usize,
    /// Bytes of these files together, if they are held in memory. A single file may be larger.
    pub bytes_at_once: u64,
    /// Up to this delivery, an unfinished attempt at a quarantined file is not held against the file, and another
    /// attempt is made. 0 on platforms where only the file can end the process that reads it. Below the receives of the
    /// quarantine queue, so that one delivery is left to record the outcome.
    pub retrying_deliveries: u32,
    /// Least time between two PROGRESS frames.
    pub progress_every: Duration,
    /// Whether clients may name `folders`: on a server these would be the server's own.
    pub folders_allowed: bool,
    /// Whether clients may name a `prefix`: if there is an uploads bucket.
    pub prefixes_allowed: bool,
    /// The Google Drive folder to read if a message names none; `None` for the user's My Drive. Drive can be read only
    /// with a vault for its tokens ([`crate::Scan::with_tokens`]).
    pub drive_folder: Option<String>,
    pub links: Links,
    /// The prices for the receipt, if anything is paid for.
    pub prices: Prices,
}

impl Default for ScanSettings {
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
            retrying_deliveries: 0,
            progress_every: Duration::from_millis(500),
            folders_allowed: false,
            prefixes_allowed: false,
            drive_folder: None,
            links: Links::Files,
            prices: Prices::default(),
        }
    }
}

/// The addresses given to users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Links {
    /// Stable addresses below this one, such as `https://riffle.example.com`.
    Base(String),
    /// The files themselves, on the reader's own machine or in Google Drive.
    Files,
}

impl Links {
    /// Returns the address where a file of a session can be opened.
    pub fn file(&self, session: &SessionId, index: u32, source: &Source, entry: &Entry) -> String {
        match self {
            Self::Base(base) => format!("{base}/scans/{session}/files/{index}"),
            Self::Files => {
                let path = LocalPath::of(source, entry).map(|path| path.url());
                path.or_else(|| drive_page(source, entry)).unwrap_or_default()
            }
        }
    }

    /// Returns the address where a session's report can be fetched.
    pub fn report(&self, session: &SessionId) -> String {
        match self {
            Self::Base(base) => format!("{base}/scans/{session}/report.xlsx"),
            Self::Files => format!("/scans/{session}/report.xlsx"),
        }
    }
}
