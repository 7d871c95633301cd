//! Reading pictures of text.

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
    /// Left, top, right and bottom edge as parts of the picture's width and height, 0 to 1.
    pub bounds: [f32; 4],
}

/// Why a picture was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OcrError {
    /// The picture is at fault. The text says why.
    #[error("{0}")]
    Picture(String),
    /// It cannot be done here now, for no picture. The text says what to do.
    #[error("{0}")]
    Unavailable(String),
    #[error(transparent)]
    Port(#[from] PortError),
}

/// What a picture may be at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureLimits {
    /// Of the file.
    pub bytes: u64,
    /// Pixels of its width, and of its height.
    pub side: u32,
}

impl PictureLimits {
    pub const NONE: Self = Self { bytes: u64::MAX, side: u32::MAX };
}

/// Finds the text in a picture.
///
/// Called from threads that may wait; one picture takes about a second.
pub trait Ocr: Send + Sync {
    /// What changes what is read, for telling kept texts apart: the engine and its languages.
    fn variant(&self) -> String;

    /// Whether anything can be read here at all: where not, nobody need make pictures.
    fn is_available(&self) -> bool {
        true
    }

    /// Larger pictures are refused: whoever can makes them smaller.
    fn limits(&self) -> PictureLimits {
        PictureLimits::NONE
    }

    /// `picture` is a whole PNG, JPEG or TIFF file of `tenant`. One list of lines for each page it holds.
    fn read(&self, tenant: &str, picture: &[u8]) -> Result<Vec<Vec<OcrLine>>, OcrError>;
}
