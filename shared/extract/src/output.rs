//! The parsers' output: enforces the limits, avoids an allocation per unit, tracks the archives around the current file
//! and records the parts that could not be read.

use std::fmt::Write as _;

use crate::spreadsheet::{Cell, SheetHead, SheetPart, SheetText, Value};
use crate::{
    Encoding, ExtractError, Extracted, FallbackReader, FileFormat, Glyphs, ImageLimits, Layout, PageImage,
    Place, ReadLimits, Sink, Unit, Unread,
};

/// Unread parts that are listed; parts beyond that are only counted.
const UNREAD_MAX: usize = 1_000;

pub(crate) struct UnitOutput<'a> {
    sink: &'a mut dyn Sink,
    second: Option<&'a dyn FallbackReader>,
    limits: ReadLimits,
    text_left: u64,
    cells_left: u64,
    unpacked_left: u64,
    held: u64,
    entries: u32,
    /// Reused from cell to cell.
    cell: Place,
    value: String,
    /// The archives around the file that is being read, outermost first.
    path: Vec<String>,
    /// The place of a file in archives; its innermost place is swapped from unit to unit.
    around: Option<Place>,
    units: u64,
    pages: u32,
    unread: Vec<Unread>,
    unread_more: u32,
}

/// A state of an output, to compare with or return to later.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    units: u64,
    unread: usize,
    unread_more: u32,
    depth: usize,
    held: u64,
}

impl<'a> UnitOutput<'a> {
    pub fn new(limits: &ReadLimits, second: Option<&'a dyn FallbackReader>, sink: &'a mut dyn Sink) -> Self {
        Self {
            sink,
            second,
            limits: *limits,
            text_left: limits.text_bytes,
            cells_left: limits.cells,
            unpacked_left: limits.unpacked_bytes,
            held: 0,
            entries: 0,
            cell: Place::Cell { sheet: String::new(), cell: String::new() },
            value: String::new(),
            path: Vec::new(),
            around: None,
            units: 0,
            pages: 0,
            unread: Vec::new(),
            unread_more: 0,
        }
    }

    pub fn limits(&self) -> &ReadLimits {
        &self.limits
    }

