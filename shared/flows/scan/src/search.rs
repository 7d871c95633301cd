//! Reading one file for codes.

use std::sync::Arc;

use async_trait::async_trait;
use riffle_contracts::{OcrMode, Options};
use riffle_extract::{ExtractError, Extracted, Sink, Unit};
use riffle_ports::{Opened, PortError, ReadError};
use riffle_reader::{Document, Ended, Reader, Text};

use crate::matching::{Findings, Matcher, Session};

/// A file to search, as the search needs to know it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Only a hint of the format.
    pub name: String,
    /// Whose it is: what is remembered of one tenant's files is not used for another's.
    pub tenant: String,
    /// What names the file across sessions.
    pub identity: String,
    pub version: String,
    pub options: Options,
    pub codes: Arc<Matcher>,
}

/// What reading a file gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Searched {
    /// Size of the file.
    pub bytes: u64,
    pub outcome: Result<(Extracted, Findings), ExtractError>,
}

/// Searches a file's content. A port of this flow's own: it is where a process, a sandbox or a simulation
/// takes the parser's place.
#[async_trait]
pub trait FileSearch: Send + Sync {
    /// Searches what is remembered of the file, if anything is, without opening it.
    async fn recall(&self, wanted: &Wanted) -> Option<Searched>;

    /// Reads the file and searches it. What the source says of the file is an error; what the parser says of
    /// it is an outcome.
    async fn search(&self, wanted: &Wanted, opened: Box<dyn Opened>) -> Result<Searched, ReadError>;
}

/// Searches with the reader, on threads that may wait.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "the reader holds trait objects")]
pub struct ReaderSearch(pub Arc<Reader>);

/// The matcher as the reader knows it.
struct Searching<'m>(Session<'m>);

impl Sink for Searching<'_> {
    fn unit(&mut self, unit: &Unit<'_>) {
        self.0.unit(unit);
    }
}

impl Text for Searching<'_> {
    fn restart(&mut self) {
        self.0.finish();
    }
}

impl ReaderSearch {
    /// Runs `read` with the file and a fresh session of its codes.
    async fn elsewhere<E: Send + 'static>(
        &self,
        wanted: &Wanted,
        read: impl FnOnce(&Reader, &Document<'_>, &mut dyn Text) -> Result<Ended, E> + Send + 'static,
    ) -> Result<Result<Searched, E>, PortError> {
        let (reader, wanted) = (Arc::clone(&self.0), wanted.clone());
        let searching = tokio::task::spawn_blocking(move || {
            let document = Document {
                name: &wanted.name,
                tenant: &wanted.tenant,
                identity: &wanted.identity,
                version: &wanted.version,
                ocr: wanted.options.ocr == OcrMode::Auto,
            };
            let mut text = Searching(wanted.codes.session());
            let Ended { bytes, outcome } = read(&reader, &document, &mut text)?;
            Ok(Searched { bytes, outcome: outcome.map(|extracted| (extracted, text.0.finish())) })
        });
        // A panic beside the parsers, or the end of the program: the file is not at fault.
        searching.await.map_err(|error| PortError::Unavailable(format!("a file was not read: {error}")))
    }
}

#[async_trait]
impl FileSearch for ReaderSearch {
    async fn recall(&self, wanted: &Wanted) -> Option<Searched> {
        self.0.cache.as_ref()?;
        let recalled =
            self.elsewhere(wanted, |reader, document, text| reader.recall(document, text).ok_or(())).await;
        recalled.ok()?.ok()
    }

    async fn search(&self, wanted: &Wanted, opened: Box<dyn Opened>) -> Result<Searched, ReadError> {
        self.elsewhere(wanted, move |reader, document, text| reader.read(document, &*opened, text)).await?
    }
}
