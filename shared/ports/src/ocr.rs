//! Reading pictures of text.

use crate::PortError;

/// A line of text in a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct OcrLine {
    pub words: Vec<OcrWord>,
}

#[derive(Debug, Clone, PartialEq)]
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

    /// `picture` is a whole PNG, JPEG or TIFF file. One list of lines for each page it holds.
    fn read(&self, picture: &[u8]) -> Result<Vec<Vec<OcrLine>>, OcrError>;
}
