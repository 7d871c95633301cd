//! The protocol on the socket between a sandbox and its client.
//!
//! ```text
//! to the sandbox:    length (4 bytes) request (JSON), with the file's descriptor; or else followed by its content
//! from the sandbox:  kind (1 byte) length (4 bytes) body
//!     T  units, as in `transcript.rs`
//!     I  a picture to read: length (4 bytes) picture (JSON) bytes; answered with one byte, 1 for read
//!     S  from here on the second reader of PDFs is used (no body)
//!     E  the end (JSON; see `ReadTask` for what differs)
//! ```

use std::io::{self, Read, Write};

use riffle_extract::{Encoding, ExtractError, Extracted, ImageLimits, Place, View};
use serde::{Deserialize, Serialize};

/// Bytes of a body; a larger one is refused. This limits a single unit of text and a single picture.
pub(super) const MAX_BODY: usize = 64 << 20;

/// A file to read.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ReadRequest {
    pub name: String,
    pub size: u64,
    /// Whether the content follows; otherwise a descriptor is attached.
    pub inline: bool,
    pub task: ReadTask,
    /// CPU seconds the file may take.
    pub seconds: u64,
}

/// What to do with a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum ReadTask {
    /// Read its text.
    Read {
        /// The limits of pictures, if pictures are read.
        images: Option<ImageLimits>,
        /// Whether pdfium may be used.
        second: bool,
        /// These pages of a PDF only, with the positions of their characters.
        pages: Option<Vec<u32>>,
    },
    /// Read its text if it is a list, within the limits of one.
    List,
    /// Draw a page of it. The end message is a [`riffle_extract::Drawn`] or the reason why there is none, preceded by
    /// its length, and then the picture.
    Draw { page: u32, view: View },
    /// Load pdfium and report whether that worked. Takes no file.
    Load,
    /// Report the layers around this process. Takes no file.
    Layers,
}

/// A picture of a page.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PictureMessage {
    pub place: Place,
    pub encoding: Encoding,
    pub page: (f32, f32),
}

/// The last message about a file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EndMessage {
    /// Bytes read of the file.
    pub bytes: u64,
    pub outcome: Result<Extracted, ExtractError>,
    /// Address space in use now, in bytes.
    pub memory: u64,
    /// CPU seconds used so far.
    pub used: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MessageKind {
    Units,
    Picture,
    Second,
    End,
}

impl MessageKind {
    const ALL: [Self; 4] = [Self::Units, Self::Picture, Self::Second, Self::End];

    fn tag(self) -> u8 {
        match self {
            Self::Units => b'T',
            Self::Picture => b'I',
            Self::Second => b'S',
            Self::End => b'E',
        }
    }
}

pub(super) fn write(to: &mut impl Write, kind: MessageKind, parts: &[&[u8]]) -> io::Result<()> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let length = u32::try_from(length).ok().filter(|length| *length as usize <= MAX_BODY);
    let length = length.ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
    let mut head = [kind.tag(), 0, 0, 0, 0];
    head[1..].copy_from_slice(&length.to_le_bytes());
    to.write_all(&head)?;
    parts.iter().try_for_each(|part| to.write_all(part))
}

/// Reads the head and body of one message; returns `None` if the other end is closed.
pub(super) fn read(from: &mut impl Read, body: &mut Vec<u8>) -> io::Result<Option<MessageKind>> {
    let mut head = [0; 5];
    if first(from, &mut head[..1])? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut head[1..])?;
    let kind = MessageKind::ALL.into_iter().find(|kind| kind.tag() == head[0]);
    let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
    let kind =
        kind.filter(|_| length <= MAX_BODY).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
    body.resize(length, 0);
    from.read_exact(body)?;
    Ok(Some(kind))
}

/// Reads, and tries again if interrupted. A read with a timeout is interrupted when the process is stopped and
/// continued, as when it is frozen: that is not a failure.
fn first(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that is interrupted before every byte.
    struct Halting<'b>(&'b [u8], bool);

    impl Read for Halting<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let most = into.len().min(1);
            self.0.read(&mut into[..most])
        }
    }

    #[test]
    fn whoever_is_halted_reads_on() {
        let (mut sent, mut body) = (Vec::new(), Vec::new());
        write(&mut sent, MessageKind::Units, &[b"HOLE", b"-1"]).expect("writing to a vector does not fail");
        let mut from = Halting(&sent, false);
        assert!(matches!(read(&mut from, &mut body), Ok(Some(MessageKind::Units))));
        assert_eq!(body, b"HOLE-1");
        assert!(matches!(read(&mut from, &mut body), Ok(None)));
    }
}
