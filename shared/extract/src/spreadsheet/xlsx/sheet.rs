//! The part of one sheet, in one pass: cells with values, displayed texts and formulas, and what stands around them.

use quick_xml::events::{BytesStart, Event};

use super::part;
use super::shared::RichText;
use crate::ExtractError;
use crate::output::UnitOutput;
use crate::package::Package;
use crate::spreadsheet::cells::Cells;
use crate::spreadsheet::strings::Strings;
use crate::spreadsheet::styles::CellStyles;
use crate::spreadsheet::{
    Formula, FormulaResult, LAST_COLUMN, LAST_ROW, LineState, RuleKind, SheetPart, SheetText, TextKind,
    Value, address,
};

/// Bytes of text of one cell; a longer cell makes the rest of the sheet unread, because a cell is never split.
const CELL_BYTES_MAX: usize = 16 << 20;

/// What the cells of every sheet refer to.
pub(in crate::spreadsheet) struct Shared<'a> {
    pub strings: &'a Strings,
    pub styles: &'a CellStyles,
    pub since_1904: bool,
}

/// The links of a sheet: the first cell, and the id of the relation that has the target.
pub(in crate::spreadsheet) type SheetLinks = Vec<(Option<(u32, u32)>, String)>;

/// Reads a sheet and returns its links. Everything before an error is passed on.
pub(super) fn read(
    package: &Package<'_>,
    part: &str,
    name: &str,
    shared: &Shared<'_>,
    out: &mut UnitOutput<'_>,
) -> (SheetLinks, Result<(), ExtractError>) {
    let mut reader = XlsxSheetReader::new(name, shared);
    let found = part::events(package, part, out, |event, out| reader.event(event, out));
    let result = reader.cells.end(part, found, reader.begun.then_some(reader.row), out);
    (reader.links, result)
}

/// What the text of an event belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TextTarget {
    Nothing,
    Value,
    Formula,
    /// The text of a cell, with runs.
    Inline,
    HeaderFooter,
    /// The first formula of a rule for input, which may list the choices.
    Choices,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum CellType {
    #[default]
    Number,
    Shared,
    /// The text result of a formula.
    Result,
    Inline,
    Bool,
    Error,
    Date,
    /// Not a type of the standard.
    Other,
}

/// The cell that is being read. Reused, so that cells cost no allocation.
#[derive(Default)]
struct Current {
    row: u32,
    column: u32,
    style: usize,
    kind: CellType,
    has_value: bool,
    value: String,
    has_formula: bool,
    formula: String,
    group: Option<u32>,
    outside: bool,
}

struct XlsxSheetReader<'a> {
    strings: &'a Strings,
    links: SheetLinks,
    /// The row that is being read, and whether there was one.
    row: u32,
    begun: bool,
    /// The column of the next cell that does not name its own.
    column: u32,
    into: TextTarget,
    inline: RichText,
    cell: Current,
    cells: Cells<'a>,
    text: String,
    in_choices: bool,
}

impl<'a> XlsxSheetReader<'a> {
    fn new(name: &'a str, shared: &'a Shared<'a>) -> Self {
        Self {
            strings: shared.strings,
            links: SheetLinks::new(),
            row: 0,
            begun: false,
            column: 0,
            into: TextTarget::Nothing,
            inline: RichText::default(),
            cell: Current::default(),
            cells: Cells::new(name, shared.styles, shared.since_1904),
            text: String::new(),
            in_choices: false,
        }
    }

    fn event(&mut self, event: &Event<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
        match event {
            Event::Start(tag) => self.start(tag, out)?,
            Event::End(tag) => self.end(tag.local_name().as_ref(), out)?,
            _ => {}
        }
        match self.into {
            TextTarget::Nothing => return Ok(()),
            TextTarget::Value => part::push_text(event, &mut self.cell.value),
            TextTarget::Formula => part::push_text(event, &mut self.cell.formula),
            TextTarget::Inline => self.inline.push(event, &mut self.cell.value),
            TextTarget::HeaderFooter | TextTarget::Choices => part::push_text(event, &mut self.text),
        }
        let longest = self.cell.value.len().max(self.cell.formula.len()).max(self.text.len());
        if longest > CELL_BYTES_MAX {
            return Err(ExtractError::TooLarge("a text of more than 16 MiB".to_owned()));
        }
        Ok(())
    }