    /// Returns the second reader, for PDFs that our own reader cannot read.
    pub fn second(&self) -> Option<&'a dyn FallbackReader> {
        self.second
    }

    /// Counts the pages of a PDF, the sheets of a workbook or the slides of a presentation. Without a count, a file has
    /// one page.
    pub fn pages(&mut self, count: usize) {
        self.pages = self.pages.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
    }

    pub fn page(&mut self, place: Place, text: &str, glyphs: &Glyphs) -> Result<(), ExtractError> {
        let glyphs = self.wants_layout().then_some(glyphs as &dyn Layout);
        self.hand(place, text, glyphs).map(drop)
    }

    pub fn text(&mut self, place: Place, text: &str) -> Result<(), ExtractError> {
        self.hand(place, text, None).map(drop)
    }

    pub fn line(&mut self, line: u64, text: &str) -> Result<(), ExtractError> {
        self.text(Place::Line(line), text)
    }

    /// Sets the sheet of the cells that follow.
    pub fn sheet(&mut self, name: &str) {
        self.cell = Place::Cell { sheet: name.to_owned(), cell: String::new() };
    }

    /// Passes on a cell by 0-based row and column. Cells that hold only white space are skipped.
    pub fn cell(&mut self, row: u64, column: u32, text: &str) -> Result<(), ExtractError> {
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        self.count_cell()?;
        let mut place = std::mem::replace(&mut self.cell, Place::File);
        if let Place::Cell { cell, .. } = &mut place {
            cell.clear();
            push_column(column, cell);
            if write!(cell, "{}", row + 1).is_err() {
                return Err(ExtractError::Damaged("a cell without a name".to_owned()));
            }
        }
        self.cell = self.hand(place, text, None)?;
        Ok(())
    }

    /// Begins a sheet.
    pub fn begin_sheet(&mut self, head: &SheetHead) {
        self.sheet(&head.name);
        self.sheet_part(&SheetPart::Sheet(head));
    }

    /// Passes on the name of a sheet, which is shown on its tab, unless the sink wants cells. Called after the sheets:
    /// a file of which nothing but names can be read has failed.
    pub fn sheet_name(&mut self, name: &str) -> Result<(), ExtractError> {
        if self.sink.wants_cells() || self.limits.only_cells {
            return Ok(());
        }
        self.text(Place::Cell { sheet: name.to_owned(), cell: String::new() }, name)
    }

    /// Passes on a part of a spreadsheet that is not text.
    pub fn sheet_part(&mut self, part: &SheetPart<'_>) {
        if self.sink.wants_cells() {
            self.sink.sheet_part(part);
        }
    }

    /// Passes on a cell: as it is, or as the text that it displays, followed by its value where that has other
    /// characters (`15-Mar` and 2023-03-15).
    pub fn sheet_cell(&mut self, cell: &Cell<'_>, since_1904: bool) -> Result<(), ExtractError> {
        if self.sink.wants_cells() {
            self.count_cell()?;
            self.sink.sheet_part(&SheetPart::Cell(cell));
            return Ok(());
        }
        let (row, column) = (u64::from(cell.row), cell.column);
        // Most cells are texts that are displayed as they are.
        if let (Value::Text(text), Some(shown)) = (cell.value, cell.shown)
            && text == shown
        {
            return self.cell(row, column, text);
        }
        let mut value = std::mem::take(&mut self.value);
        value.clear();
        cell.push_value(since_1904, &mut value);
        // In the format General, a number is displayed as far as the column is wide.
        let shown = match cell.shown {
            Some(shown) if !cell.is_cut(shown) => shown,
            _ => &value,
        };
        let mut passed = self.cell(row, column, shown);
        if passed.is_ok() && !self.limits.only_cells && !has_word(shown, &value) {
            passed = self.cell(row, column, &value);
        }
        self.value = value;
        passed
    }

    /// Passes on a text outside cells.
    pub fn sheet_text(&mut self, text: &SheetText<'_>) -> Result<(), ExtractError> {
        if self.sink.wants_cells() {
            self.sink.sheet_part(&SheetPart::Text(text));
            return Ok(());
        }
        if self.limits.only_cells {
            return Ok(());
        }
        match text.cell {
            Some((row, column)) => self.cell(u64::from(row), column, text.text),
            None if text.text.trim_ascii().is_empty() => Ok(()),
            None => {
                // The sheet of the cells before.
                let sheet = match &self.cell {
                    Place::Cell { sheet, .. } => sheet.clone(),
                    _ => String::new(),
                };
                self.text(Place::Cell { sheet, cell: String::new() }, text.text)
            }
        }
    }

    /// Records cells of a sheet that could not be read, or the sheet.
    pub fn unread_cell(&mut self, sheet: &str, cell: Option<(u32, u32)>, why: &str) {
        let place = Place::Cell { sheet: sheet.to_owned(), cell: cell.map(cell_name).unwrap_or_default() };
        self.unread(place, why);
    }

    fn count_cell(&mut self) -> Result<(), ExtractError> {
        self.cells_left = self
            .cells_left
            .checked_sub(1)
            .ok_or_else(|| ExtractError::TooLarge(format!("more than {} cells", self.limits.cells)))?;
        Ok(())
    }

    pub fn wants_layout(&self) -> bool {
        self.sink.wants_layout()
    }

    pub fn wants_page(&self, number: u32) -> bool {
        self.sink.wants_page(number)
    }

    pub fn wants_images(&self) -> bool {
        self.sink.wants_images()
    }

    pub fn image_limits(&self) -> ImageLimits {
        self.sink.image_limits()
    }

    /// Passes a picture on; returns whether it could be read.
    pub fn image(&mut self, place: Place, encoding: Encoding, bytes: &[u8], page: (f32, f32)) -> bool {
        let place = self.placed(place);
        let read = self.sink.image(&PageImage { place: &place, encoding, bytes, page });
        self.units += u64::from(read);
        read
    }

    /// Records a part that contains, or may contain, something that could not be read.
    pub fn unread(&mut self, place: Place, why: impl Into<String>) {
        if self.unread.len() < UNREAD_MAX {
            let place = self.placed(place);
            self.unread.push(Unread { place, why: why.into() });
        } else {
            self.unread_more = self.unread_more.saturating_add(1);
        }
    }

    /// Returns the number of archives around the current file.
    pub fn depth(&self) -> u32 {
        u32::try_from(self.path.len()).unwrap_or(u32::MAX)
    }

    /// Begins a file in an archive; `leave` ends it.
    pub fn enter(&mut self, entry: &str) -> Mark {
        let mark = self.mark();
        self.path.push(entry.to_owned());
        self.around = Some(wrap(&self.path, Place::File));
        mark
    }

    /// Reverts `enter`, whatever happened in between.
    pub fn leave(&mut self, mark: Mark) {
        self.path.truncate(mark.depth);
        self.held = mark.held;
        self.around = (!self.path.is_empty()).then(|| wrap(&self.path, Place::File));
        self.sheet("");
    }

    pub fn mark(&self) -> Mark {
        Mark {
            units: self.units,
            unread: self.unread.len(),
            unread_more: self.unread_more,
            depth: self.path.len(),
            held: self.held,
        }
    }

    /// Returns whether anything was passed on since `mark`.
    pub fn has_units_since(&self, mark: Mark) -> bool {
        self.units > mark.units
    }

    /// Removes the unread parts recorded since `mark`, and returns them with the number of unlisted ones.
    pub fn take_unread_since(&mut self, mark: Mark) -> (Vec<Unread>, u32) {
        let listed = self.unread.split_off(mark.unread.min(self.unread.len()));
        let more = self.unread_more.saturating_sub(mark.unread_more);
        self.unread_more = mark.unread_more;
        (listed, more)
    }

    /// Counts a file in an archive; returns false beyond the limit.
    pub fn count_entry(&mut self) -> bool {
        self.entries = self.entries.saturating_add(1);
        self.entries <= self.limits.archive_entries
    }

    /// Counts a part that unpacks from `packed` to `size` bytes, before it is unpacked.
    pub fn unpack(&mut self, packed: u64, size: u64) -> Result<(), ExtractError> {
        let ratio = self.limits.unpack_ratio;
        if size > ReadLimits::RATIO_FREE && size / ratio > packed {
            return Err(ExtractError::TooLarge(format!(
                "{packed} bytes that unpack to {size}, more than {ratio} times as many"
            )));
        }
        self.unpacked_left = self.unpacked_left.checked_sub(size).ok_or_else(|| {
            ExtractError::TooLarge(format!("it unpacks to more than {} bytes", self.limits.unpacked_bytes))
        })?;
        Ok(())
    }

    /// Checks that `size` more unpacked bytes may be in memory.
    pub fn room(&self, size: u64) -> Result<(), ExtractError> {
        let (held, most) = (self.held.saturating_add(size), self.limits.held_bytes);
        if held > most {
            return Err(ExtractError::TooLarge(format!(
                "{held} bytes to unpack at once; the limit is {most} bytes"
            )));
        }
        Ok(())
    }

    /// Counts bytes that stay in memory until the parser leaves the file in the archive.
    pub fn hold(&mut self, size: usize) {
        self.held = self.held.saturating_add(size as u64);
    }

    pub fn finish(self, kind: FileFormat) -> Extracted {
        Extracted { kind, pages: self.pages.max(1), unread: self.unread, unread_more: self.unread_more }
    }

    /// Passes a unit on and returns its place.
    fn hand(
        &mut self,
        mut place: Place,
        text: &str,
        glyphs: Option<&dyn Layout>,
    ) -> Result<Place, ExtractError> {
        self.text_left = self.text_left.checked_sub(text.len() as u64).ok_or_else(|| {
            ExtractError::TooLarge(format!("more than {} bytes of text", self.limits.text_bytes))
        })?;
        match &mut self.around {
            None => self.sink.unit(&Unit { place: &place, text, ocr: false, glyphs }),
            Some(around) => {
                std::mem::swap(innermost(around), &mut place);
                self.sink.unit(&Unit { place: around, text, ocr: false, glyphs });
                std::mem::swap(innermost(around), &mut place);
            }
        }
        self.units += 1;
        Ok(place)
    }

    fn placed(&self, place: Place) -> Place {
        wrap(&self.path, place)
    }
}

