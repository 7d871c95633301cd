//! What parsers write to: counts text against its limit and spares them an allocation per unit.

use std::fmt::Write as _;

use crate::{ExtractError, Glyphs, Limits, Place, Sink, Unit};

pub(crate) struct Output<'a> {
    sink: &'a mut dyn Sink,
    text_left: u64,
    text_max: u64,
    cells_left: u64,
    cells_max: u64,
    /// Reused from cell to cell.
    cell: Place,
}

impl<'a> Output<'a> {
    pub fn new(limits: &Limits, sink: &'a mut dyn Sink) -> Self {
        Self {
            sink,
            text_left: limits.text_bytes,
            text_max: limits.text_bytes,
            cells_left: limits.cells,
            cells_max: limits.cells,
            cell: Place::Cell { sheet: String::new(), cell: String::new() },
        }
    }

    pub fn page(&mut self, place: &Place, text: &str, glyphs: &Glyphs) -> Result<(), ExtractError> {
        self.spend(text)?;
        self.sink.unit(&Unit { place, text, glyphs: Some(glyphs) });
        Ok(())
    }

    pub fn line(&mut self, line: u64, text: &str) -> Result<(), ExtractError> {
        self.spend(text)?;
        self.sink.unit(&Unit { place: &Place::Line(line), text, glyphs: None });
        Ok(())
    }

    /// The cells that follow stand on this sheet.
    pub fn sheet(&mut self, name: &str) {
        if let Place::Cell { sheet, .. } = &mut self.cell {
            sheet.clear();
            sheet.push_str(name);
        }
    }

    /// A cell by 0-based row and column. Cells that hold only white space are passed over.
    pub fn cell(&mut self, row: u64, column: u32, text: &str) -> Result<(), ExtractError> {
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        self.spend(text)?;
        self.cells_left = self
            .cells_left
            .checked_sub(1)
            .ok_or_else(|| ExtractError::TooLarge(format!("more than {} cells", self.cells_max)))?;
        if let Place::Cell { cell, .. } = &mut self.cell {
            cell.clear();
            push_column(column, cell);
            if write!(cell, "{}", row + 1).is_err() {
                return Err(ExtractError::Damaged("a cell without a name".to_owned()));
            }
        }
        self.sink.unit(&Unit { place: &self.cell, text, glyphs: None });
        Ok(())
    }

    fn spend(&mut self, text: &str) -> Result<(), ExtractError> {
        self.text_left = self
            .text_left
            .checked_sub(text.len() as u64)
            .ok_or_else(|| ExtractError::TooLarge(format!("more than {} bytes of text", self.text_max)))?;
        Ok(())
    }
}

/// Column letters as spreadsheets write them: 0 is A, 25 is Z, 26 is AA.
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
    use super::push_column;

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