    fn start(&mut self, tag: &BytesStart<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
        match tag.local_name().as_ref() {
            "c" => self.begin_cell(tag),
            // A text with runs is the value, wherever it stands.
            "v" if self.cell.kind == CellType::Inline && self.cell.has_value => {}
            "v" => self.into = TextTarget::Value,
            "f" if self.in_choices => {}
            "f" => {
                self.cell.has_formula = true;
                self.cell.group = match part::attribute(tag, "t").as_deref() {
                    Some("shared") => part::number(tag, "si"),
                    _ => None,
                };
                self.into = TextTarget::Formula;
            }
            "is" => {
                self.cell.value.clear();
                self.cell.has_value = true;
                self.into = TextTarget::Inline;
            }
            "row" => self.begin_row(tag, out),
            "col" => {
                let state = line_state(tag, number_at(tag, "min"), number_at(tag, "max"), LAST_COLUMN);
                if let Some(state) = state {
                    out.sheet_part(&SheetPart::Columns(state));
                }
            }
            "mergeCell" => {
                if let Some(area) = part::attribute(tag, "ref").as_deref().and_then(address::area) {
                    out.sheet_part(&SheetPart::Merged(area));
                }
            }
            "pane" if part::attribute(tag, "state").is_some_and(|state| state.starts_with("frozen")) => {
                let lines = |name| part::attribute(tag, name).and_then(|n| n.parse::<f64>().ok());
                // Saturating: beyond the grid there is nothing to freeze.
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
                let whole = |number: Option<f64>| number.unwrap_or_default() as u32;
                let (rows, columns) = (whole(lines("ySplit")), whole(lines("xSplit")));
                out.sheet_part(&SheetPart::Frozen { rows, columns });
            }
            "hyperlink" => self.link(tag, out)?,
            "dataValidation" => read_validation(tag, out)?,
            "formula1" => {
                self.in_choices = true;
                self.text.clear();
                self.into = TextTarget::Choices;
            }
            "conditionalFormatting" => {
                let cells = part::attribute(tag, "sqref").unwrap_or_default();
                out.sheet_part(&SheetPart::Rule { kind: RuleKind::Appearance, cells: &cells });
            }
            "oddHeader" | "oddFooter" | "evenHeader" | "evenFooter" | "firstHeader" | "firstFooter" => {
                self.text.clear();
                self.into = TextTarget::HeaderFooter;
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
        match name {
            "c" => self.end_cell(out)?,
            "v" => {
                self.cell.has_value = true;
                self.into = TextTarget::Nothing;
            }
            "f" if self.in_choices => {}
            "f" | "is" => self.into = TextTarget::Nothing,
            "row" => self.row = self.row.saturating_add(1),
            "formula1" => {
                self.in_choices = false;
                self.into = TextTarget::Nothing;
                // A list that is written out: "a,b,c". Others are formulas, such as areas.
                if let Some(list) = self.text.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))
                {
                    let list = list.replace("\"\"", "\"");
                    pass(TextKind::Validation, None, &list, out)?;
                }
            }
            "oddHeader" | "oddFooter" | "evenHeader" | "evenFooter" | "firstHeader" | "firstFooter" => {
                self.into = TextTarget::Nothing;
                let text = header_text(&self.text);
                pass(TextKind::HeaderFooter, None, &text, out)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn begin_row(&mut self, tag: &BytesStart<'_>, out: &mut UnitOutput<'_>) {
        // A row that does not name its number follows the one before.
        if let Some(row) = number_at(tag, "r") {
            self.row = row;
        }
        self.column = 0;
        self.begun = true;
        let row = Some(self.row);
        if let Some(state) = line_state(tag, row, row, LAST_ROW) {
            out.sheet_part(&SheetPart::Row(state));
        }
    }

    fn begin_cell(&mut self, tag: &BytesStart<'_>) {
        let cell = &mut self.cell;
        (cell.style, cell.kind, cell.group) = (0, CellType::Number, None);
        (cell.has_value, cell.has_formula, cell.outside) = (false, false, false);
        cell.value.clear();
        cell.formula.clear();
        (cell.row, cell.column) = (self.row, self.column);
        for attribute in tag.attributes().with_checks(false).flatten() {
            match attribute.key.as_ref() {
                "r" => match address::cell(&attribute.value) {
                    Some((row, column)) => (cell.row, cell.column) = (row, column),
                    None => cell.outside = true,
                },
                "s" => cell.style = attribute.value.parse().unwrap_or_default(),
                "t" => {
                    cell.kind = match attribute.value.as_ref() {
                        "n" => CellType::Number,
                        "s" => CellType::Shared,
                        "str" => CellType::Result,
                        "inlineStr" => CellType::Inline,
                        "b" => CellType::Bool,
                        "e" => CellType::Error,
                        "d" => CellType::Date,
                        _ => CellType::Other,
                    }
                }
                _ => {}
            }
        }
        self.column = cell.column.saturating_add(1);
    }

    fn end_cell(&mut self, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
        self.into = TextTarget::Nothing;
        let cell = &mut self.cell;
        if !cell.has_value && !cell.has_formula {
            return Ok(());
        }
        if cell.outside {
            self.cells.push_outside();
            return Ok(());
        }
        if matches!(cell.kind, CellType::Inline | CellType::Result | CellType::Other) {
            part::unescape(&mut cell.value);
        }
        let raw = cell.value.trim();
        let value = match cell.kind {
            CellType::Inline | CellType::Result | CellType::Other => Some(Value::Text(&cell.value)),
            _ if raw.is_empty() => Some(Value::Empty),
            CellType::Shared => raw.parse().ok().and_then(|index| self.strings.get(index)).map(Value::Text),
            CellType::Number => {
                // What is not a number, or not finite, is shown as it is written.
                let number = raw.parse().ok().filter(|number: &f64| number.is_finite());
                Some(number.map_or(Value::Text(raw), Value::Number))
            }
            CellType::Bool => Some(Value::Bool(!matches!(raw, "0" | "false"))),
            CellType::Error => Some(Value::Error(raw)),
            CellType::Date => Some(Value::Date(raw)),
        };
        let formula = cell.has_formula.then(|| {
            let result = match value {
                _ if !cell.has_value => FormulaResult::Absent,
                Some(Value::Empty) => FormulaResult::Empty,
                _ => FormulaResult::Stored,
            };
            Formula { text: &cell.formula, shared: cell.group, result }
        });
        self.cells.push((cell.row, cell.column), cell.style, value, formula, out)
    }

    fn link(&mut self, tag: &BytesStart<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
        let cells = part::attribute(tag, "ref").unwrap_or_default();
        let at = address::area(&cells).map(|area| area.first);
        for name in ["tooltip", "location"] {
            if let Some(text) = part::attribute(tag, name) {
                pass(TextKind::Link, at, &text, out)?;
            }
        }
        if let Some(id) = part::attribute(tag, "id") {
            self.links.push((at, id));
        }
        Ok(())
    }
}

/// Reads a rule for input: its cells and its texts.
fn read_validation(tag: &BytesStart<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    let cells = part::attribute(tag, "sqref").unwrap_or_default();
    out.sheet_part(&SheetPart::Rule { kind: RuleKind::Input, cells: &cells });
    let first = cells.split_whitespace().next().and_then(address::area).map(|area| area.first);
    for name in ["promptTitle", "prompt", "errorTitle", "error"] {
        if let Some(mut text) = part::attribute(tag, name) {
            part::unescape(&mut text);
            pass(TextKind::Validation, first, &text, out)?;
        }
    }
    Ok(())
}

fn pass(
    kind: TextKind,
    cell: Option<(u32, u32)>,
    text: &str,
    out: &mut UnitOutput<'_>,
) -> Result<(), ExtractError> {
    out.sheet_text(&SheetText { kind, cell, text })
}

/// Returns a number that is counted from 1 in the file, counted from 0.
fn number_at(tag: &BytesStart<'_>, name: &str) -> Option<u32> {
    part::number(tag, name)?.checked_sub(1)
}

/// Returns the state of rows or columns, if it is not the usual one.
fn line_state(tag: &BytesStart<'_>, first: Option<u32>, last: Option<u32>, most: u32) -> Option<LineState> {
    let (mut hidden, mut outline) = (false, 0);
    for attribute in tag.attributes().with_checks(false).flatten() {
        match attribute.key.as_ref() {
            "hidden" => hidden = matches!(attribute.value.as_ref(), "1" | "true"),
            "outlineLevel" => outline = attribute.value.parse().unwrap_or_default(),
            _ => {}
        }
    }
    LineState::unusual(first?, last?.min(most), hidden, outline)
}

/// Returns the text of a header or footer without its codes for fonts, sizes and fields.
pub(in crate::spreadsheet) fn header_text(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(code) = rest.chars().next() else { break };
        rest = &rest[code.len_utf8()..];
        match code {
            '&' => text.push('&'),
            // The left, middle and right part.
            'L' | 'C' | 'R' | 'l' | 'c' | 'r' => text.push('\n'),
            '"' => rest = rest.split_once('"').map_or("", |(_, rest)| rest),
            // A colour: six digits, or a theme's number and a change of two or three.
            'K' | 'k' => {
                let len =
                    rest.bytes().take(6).take_while(|b| b.is_ascii_hexdigit() || b"+-".contains(b)).count();
                rest = &rest[len..];
            }
            '0'..='9' => rest = rest.trim_start_matches(|c: char| c.is_ascii_digit()),
            _ => {}
        }
    }
    text.push_str(rest);
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::header_text;

    #[test]
    fn headers_are_read_without_their_codes() {
        for (written, expected) in [
            ("&LDH-22&CPage &P of &N", "DH-22\nPage  of"),
            ("&L&\"Arial,Bold\"&14DH-22 &K00FF00green", "DH-22 green"),
            ("R&&D &A &F", "R&D"),
            ("&C&G", ""),
            ("100 %&", "100 %"),
            ("&\"never closed", ""),
        ] {
            assert_eq!(header_text(written), expected, "{written}");
        }
    }
}
