//! A cache of OCR results, so that no picture is read twice.

use riffle_ports::{Ocr, OcrError, OcrLine, PictureLimits, TextCache};

use crate::{key, text_cache};

/// An engine with a cache of its results per tenant. Failures are not cached: such a picture is read again next time.
pub(crate) struct Remembering<'r> {
    pub engine: &'r dyn Ocr,
    pub cache: &'r dyn TextCache,
}

impl Ocr for Remembering<'_> {
    fn variant(&self) -> String {
        self.engine.variant()
    }

    fn is_available(&self) -> bool {
        self.engine.is_available()
    }

    fn limits(&self) -> PictureLimits {
        self.engine.limits()
    }

    fn read(&self, tenant: &str, picture: &[u8]) -> Result<Vec<Vec<OcrLine>>, OcrError> {
        let key = key("picture", &[tenant.as_bytes(), self.variant().as_bytes(), picture]);
        let known = self.cache.get(key).unwrap_or_else(|error| {
            tracing::warn!(%error, "the text cache cannot be read: the picture is read again");
            None
        });
        if let Some(pages) = known.and_then(|known| text_cache::pages_of(&known).ok()) {
            return Ok(pages);
        }
        let pages = self.engine.read(tenant, picture)?;
        let kept = text_cache::pages(&pages).map_or(Ok(()), |kept| self.cache.put(key, kept));
        if let Err(error) = kept {
            tracing::warn!(%error, "the text cache cannot be written: the picture is read again next time");
        }
        Ok(pages)
    }
}
