//! Drawing pages, as a port of this flow: its callers know nothing of the sandbox that draws them.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use riffle_extract::{Drawn, View};
use riffle_ports::{Opened, PortError};
use riffle_reader::{PageError, Reader};
use tokio::sync::Semaphore;

use crate::matching::{Match, Matcher};
use crate::search::Searching;

/// Draws pages of files.
#[async_trait]
pub trait PageImages: Send + Sync {
    /// Draws a page, counted from 1, or only returns its size, as `view` says. `name` is only a hint of the format.
    async fn draw(
        &self,
        name: &str,
        opened: Arc<dyn Opened>,
        page: u32,
        view: View,
    ) -> Result<Drawn, PageError>;

    /// Finds the codes on some pages of a PDF again, with their boxes. What OCR read is not found.
    async fn find(
        &self,
        name: &str,
        opened: Arc<dyn Opened>,
        pages: BTreeSet<u32>,
        codes: Arc<Matcher>,
    ) -> Result<Vec<Match>, PageError>;
}

/// Draws with a reader, on threads that may block. Pages for users are drawn by a reader of their own, so that no page
/// waits for a running scan to make room.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "the reader holds trait objects")]
pub struct ReaderPages {
    reader: Arc<Reader>,
    /// Waiting for a permit holds no thread, and a caller that stops waiting costs nothing.
    turns: Arc<Semaphore>,
}

impl ReaderPages {
    /// `at_once` is the number of pages that the reader draws concurrently.
    pub fn new(reader: Arc<Reader>, at_once: usize) -> Self {
        Self { reader, turns: Arc::new(Semaphore::new(at_once.max(1))) }
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader) -> Result<T, PageError> + Send + 'static,
    ) -> Result<T, PageError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|error| broken(&error))?;
        let reader = Arc::clone(&self.reader);
        let working = tokio::task::spawn_blocking(move || {
            let outcome = work(&reader);
            // The thread returns the permit, because the caller may have gone.
            drop(turn);
            outcome
        });
        working.await.map_err(|error| broken(&error))?
    }
}

#[async_trait]
impl PageImages for ReaderPages {
    async fn draw(
        &self,
        name: &str,
        opened: Arc<dyn Opened>,
        page: u32,
        view: View,
    ) -> Result<Drawn, PageError> {
        let name = name.to_owned();
        self.in_turn(move |reader| reader.page_image(&*opened, &name, page, view)).await
    }

    async fn find(
        &self,
        name: &str,
        opened: Arc<dyn Opened>,
        pages: BTreeSet<u32>,
        codes: Arc<Matcher>,
    ) -> Result<Vec<Match>, PageError> {
        let name = name.to_owned();
        let find = move |reader: &Reader| {
            let mut text = Searching(codes.file());
            reader.pages(&*opened, &name, &pages, &mut text)?;
            Ok(text.0.finish().matches)
        };
        self.in_turn(find).await
    }
}

fn broken(error: &dyn std::fmt::Display) -> PageError {
    PageError::Source(PortError::Unavailable(format!("a page was not drawn: {error}")).into())
}
