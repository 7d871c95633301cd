//! Recognition of text in pictures.

use serde::{Deserialize, Serialize};

use crate::PortError;

/// A line of text in a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OcrLine {
    pub words: Vec<OcrWord>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OcrWord {
    pub text: String,
    /// Left, top, right and bottom edge as fractions (0 to 1) of the picture's width and height.
    pub bounds: [f32; 4],
}

/// Why a picture was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OcrError {
    /// The picture is invalid. The text says why.
    #[error("{0}")]
    Picture(String),
    /// No picture can be read here at present. The text says what the user can do.
    #[error("{0}")]
    Unavailable(String),
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The largest picture that an engine accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureLimits {
    /// Size of the file.
    pub bytes: u64,
    /// Pixels in width, and in height.
    pub side: u32,
}

impl PictureLimits {
    pub const NONE: Self = Self { bytes: u64::MAX, side: u32::MAX };
}

/// An engine that recognises text in a picture.
///
/// Called from threads that may block; one picture takes about a second.
pub trait Ocr: Send + Sync {
    /// Returns what influences the recognised text, the engine and its languages, to keep cached texts apart.
    fn variant(&self) -> String;

    /// Returns whether any picture can be read here. If not, callers need not render pictures.
    fn is_available(&self) -> bool {
        true
    }

    /// Returns the limits of a picture. Larger ones are refused, so callers that can should scale them down.
    fn limits(&self) -> PictureLimits {
        PictureLimits::NONE
    }

    /// Reads `picture`, a whole PNG, JPEG or TIFF file of `tenant`. Returns one list of lines for each page in it.
    fn read(&self, tenant: &str, picture: &[u8]) -> Result<Vec<Vec<OcrLine>>, OcrError>;
}
