//! The frames of `scan --json` and of the WebSocket, read with the types of the contracts, and their rules.

use std::collections::BTreeSet;

use riffle_contracts::{FailedFile, FoundMatch, Frame, FrameBody, Summary};

/// The output of a finished `scan --json`: its frames and its summary.
#[derive(Debug)]
pub struct ScanRecord {
    pub frames: Vec<Frame>,
    pub summary: Summary,
}

impl ScanRecord {
    /// Reads the lines and checks the rules of every finished scan.
    pub fn read(lines: &[String]) -> Self {
        let (last, frames) = lines.split_last().expect("a scan says something");
        let record = Self {
            frames: frames.iter().map(|line| frame(line)).collect(),
            summary: serde_json::from_str(last).expect("the last line is a SUMMARY"),
        };
        let fields: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(last).expect("an object");
        let names: BTreeSet<&str> = fields.keys().map(String::as_str).collect();
        let wanted = ["type", "session_id", "total", "processed", "failed", "matches", "seconds", "report"];
        assert_eq!(names, BTreeSet::from(wanted));
        assert_eq!(fields["type"], "SUMMARY");
        record.check();
        record
    }

    fn check(&self) {
        let summary = &self.summary;
        for frame in &self.frames {
            assert_eq!(frame.session_id.as_deref(), Some(&*summary.session_id), "{frame:?}");
        }
        assert_progress(&self.frames);
        let ends = self.frames.iter().filter(|frame| matches!(frame.body, FrameBody::Complete { .. }));
        assert_eq!(ends.count(), 1, "there must be one COMPLETE frame");
        let Some(FrameBody::Complete { total_matches, total_processed, total_failed, .. }) =
            self.frames.last().map(|frame| &frame.body)
        else {
            panic!("COMPLETE is the last frame");
        };
        let counts = (*total_matches, *total_processed, *total_failed);
        assert_eq!(counts, (summary.matches, summary.processed, summary.failed));
        assert_eq!(summary.total, summary.processed, "a finished scan has a result for each file");

        let ids: BTreeSet<&str> = found(&self.frames).map(|(id, _)| id).collect();
        assert_eq!(ids.len(), found(&self.frames).count(), "each match is sent once");
        assert_eq!(ids.len() as u64, summary.matches);
        let files: BTreeSet<u32> = failed(&self.frames).map(|(file, _)| file).collect();
        assert_eq!(files.len(), failed(&self.frames).count(), "each failure is sent once");
        assert_eq!(files.len() as u64, summary.failed);
        assert!(summary.seconds >= 0.0);
    }

    /// Fails unless STARTED came once, before all other frames, with the number of files.
    pub fn assert_begins(&self) {
        let started = self.frames.iter().filter(|frame| matches!(frame.body, FrameBody::Started { .. }));
        assert_eq!(started.count(), 1, "there must be one STARTED frame");
        let FrameBody::Started { total, .. } = self.frames[0].body else {
            panic!("the first frame is {:?}", self.frames[0]);
        };
        assert_eq!(u64::from(total), self.summary.total);
    }

    pub fn found(&self) -> impl Iterator<Item = &FoundMatch> {
        found(&self.frames).map(|(_, data)| data)
    }

    pub fn failed(&self) -> impl Iterator<Item = &FailedFile> {
        failed(&self.frames).map(|(_, data)| data)
    }
}

/// Parses one line or one message.
pub fn frame(text: &str) -> Frame {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: no frame: {text}"))
}

/// Returns the reported matches with their ids.
pub fn found(frames: &[Frame]) -> impl Iterator<Item = (&str, &FoundMatch)> {
    frames.iter().filter_map(|frame| match &frame.body {
        FrameBody::MatchFound { match_id, data } => Some((&**match_id, data)),
        _ => None,
    })
}

fn failed(frames: &[Frame]) -> impl Iterator<Item = (u32, &FailedFile)> {
    frames.iter().filter_map(|frame| match &frame.body {
        FrameBody::FileFailed { file, data } => Some((*file, data)),
        _ => None,
    })
}

/// Checks that PROGRESS never falls and stays below the total: only COMPLETE reports that all is done.
fn assert_progress(frames: &[Frame]) {
    let mut last = (0, 0);
    for frame in frames {
        if let FrameBody::Progress { value, processed, total, failed, .. } = frame.body {
            assert!(value >= last.0 && processed >= last.1, "progress fell: {frame:?}");
            assert!(
                value < 100 && processed < u64::from(total),
                "progress reached the end too early: {frame:?}"
            );
            assert!(failed <= processed, "{frame:?}");
            last = (value, processed);
        }
    }
}
