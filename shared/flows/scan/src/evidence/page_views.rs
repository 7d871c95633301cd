//! Pages of a session's files, as people look at them.

use std::num::NonZeroUsize;
use std::sync::Arc;

use riffle_extract::{DrawError, ExtractError, View};
use riffle_ports::{Entry, FileSource, Opened, PortError, ReadError, SessionId, Source};
use riffle_reader::PageError;

use crate::evidence::page_images::PageImages;
use crate::queries::error::QueryError;
use crate::recent::Recent;
use crate::state::request::digest;
use crate::{Scan, Sighting};

/// Pages whose size is kept: who looks through matches sees several of one page after another.
const KEPT_SIZES: NonZeroUsize = NonZeroUsize::new(64).unwrap();
/// Changes when pages are drawn otherwise: pictures that clients have kept are then asked for anew.
const DRAWING: u32 = 1;

/// Shows pages.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct PageViews {
    scan: Scan,
    files: Arc<dyn FileSource>,
    images: Arc<dyn PageImages>,
    sizes: Recent<PageKey, (f32, f32)>,
}

/// A session never changes which version of a file it means.
type PageKey = (SessionId, u32, u32);

/// Why a page is not shown, for the person who asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageViewError {
    #[error(transparent)]
    Query(#[from] QueryError),
    /// What the source says of the file. Never that the source itself failed.
    #[error("{0}")]
    File(ReadError),
    /// The file has no such page, or no pages at all.
    #[error("{0}")]
    NoPage(DrawError),
    #[error("{0}")]
    TooLarge(ExtractError),
    #[error("{0}")]
    NotDrawn(DrawError),
}

/// A page of a session's file that may be asked for.
#[derive(Debug, Clone)]
pub struct PageRef {
    pub page: u32,
    /// Stands for the picture wherever it is kept.
    pub tag: String,
    source: Source,
    entry: Entry,
}

impl PageViews {
    pub fn new(scan: Scan, files: Arc<dyn FileSource>, images: Arc<dyn PageImages>) -> Self {
        Self { scan, files, images, sizes: Recent::new(KEPT_SIZES) }
    }

    /// Page `page` of file `index` of a session. Whether the file has it shows when it is drawn.
    pub async fn page(
        &self,
        tenant: &str,
        session: &SessionId,
        index: u32,
        page: u32,
    ) -> Result<PageRef, QueryError> {
        let (source, entry) =
            self.scan.file(tenant, session, index).await?.ok_or(QueryError::NotFound("file"))?;
        let named = format!("{DRAWING}/{session}/{index}/{page}/{}", entry.version);
        let mut tag = digest(named.as_bytes());
        tag.truncate(32);
        Ok(PageRef { page, tag, source, entry })
    }

    /// The page as a PNG so many pixels wide.
    pub async fn picture(&self, page: &PageRef, width: u32) -> Result<Vec<u8>, PageViewError> {
        let opened = self.open(&page.source, &page.entry).await?;
        let drawn = self.images.draw(&page.entry.name, opened, page.page, View::Page { width }).await?;
        Ok(drawn.png)
    }

    /// Looks at the page a match stands on: its size, and where on it the match is, which `sighting` is told. `None`
    /// where it stands on none.
    pub async fn look(
        &self,
        session: &SessionId,
        sighting: &mut Sighting,
    ) -> Result<Option<(f32, f32)>, PageViewError> {
        let Some(page) = sighting.page_number() else { return Ok(None) };
        let key = (session.clone(), sighting.index, page);
        let name = &sighting.entry.name;
        // Also where the size is known: where the file is not there any more, its picture is not either.
        let opened = self.open(&sighting.source, &sighting.entry).await?;
        let size = if let Some(size) = self.sizes.get(&key) {
            size
        } else {
            let size = self.images.draw(name, Arc::clone(&opened), page, View::Size).await?.page;
            self.sizes.put(key, size);
            size
        };
        if let Some(code) = sighting.code.take().filter(|_| sighting.boxes.is_empty()) {
            match self.images.boxes(name, opened, page, code).await {
                Ok(boxes) => sighting.boxes = boxes,
                // The page is shown without.
                Err(PageError::Page(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Some(size))
    }

    async fn open(&self, source: &Source, entry: &Entry) -> Result<Arc<dyn Opened>, PageViewError> {
        Ok(self.files.open(source, entry).await.map_err(unreadable)?.into())
    }
}

impl From<PageError> for PageViewError {
    fn from(error: PageError) -> Self {
        match error {
            PageError::Source(error) => unreadable(error),
            PageError::Page(error) => undrawable(error),
        }
    }
}

fn unreadable(error: ReadError) -> PageViewError {
    match error {
        ReadError::Port(error) => error.into(),
        error => PageViewError::File(error),
    }
}

fn undrawable(error: DrawError) -> PageViewError {
    match error {
        DrawError::NoSuchPage { .. } | DrawError::NoPages | DrawError::InArchive => {
            PageViewError::NoPage(error)
        }
        DrawError::Unreadable(error @ ExtractError::TooLarge(_)) => PageViewError::TooLarge(error),
        DrawError::Unreadable(_) | DrawError::Failed(_) | DrawError::Width => PageViewError::NotDrawn(error),
    }
}

impl From<PortError> for PageViewError {
    fn from(error: PortError) -> Self {
        Self::Query(error.into())
    }
}
