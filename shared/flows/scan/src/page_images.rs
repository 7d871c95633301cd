//! Drawing pages, as a port of this flow's own: nobody who asks for a page knows of the sandbox that draws it.

use std::sync::Arc;

use async_trait::async_trait;
use riffle_extract::{Drawn, View};
use riffle_ports::{Opened, PortError};
use riffle_reader::{PageError, Reader};
use tokio::sync::Semaphore;

/// Draws pages of files.
#[async_trait]
pub trait PageImages: Send + Sync {
    /// Draws a page, counted from 1, or tells its size. `name` is only a hint of the format.
    async fn draw(
        &self,
        name: &str,
        opened: Arc<dyn Opened>,
        page: u32,
        view: View,
    ) -> Result<Drawn, PageError>;
}

/// Draws with a reader, on threads that may wait. For people it is a reader of its own, so that no page waits until a
/// running scan makes room.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "the reader holds trait objects")]
pub struct ReaderPages {
    reader: Arc<Reader>,
    /// Who waits for a turn holds no thread, and whoever gives up waiting costs nothing.
    turns: Arc<Semaphore>,
}

impl ReaderPages {
    /// `at_once` is how many pages the reader draws at once.
    pub fn new(reader: Arc<Reader>, at_once: usize) -> Self {
        Self { reader, turns: Arc::new(Semaphore::new(at_once.max(1))) }
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
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|error| broken(&error))?;
        let (reader, name) = (Arc::clone(&self.reader), name.to_owned());
        let drawing = tokio::task::spawn_blocking(move || {
            let drawn = reader.page_image(&*opened, &name, page, view);
            // Given back by the thread: who asked may have left.
            drop(turn);
            drawn
        });
        drawing.await.map_err(|error| broken(&error))?
    }
}

fn broken(error: &dyn std::fmt::Display) -> PageError {
    PageError::Source(PortError::Unavailable(format!("a page was not drawn: {error}")).into())
}
