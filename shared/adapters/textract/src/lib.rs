//! Reads pictures with Amazon Textract: one call of `DetectDocumentText` per picture, with the picture's bytes in the
//! call.
//!
//! Textract accepts a PNG, a JPEG or a TIFF of one page this way, within the [`limits`](riffle_ports::Ocr::limits)
//! (<https://docs.aws.amazon.com/textract/latest/dg/limits-document.html>). Each page that is read is billed and
//! recorded on the [`Meter`]; a refused page is not.

mod blocks;
mod rate_limit;
mod refusal;

pub use rate_limit::Pace;

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_textract::Client;
use aws_sdk_textract::primitives::Blob;
use aws_sdk_textract::types::Document;
use riffle_ports::{CountedUse, Meter, Ocr, OcrError, OcrLine, PictureLimits, Quotas, Usage};
use tokio::runtime::Handle;

/// Textract's documentation says 10 MB without saying whether that is decimal or binary: the smaller one is used.
const LIMITS: PictureLimits = PictureLimits { bytes: 10_000_000, side: 10_000 };

/// Maximum tries of one page, including the first, as Textract's guide recommends; between them the SDK waits a random
/// part of 1, 2, 4 and 8 s.
const TRIES: u32 = 5;
const CONNECT: Duration = Duration::from_secs(2);
/// Timeout of one try: a page takes a few seconds.
const TRY: Duration = Duration::from_secs(20);
/// Timeout of all tries of a page. A function has two minutes for the whole file.
const PAGE: Duration = Duration::from_secs(45);

/// An [`Ocr`] that calls Textract.
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct Textract {
    client: Client,
    handle: Handle,
    pace: Pace,
    meter: Arc<Meter>,
    quotas: Quotas,
}

impl Textract {
    /// Uses the region, credentials and endpoint of `config`, with this crate's own retries and timeouts. Requests run
    /// on the runtime of `handle`, which must be running while [`Ocr::read`] is called: if the runtime has one thread,
    /// that thread must be driving the runtime and not be blocked in [`Ocr::read`].
    pub fn new(config: &SdkConfig, handle: Handle, pace: Pace, meter: Arc<Meter>) -> Self {
        let times = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(TRY)
            .operation_timeout(PAGE)
            .build();
        let config = aws_sdk_textract::config::Builder::from(config)
            .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
            .timeout_config(times)
            .build();
        let quotas = Quotas::none();
        Self { client: Client::from_conf(config), handle, pace, meter, quotas }
    }

    /// Limits each tenant's reading by `quotas`.
    #[must_use]
    pub fn with_quotas(self, quotas: Quotas) -> Self {
        Self { quotas, ..self }
    }

    /// Reads the lines of the single page in `picture`, once the rate limit allows it.
    pub async fn page(&self, tenant: &str, picture: &[u8]) -> Result<Vec<OcrLine>, OcrError> {
        if picture.len() as u64 > LIMITS.bytes {
            return Err(OcrError::Picture("Textract reads pictures of up to 10 MB".to_owned()));
        }
        if has_several_pages(picture) {
            return Err(OcrError::Picture(
                "Textract does not read a TIFF of several pages at once".to_owned(),
            ));
        }
        if let Err(exceeded) = self.quotas.take(tenant, CountedUse::OcrPages, 1).await? {
            return Err(OcrError::Unavailable(exceeded.to_string()));
        }
        self.pace.turn().await;
        let document = Document::builder().bytes(Blob::new(picture)).build();
        let answer = self.client.detect_document_text().document(document).send().await;
        let answer = answer.map_err(|error| refusal::meaning(&error))?;
        self.meter.note(Usage { ocr_pages: 1, ..Usage::default() });
        blocks::lines(answer.blocks())
    }
}

impl Ocr for Textract {
    /// The API has one version; Textract chooses the model, which changes without notice.
    fn variant(&self) -> String {
        "Textract DetectDocumentText 2018-06-27".to_owned()
    }

    fn limits(&self) -> PictureLimits {
        LIMITS
    }

    fn read(&self, tenant: &str, picture: &[u8]) -> Result<Vec<Vec<OcrLine>>, OcrError> {
        self.handle.block_on(self.page(tenant, picture)).map(|lines| vec![lines])
    }
}

/// Returns whether this is a TIFF whose first page points at a second.
fn has_several_pages(picture: &[u8]) -> bool {
    let little = match picture.get(..4) {
        Some(b"II*\0") => true,
        Some(b"MM\0*") => false,
        _ => return false,
    };
    let number = |at: usize, length: usize| {
        let field = picture.get(at..at.checked_add(length)?)?;
        let add = |value: usize, byte: &u8| value << 8 | usize::from(*byte);
        Some(if little { field.iter().rev().fold(0, add) } else { field.iter().fold(0, add) })
    };
    let next = || {
        let page = number(4, 4)?;
        number(page + 2 + number(page, 2)? * 12, 4)
    };
    next().is_some_and(|next| next != 0)
}
