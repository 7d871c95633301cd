//! The binary part of one sheet.

use super::record::{Fields, records};
use crate::ExtractError;
use crate::output::UnitOutput;
use crate::package::Package;
use crate::spreadsheet::cells::Cells;
use crate::spreadsheet::strings::Strings;
use crate::spreadsheet::xlsx::{Shared, SheetLinks, header_text};
use crate::spreadsheet::{
    Area, Formula, FormulaResult, LAST_COLUMN, LAST_ROW, LineState, SheetPart, SheetText, TextKind, Value,
};

/// Numbers of records, as the documentation names them.
mod kind {
    pub const ROW: u16 = 0;
    pub const RK: u16 = 2;
    pub const ERROR: u16 = 3;
    pub const BOOL: u16 = 4;
    pub const REAL: u16 = 5;
    pub const TEXT: u16 = 6;
    pub const SHARED_TEXT: u16 = 7;
    pub const FORMULA_TEXT: u16 = 8;
    pub const FORMULA_NUMBER: u16 = 9;
    pub const FORMULA_BOOL: u16 = 10;
    pub const FORMULA_ERROR: u16 = 11;
    pub const COLUMNS: u16 = 60;
    pub const RICH_TEXT: u16 = 62;
    pub const MERGED: u16 = 176;
    pub const HEADER_FOOTER: u16 = 479;
    pub const LINK: u16 = 494;
}

/// Reads a sheet and returns its links. Everything before an error is passed on.
pub(super) fn read(
    package: &Package<'_>,
    part: &str,
    name: &str,
    shared: &Shared<'_>,
    out: &mut UnitOutput<'_>,
) -> (SheetLinks, Result<(), ExtractError>) {
    let mut reader = XlsbSheetReader {
        strings: shared.strings,
        cells: Cells::new(name, shared.styles, shared.since_1904),
        links: SheetLinks::new(),
        row: None,
        text: String::new(),
    };
    let found = records(package, part, out, |kind, fields, out| reader.record(kind, fields, out));
    let result = reader.cells.end(part, found, reader.row, out);
    (reader.links, result)
}

struct XlsbSheetReader<'a> {
    strings: &'a Strings,
    cells: Cells<'a>,
    links: SheetLinks,
    row: Option<u32>,
    text: String,
}

impl XlsbSheetReader<'_> {
    fn record(
        &mut self,
        kind: u16,
        mut fields: Fields<'_>,
        out: &mut UnitOutput<'_>,
    ) -> Result<(), ExtractError> {
        match kind {
            kind::ROW => self.begin_row(fields, out)?,
            kind::RK..=kind::FORMULA_ERROR | kind::RICH_TEXT => self.cell(kind, fields, out)?,
            kind::COLUMNS => {
                let (first, last) = (fields.u32()?, fields.u32()?.min(LAST_COLUMN));
                fields.bytes(8)?;
                let flags = fields.u16()?;
                if let Some(state) = LineState::unusual(first, last, flags & 1 != 0, outline(flags >> 8)) {
                    out.sheet_part(&SheetPart::Columns(state));
                }
            }
            kind::MERGED => {
                if let Some(area) = area(&mut fields)? {
                    out.sheet_part(&SheetPart::Merged(area));
                }
            }
            kind::HEADER_FOOTER => {
                fields.u16()?;
                for _ in 0..6 {
                    self.text.clear();
                    if fields.text(&mut self.text)? {
                        let text = header_text(&self.text);
                        out.sheet_text(&SheetText { kind: TextKind::HeaderFooter, cell: None, text: &text })?;
                    }
                }
            }
            kind::LINK => self.link(fields, out)?,
            _ => {}
        }
        Ok(())
    }

    fn begin_row(&mut self, mut fields: Fields<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
        let row = fields.u32()?;
        self.row = Some(row);
        fields.bytes(6)?;
        let flags = fields.u16()?;
        let (last, hidden) = (row.min(LAST_ROW), flags & 0x1000 != 0);
        if let Some(state) = LineState::unusual(row, last, hidden, outline(flags >> 8)) {
            out.sheet_part(&SheetPart::Row(state));
        }
        Ok(())
    }

    fn cell(
        &mut self,
        kind: u16,
        mut fields: Fields<'_>,
        out: &mut UnitOutput<'_>,
    ) -> Result<(), ExtractError> {
        let column = fields.u32()?;
        // The upper byte is whether to show how it is pronounced.
        let style = (fields.u32()? & 0x00FF_FFFF) as usize;
        let row = self.row.ok_or_else(|| ExtractError::Damaged("a cell before the first row".to_owned()))?;
        self.text.clear();
        let value = match kind {
            kind::RK => Some(Value::Number(fields.rk()?)),
            kind::REAL | kind::FORMULA_NUMBER => Some(Value::Number(fields.f64()?)),
            kind::BOOL | kind::FORMULA_BOOL => Some(Value::Bool(fields.u8()? != 0)),
            kind::ERROR | kind::FORMULA_ERROR => Some(Value::Error(error(fields.u8()?))),
            kind::SHARED_TEXT => self.strings.get(fields.u32()? as usize).map(Value::Text),
            kind::RICH_TEXT => {
                fields.u8()?;
                fields.text(&mut self.text)?;
                Some(Value::Text(&self.text))
            }
            kind::TEXT | kind::FORMULA_TEXT => {
                fields.text(&mut self.text)?;
                Some(Value::Text(&self.text))
            }
            _ => return Ok(()),
        };
        // Formulas are stored as tokens, which are not turned back into text.
        let is_formula = (kind::FORMULA_TEXT..=kind::FORMULA_ERROR).contains(&kind);
        let formula = is_formula.then_some(Formula { text: "", shared: None, result: FormulaResult::Stored });
        self.cells.push((row, column), style, value, formula, out)
    }

    fn link(&mut self, mut fields: Fields<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
        let area = area(&mut fields)?;
        let cell = area.map(|area| area.first);
        let id = fields.owned_text()?;
        for _ in ["the place in the file", "the tip"] {
            self.text.clear();
            fields.text(&mut self.text)?;
            out.sheet_text(&SheetText { kind: TextKind::Link, cell, text: &self.text })?;
        }
        self.links.push((cell, id));
        Ok(())
    }
}

fn outline(flags: u16) -> u8 {
    u8::try_from(flags & 7).unwrap_or_default()
}

/// Returns an area, unless it lies outside the grid.
fn area(fields: &mut Fields<'_>) -> Result<Option<Area>, ExtractError> {
    let (first_row, last_row) = (fields.u32()?, fields.u32()?);
    let (first_column, last_column) = (fields.u32()?, fields.u32()?);
    let fits = first_row <= last_row && last_row <= LAST_ROW;
    let fits = fits && first_column <= last_column && last_column <= LAST_COLUMN;
    Ok(fits.then_some(Area { first: (first_row, first_column), last: (last_row, last_column) }))
}

/// Returns the name of an error value.
fn error(code: u8) -> &'static str {
    match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0F => "#VALUE!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        0x2A => "#N/A",
        0x2B => "#GETTING_DATA",
        0x2C => "#SPILL!",
        0x2D => "#CONNECT!",
        0x2E => "#BLOCKED!",
        0x2F => "#UNKNOWN!",
        0x30 => "#FIELD!",
        0x31 => "#CALC!",
        0x32 => "#BUSY!",
        _ => "#ERROR!",
    }
}
