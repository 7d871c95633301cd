//! Files whose content states the result of reading them, and the search that follows it.

use std::sync::Arc;

use async_trait::async_trait;
use riffle_extract::{ExtractError, Extracted, FileFormat, Place, Unread};
use riffle_ports::{Opened, ReadError};
use riffle_scan::matching::{Findings, Match};
use riffle_scan::{FileSearch, SearchRequest, Searched};
use riffle_testkit::simulator::Control;

/// The effect of reading a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileNature {
    /// It holds `codes` codes in `places` places.
    Healthy { codes: u32, places: u32 },
    /// It cannot be read.
    Damaged,
    /// It ends the process that opens it, every time.
    Killer,
    /// It holds a code, and a page that cannot be read.
    Partly,
    /// Each reading finds something else, like a parser that sometimes runs out of time.
    Fickle,
}

impl FileNature {
    /// Returns the content of a file of this nature.
    pub fn content(self) -> String {
        match self {
            Self::Healthy { codes, places } => format!("codes {codes} {places}"),
            Self::Damaged => "fails".to_owned(),
            Self::Killer => "kills".to_owned(),
            Self::Fickle => "fickle".to_owned(),
            Self::Partly => "partly".to_owned(),
        }
    }

    /// The nature of a replaced file.
    pub const REPLACED: Self = Self::Healthy { codes: 2, places: 3 };

    fn of(content: &[u8]) -> Self {
        let text = std::str::from_utf8(content).unwrap_or_default();
        let mut words = text.split(' ');
        match words.next() {
            Some("codes") => {
                let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
                Self::Healthy { codes: number(), places: number() }
            }
            Some("kills") => Self::Killer,
            Some("fickle") => Self::Fickle,
            Some("partly") => Self::Partly,
            _ => Self::Damaged,
        }
    }
}

/// A [`FileSearch`] that behaves as the first words of the file say: see `FileNature`.
pub struct ObedientSearch {
    control: Arc<Control>,
}

impl ObedientSearch {
    pub fn new(control: Arc<Control>) -> Self {
        Self { control }
    }
}

impl std::fmt::Debug for ObedientSearch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObedientSearch").finish_non_exhaustive()
    }
}

#[async_trait]
impl FileSearch for ObedientSearch {
    async fn recall(&self, _wanted: &SearchRequest) -> Option<Searched> {
        None
    }

    async fn search(&self, wanted: &SearchRequest, opened: Box<dyn Opened>) -> Result<Searched, ReadError> {
        let content = riffle_ports::read_all(&*opened)?;
        let nature = FileNature::of(&content);
        let name = &wanted.name;
        self.control.note("search", name.as_bytes(), || format!("{name}: {nature:?}"));
        let outcome = match nature {
            FileNature::Healthy { codes, places } => Ok(found(codes, places)),
            FileNature::Partly => {
                let (extracted, findings) = found(1, 1);
                Ok((
                    Extracted {
                        unread: vec![Unread { place: Place::Page(2), why: "a picture".to_owned() }],
                        ..extracted
                    },
                    findings,
                ))
            }
            FileNature::Damaged => Err(ExtractError::Damaged("it says so".to_owned())),
            FileNature::Killer => {
                self.control.sometimes("a file kills the process that reads it");
                self.control.crash_running();
                std::future::pending().await
            }
            FileNature::Fickle => match self.control.draw(|rng| rng.below(3)) {
                0 => Err(ExtractError::Damaged("this time".to_owned())),
                codes => Ok(found(u32::try_from(codes).unwrap_or(1), 2)),
            },
        };
        Ok(Searched { bytes: content.len() as u64, outcome })
    }
}

fn found(codes: u32, places: u32) -> (Extracted, Findings) {
    let extracted = Extracted { kind: FileFormat::Text, pages: 1, unread: Vec::new(), unread_more: 0 };
    // Many places with long snippets are more than the ledger stores inline.
    let around = if places > 100 { ", with a note beside it".repeat(5) } else { String::new() };
    let matches = (0..places.max(codes)).map(|place| Match {
        code: place % codes.max(1),
        place: Place::Line(u64::from(place) + 1),
        snippet: format!("{place}: a line of a drawing around a code{around}"),
        boxes: Vec::new(),
    });
    let findings = Findings {
        matches: if codes == 0 { Vec::new() } else { matches.collect() },
        codes,
        ..Findings::default()
    };
    (extracted, findings)
}