fn wrap(path: &[String], inner: Place) -> Place {
    let wrap = |place, entry: &String| Place::Inside { entry: entry.clone(), place: Box::new(place) };
    path.iter().rev().fold(inner, wrap)
}

fn innermost(place: &mut Place) -> &mut Place {
    match place {
        Place::Inside { place, .. } => innermost(place),
        other => other,
    }
}

/// Returns whether `text` has `word` standing for itself: no letter, digit or decimal sign beside it continues it.
fn has_word(text: &str, word: &str) -> bool {
    let continues = |c: char| c.is_alphanumeric() || matches!(c, '.' | ',' | '\'');
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(continues) && !text[at + word.len()..].starts_with(continues))
}

/// Returns the name of a cell by 0-based row and column.
fn cell_name((row, column): (u32, u32)) -> String {
    let mut name = String::new();
    push_column(column, &mut name);
    name.push_str(&(u64::from(row) + 1).to_string());
    name
}

/// Appends column letters as spreadsheets write them: 0 is A, 25 is Z, 26 is AA.
fn push_column(column: u32, out: &mut String) {
    let mut letters = [0_u8; 8];
    let mut at = letters.len();
    let mut rest = u64::from(column) + 1;
    while rest > 0 {
        rest -= 1;
        at -= 1;
        letters[at] = b'A' + u8::try_from(rest % 26).unwrap_or(0);
        rest /= 26;
    }
    out.extend(letters[at..].iter().map(|&b| b as char));
}

#[cfg(test)]
mod tests {
    use super::{has_word, push_column};

    #[test]
    fn a_value_in_what_is_shown_stands_for_itself() {
        for (shown, value, expected) in [
            ("22", "22", true),
            ("DH-22", "22", true),
            ("1 234", "234", true),
            ("900.00", "900", false),
            ("1,234", "234", false),
            ("0763", "763", false),
            ("22a", "22", false),
            ("", "", true),
        ] {
            assert_eq!(has_word(shown, value), expected, "{value} in {shown}");
        }
    }

    #[test]
    fn columns_count_in_letters() {
        let name = |column| {
            let mut out = String::new();
            push_column(column, &mut out);
            out
        };
        assert_eq!([name(0), name(25), name(26), name(701), name(702)], ["A", "Z", "AA", "ZZ", "AAA"]);
        assert_eq!(name(16_383), "XFD");
        assert_eq!(name(u32::MAX), "MWLQKWV");
    }
}
