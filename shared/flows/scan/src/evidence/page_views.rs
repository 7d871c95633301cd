//! Pages of a session's files, as users look at them.

use std::collections::BTreeSet;
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

/// Pages whose size is cached: a user who looks through matches sees several of one page after another.
const KEPT_SIZES: NonZeroUsize = NonZeroUsize::new(64).unwrap();
/// Part of each page's tag. Raise it when pages are drawn differently, so that clients fetch their cached pictures
/// again.
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

/// Session, file and page. A session never changes which version of a file it refers to.
type PageKey = (SessionId, u32, u32);

/// The reason a page is not shown, for the person who requested it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageViewError {
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The source's error about this file. Never a failure of the source itself.
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

/// A page of a session's file that the tenant may request.
#[derive(Debug, Clone)]
pub struct PageRef {
    pub page: u32,
    /// Identifies the picture in every cache.
    pub tag: String,
    source: Source,
    entry: Entry,
}

impl PageViews {
    pub fn new(scan: Scan, files: Arc<dyn FileSource>, images: Arc<dyn PageImages>) -> Self {
        Self { scan, files, images, sizes: Recent::new(KEPT_SIZES) }
    }

    /// Returns page `page` of file `index` of a session. Whether the file has that page is known only when it is drawn.
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

    /// Draws the page as a PNG `width` pixels wide.
    pub async fn picture(&self, page: &PageRef, width: u32) -> Result<Vec<u8>, PageViewError> {
        let opened = self.open(&page.source, &page.entry).await?;
        let drawn = self.images.draw(&page.entry.name, opened, page.page, View::Page { width }).await?;
        Ok(drawn.png)
    }

    /// Looks at the page that a match is on. Returns the page's size in points, and stores in `sighting` where on the
    /// page the match is. `None` if the match is not on a page.
    pub async fn look(
        &self,
        session: &SessionId,
        sighting: &mut Sighting,
    ) -> Result<Option<(f32, f32)>, PageViewError> {
        let Some(page) = sighting.page_number() else { return Ok(None) };
        let key = (session.clone(), sighting.index, page);
        let name = &sighting.entry.name;
        // Also if the size is cached: if the file is gone, its picture cannot be drawn either.
        let opened = self.open(&sighting.source, &sighting.entry).await?;
        let size = if let Some(size) = self.sizes.get(&key) {
            size
        } else {
            let size = self.images.draw(name, Arc::clone(&opened), page, View::Size).await?.page;
            self.sizes.put(key, size);
            size
        };
        let codes = Arc::clone(&sighting.codes);
        match self.images.find(name, opened, BTreeSet::from([page]), codes).await {
            Ok(found) => sighting.add_boxes(found),
            // The page is shown without them.
            Err(PageError::Page(error)) => sighting.unmarked = Some(error),
            Err(error) => return Err(error.into()),
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
        DrawError::Unreadable(_) | DrawError::Failed(_) | DrawError::Outside | DrawError::Width => {
            PageViewError::NotDrawn(error)
        }
    }
}

impl From<PortError> for PageViewError {
    fn from(error: PortError) -> Self {
        Self::Query(error.into())
    }
}
