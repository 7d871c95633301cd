//! Searches one file for codes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use async_trait::async_trait;
use riffle_contracts::{OcrMode, Options};
use riffle_extract::{ExtractError, Extracted, Sink, Unit};
use riffle_ports::{Opened, PortError, ReadError};
use riffle_reader::{ReadOutcome, Reader, SourceFile, TextSink};
use tokio::task::{JoinError, spawn_blocking};

use crate::matching::{FileMatcher, Findings, Matcher};

/// A file to search, and what the search needs to know of it.
#[derive(Debug, Clone)]
pub struct SearchRequest {
    /// Only a hint of the format.
    pub name: String,
    /// Owner of the file: cached text of one tenant's files is not used for another's.
    pub tenant: String,
    /// Identifies the file across sessions.
    pub identity: String,
    pub version: String,
    pub options: Options,
    pub codes: Arc<Matcher>,
}

/// The result of reading a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Searched {
    /// Size of the file.
    pub bytes: u64,
    pub outcome: Result<(Extracted, Findings), ExtractError>,
}

/// Searches a file's content. A port of this flow: a process, a sandbox or a simulation can take the parser's place.
#[async_trait]
pub trait FileSearch: Send + Sync {
    /// Searches the cached text of the file, if there is any, without opening the file.
    async fn recall(&self, request: &SearchRequest) -> Option<Searched>;

    /// Reads the file and searches it. A parser's error is part of the outcome.
    ///
    /// # Errors
    /// The source's error about the file.
    async fn search(&self, request: &SearchRequest, opened: Box<dyn Opened>) -> Result<Searched, ReadError>;
}

/// Searches with a reader, on threads that may block.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "the reader holds trait objects")]
pub struct ReaderSearch(pub Arc<Reader>);

/// The matcher as a text sink for the reader.
pub(crate) struct Searching<'m>(pub FileMatcher<'m>);

impl Sink for Searching<'_> {
    fn unit(&mut self, unit: &Unit<'_>) {
        self.0.unit(unit);
    }
}

impl TextSink for Searching<'_> {
    fn restart(&mut self) {
        self.0.finish();
    }
}

/// A text up to this size is searched in less time than it takes to pass it to another thread and back.
const AT_ONCE_BYTES: usize = 128 * 1024;

impl SearchRequest {
    fn source_file(&self) -> SourceFile<'_> {
        SourceFile {
            name: &self.name,
            tenant: &self.tenant,
            identity: &self.identity,
            version: &self.version,
            ocr: self.options.ocr == OcrMode::Auto,
        }
    }

    /// Searches the text that `read` passes on.
    fn searched<E>(
        &self,
        read: impl FnOnce(&mut dyn TextSink) -> Result<ReadOutcome, E>,
    ) -> Result<Searched, E> {
        let mut text = Searching(self.codes.file());
        let ReadOutcome { bytes, outcome } = read(&mut text)?;
        Ok(Searched { bytes, outcome: outcome.map(|extracted| (extracted, text.0.finish())) })
    }
}

/// A panic outside the parsers, or the end of the program: the file is not at fault.
#[expect(clippy::needless_pass_by_value, reason = "its signature fits map_err")]
fn not_finished(error: JoinError) -> PortError {
    PortError::Unavailable(format!("a file was not read: {error}"))
}

#[async_trait]
impl FileSearch for ReaderSearch {
    async fn recall(&self, request: &SearchRequest) -> Option<Searched> {
        let remembered = self.0.recall(&request.source_file())?;
        if remembered.size() <= AT_ONCE_BYTES {
            // A panic ends only the search, as it would on another thread.
            let search = || request.searched(|text| remembered.replay(text).ok_or(()));
            return catch_unwind(AssertUnwindSafe(search)).ok()?.ok();
        }
        let request = request.clone();
        let searched = spawn_blocking(move || request.searched(|text| remembered.replay(text).ok_or(())));
        searched.await.ok()?.ok()
    }

    async fn search(&self, request: &SearchRequest, opened: Box<dyn Opened>) -> Result<Searched, ReadError> {
        let (reader, request) = (Arc::clone(&self.0), request.clone());
        let search = move || request.searched(|text| reader.read(&request.source_file(), &*opened, text));
        spawn_blocking(search).await.map_err(not_finished)?
    }
}
