//! The codes found in one file.

use std::collections::BTreeMap;

use riffle_extract::{Bounds, Place, Sink, Unit};
use serde::{Deserialize, Serialize};

use super::fold::fold_into;
use super::matcher::{Hit, Matcher};
use super::trace::{OriginTrace, Window};
use super::{boxes, snippet};

/// Most places listed of one code in one file.
pub const MAX_PLACES_PER_CODE: u32 = 100;
/// Most matches listed of one file. The first place of each code is listed even beyond that.
pub const MAX_MATCHES: usize = 10_000;
/// Most misread codes listed of one file, each once.
pub const MAX_MISREAD: usize = 100;
/// Most boxes kept of one match.
pub const MAX_BOXES: usize = 64;

/// Everything found in one file, in the order of the document, then of the codes.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    pub matches: Vec<Match>,
    /// Number of different codes in the file.
    pub codes: u32,
    /// Number of places beyond the limits, which are counted but not listed. Never the first place of a code.
    pub unlisted: u32,
    /// Codes that the file may hold although they were not found, because OCR may have misread them: the first place of
    /// each.
    pub misread: Vec<Misread>,
}

/// A text read by OCR that is not a code but looks like one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Misread {
    /// Index into the [`super::CodeList`].
    pub code: u32,
    pub place: Place,
    /// As it was read.
    pub text: String,
}

/// One code at one place (a page, a cell or a line), however often it occurs there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Match {
    /// Index into the [`super::CodeList`].
    pub code: u32,
    pub place: Place,
    /// The first occurrence with the text around it.
    pub snippet: String,
    /// Where the code is on the page, one box per line of text; empty if the text came without layout
    /// ([`riffle_extract::Sink::wants_layout`]).
    pub boxes: Vec<Bounds>,
}

/// A sink that collects the matches of one file after another. It keeps its buffers between files.
pub struct FileMatcher<'m> {
    matcher: &'m Matcher,
    /// The unit's text, folded.
    folded: Vec<u8>,
    window: Window,
    /// By code.
    seen: Vec<LastSeen>,
    /// Codes seen in this file.
    touched: Vec<u32>,
    found: Vec<LocatedMatch>,
    misread: BTreeMap<u32, Misread>,
    units: u64,
    unlisted: u32,
}

/// Where a code was last seen in this file.
#[derive(Clone, Copy, Default)]
struct LastSeen {
    places: u32,
    unit: u64,
    line: u64,
    /// Index in `found` of its last match, if that one was listed.
    listed: Option<u32>,
}

struct LocatedMatch {
    unit: u64,
    line: u64,
    listed: Match,
}

impl Sink for FileMatcher<'_> {
    fn unit(&mut self, unit: &Unit<'_>) {
        self.units += 1;
        let matcher = self.matcher;
        let mut folded = std::mem::take(&mut self.folded);
        fold_into(&mut folded, unit.text);
        let mut window = std::mem::take(&mut self.window);
        let mut trace = OriginTrace::new(unit.text, &mut window, matcher.longest());
        for hit in matcher.hits(&folded) {
            self.take(unit, &hit, &mut trace);
        }
        if unit.ocr {
            let mut trace = OriginTrace::new(unit.text, &mut window, matcher.longest());
            for hit in matcher.misread(&folded) {
                let range = trace.locate(hit.start, hit.end);
                self.doubt(unit, hit.code, &unit.text[range.0..range.1]);
            }
        }
        self.folded = folded;
        self.window = window;
    }
}

impl<'m> FileMatcher<'m> {
    pub(super) fn new(matcher: &'m Matcher) -> Self {
        Self {
            matcher,
            folded: Vec::new(),
            window: Window::default(),
            seen: vec![LastSeen::default(); matcher.codes()],
            touched: Vec::new(),
            found: Vec::new(),
            misread: BTreeMap::new(),
            units: 0,
            unlisted: 0,
        }
    }

    /// Ends the file and returns what was found since the last call; the next unit begins another file.
    pub fn finish(&mut self) -> Findings {
        // Hits come in the order of their ends; readers expect lines, then codes.
        self.found.sort_by_key(|found| (found.unit, found.line, found.listed.code));
        let findings = Findings {
            matches: self.found.drain(..).map(|found| found.listed).collect(),
            codes: u32::try_from(self.touched.len()).unwrap_or(u32::MAX),
            unlisted: self.unlisted,
            // If a code was found, its possible misreadings are of no interest.
            misread: std::mem::take(&mut self.misread)
                .into_values()
                .filter(|misread| self.seen[misread.code as usize].places == 0)
                .take(MAX_MISREAD)
                .collect(),
        };
        for code in self.touched.drain(..) {
            self.seen[code as usize] = LastSeen::default();
        }
        (self.units, self.unlisted) = (0, 0);
        findings
    }

    fn doubt(&mut self, unit: &Unit<'_>, code: u32, text: &str) {
        let misread = || Misread { code, place: unit.place.clone(), text: text.to_owned() };
        self.misread.entry(code).or_insert_with(misread);
    }

    fn take(&mut self, unit: &Unit<'_>, hit: &Hit, trace: &mut OriginTrace<'_>) {
        let Self { seen, touched, found, units, unlisted, .. } = self;
        let seen = &mut seen[hit.code as usize];
        let range = trace.locate(hit.start, hit.end);
        let first = unit.place.line();
        let line = first.map_or(0, |first| first.saturating_add(trace.newlines_before(range.0)));
        if seen.places == 0 {
            touched.push(hit.code);
        }
        if seen.places == 0 || (seen.unit, seen.line) != (*units, line) {
            let place = unit.place.on_line(line);
            (seen.unit, seen.line) = (*units, line);
            // A parser may pass one page on in several units.
            let last = seen.listed.and_then(|index| found.get(index as usize));
            if last.is_none_or(|last| last.listed.place != place) {
                let room = seen.places < MAX_PLACES_PER_CODE && found.len() < MAX_MATCHES;
                if seen.places == 0 || room {
                    let snippet = snippet::snippet(unit.text, range.0, range.1, first.is_some());
                    seen.listed = u32::try_from(found.len()).ok();
                    let made = Match { code: hit.code, place, snippet, boxes: Vec::new() };
                    found.push(LocatedMatch { unit: *units, line, listed: made });
                } else {
                    seen.listed = None;
                    *unlisted = unlisted.saturating_add(1);
                }
                seen.places = seen.places.saturating_add(1);
            }
        }
        let listed = seen.listed.and_then(|index| found.get_mut(index as usize));
        if let (Some(layout), Some(found)) = (unit.glyphs, listed) {
            boxes::collect(&mut found.listed.boxes, layout.glyphs(), unit.text, range, MAX_BOXES);
        }
    }
}

impl std::fmt::Debug for FileMatcher<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("units", &self.units)
            .field("found", &self.found.len())
            .finish_non_exhaustive()
    }
}
