//! What a spreadsheet holds: sheets, rows, cells and the text outside cells, passed on as they are read.
//!
//! One reader serves two kinds of [`Sink`](crate::Sink). A sink that [wants cells](crate::Sink::wants_cells) receives
//! [`SheetPart`]s; any other receives each cell, and each text outside cells, as a unit of text.

mod address;
mod cells;
mod number_format;
mod strings;
mod styles;
#[cfg(test)]
mod tests;
mod xlsb;
mod xlsx;

use std::fmt::Write as _;

use calamine::{ExcelDateTime, ExcelDateTimeType};

use crate::ExtractError;
use crate::output::UnitOutput;

pub(crate) use xlsb::XLSB;
pub(crate) use xlsx::XLSX;

/// The last row and column of a sheet, counted from 0.
pub const LAST_ROW: u32 = 1_048_575;
pub const LAST_COLUMN: u32 = 16_383;

/// A part of a spreadsheet, in the order of the file: the book, then for each sheet its head, its cells row by row, and
/// everything about the sheet that a file lists before or after its cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SheetPart<'a> {
    Book(&'a SheetBook),
    Sheet(&'a SheetHead),
    /// A row that is hidden or part of an outline. Precedes the row's cells. Other rows are not announced.
    Row(LineState),
    /// Columns that are hidden or part of an outline.
    Columns(LineState),
    Cell(&'a Cell<'a>),
    Text(&'a SheetText<'a>),
    /// Cells that are merged into their first one.
    Merged(Area),
    /// Rows and columns that stay in view: the number of each.
    Frozen {
        rows: u32,
        columns: u32,
    },
    Table(&'a DeclaredTable),
    /// A rule for the input of cells, or for their appearance.
    Rule {
        kind: RuleKind,
        cells: &'a str,
    },
    /// The end of the sheet.
    End,
}

/// Sheets that could not be read, or only in part.
#[derive(Default)]
pub(crate) struct FailedSheets(Vec<(String, ExtractError)>);

impl FailedSheets {
    pub fn add(&mut self, sheet: &str, error: ExtractError) {
        self.0.push((sheet.to_owned(), error));
    }

    /// Ends a book: names the sheets that failed, and passes on the names of all.
    ///
    /// # Errors
    /// The first error, if every sheet failed: then the book did.
    pub fn end<'n>(
        self,
        names: impl ExactSizeIterator<Item = &'n String>,
        out: &mut UnitOutput<'_>,
    ) -> Result<(), ExtractError> {
        let all = self.0.len() == names.len();
        for (sheet, error) in self.0 {
            if all {
                return Err(error);
            }
            out.unread_cell(&sheet, None, &format!("cannot be read: {error}"));
        }
        for name in names {
            out.sheet_name(name)?;
        }
        Ok(())
    }
}

/// What concerns the book as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SheetBook {
    /// Whether days are counted from 1904 instead of 1900.
    pub since_1904: bool,
    pub sheets: Vec<SheetHead>,
    pub names: Vec<DefinedName>,
    /// Other files that formulas refer to, as the book names them.
    pub external_links: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetHead {
    pub name: String,
    pub visibility: Visibility,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    Visible,
    Hidden,
    /// Hidden, and not offered to be shown.
    VeryHidden,
}

/// A name that a book gives to cells or to a formula.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinedName {
    pub name: String,
    /// 0-based index of the sheet in which the name is known; `None` for the whole book.
    pub sheet: Option<u32>,
    pub formula: String,
    pub hidden: bool,
}

/// Whether rows or columns are hidden, and their level in an outline. Both ends are included and counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineState {
    pub first: u32,
    pub last: u32,
    pub hidden: bool,
    pub outline: u8,
}

impl LineState {
    /// Returns the state of rows or columns, if it is not the usual one.
    fn unusual(first: u32, last: u32, hidden: bool, outline: u8) -> Option<Self> {
        ((hidden || outline > 0) && first <= last).then_some(Self { first, last, hidden, outline })
    }
}

/// A cell that has a value or a formula. Rows and columns are counted from 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell<'a> {
    pub row: u32,
    pub column: u32,
    pub value: Value<'a>,
    /// The value as the number format of the cell displays it. `None` if the format cannot be applied.
    pub shown: Option<&'a str>,
    pub formula: Option<Formula<'a>>,
    /// What the cell's number format displays.
    pub class: FormatClass,
}

impl Cell<'_> {
    /// Returns whether what is displayed lacks digits of a whole number, as `4.711E+12` does.
    pub(crate) fn is_cut(&self, shown: &str) -> bool {
        let whole = matches!(self.value, Value::Number(number) if number.fract() == 0.0);
        whole && self.class == FormatClass::General && shown.contains('E')
    }

    /// Appends the value with all its digits: whole numbers without a point, dates as dates.
    pub(crate) fn push_value(&self, since_1904: bool, out: &mut String) {
        match self.value {
            Value::Empty => {}
            Value::Text(text) | Value::Error(text) | Value::Date(text) => out.push_str(text),
            Value::Bool(value) => out.push_str(if value { "TRUE" } else { "FALSE" }),
            Value::Number(number) if self.class == FormatClass::Date => {
                push_date(&ExcelDateTime::new(number, ExcelDateTimeType::DateTime, since_1904), out);
            }
            // `Display` of f64 is the shortest form that reads back the same, and has no `.0`.
            Value::Number(number) => push(out, format_args!("{number}")),
        }
    }
}

/// Appends a date as year, month and day, and a time if it has one; only the number if it is not a date.
pub(crate) fn push_date(date: &ExcelDateTime, out: &mut String) {
    let days = date.as_f64();
    // Outside the calendar's range only the number can be shown.
    if date.is_duration() || !(0.0..2_958_466.0).contains(&days) {
        return push(out, format_args!("{days}"));
    }
    let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
    if days >= 1.0 {
        push(out, format_args!("{year:04}-{month:02}-{day:02}"));
        if (hour, minute, second) == (0, 0, 0) {
            return;
        }
        out.push(' ');
    }
    push(out, format_args!("{hour:02}:{minute:02}"));
    if second != 0 {
        push(out, format_args!(":{second:02}"));
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok(), "a String takes all text");
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    Empty,
    Text(&'a str),
    Number(f64),
    Bool(bool),
    /// An error value, such as `#N/A`, as the file writes it.
    Error(&'a str),
    /// A date or time that the file writes as text (ISO 8601).
    Date(&'a str),
}

/// What a number format displays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FormatClass {
    #[default]
    General,
    Number,
    Percent,
    Currency,
    Date,
    Duration,
    Text,
}

impl FormatClass {
    fn is_amount(self) -> bool {
        matches!(self, Self::Number | Self::Percent | Self::Currency)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Formula<'a> {
    /// Empty for a cell that uses the formula of its group's anchor.
    pub text: &'a str,
    /// The group of cells that share one formula.
    pub shared: Option<u32>,
    pub result: FormulaResult,
}

/// What a file stores as the result of a formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormulaResult {
    Stored,
    /// The file stores an empty result, which is not a text.
    Empty,
    Absent,
}

/// A text outside cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SheetText<'a> {
    pub kind: TextKind,
    /// Row and column of the cell it belongs to, or at which it begins; `None` if it belongs to the sheet.
    pub cell: Option<(u32, u32)>,
    pub text: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextKind {
    Comment,
    Shape,
    Chart,
    HeaderFooter,
    /// A title, message or list of choices of a rule for input.
    Validation,
    /// The target, tip or text of a link.
    Link,
}

/// Cells from `first` to `last`, both included: row and column, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    pub first: (u32, u32),
    pub last: (u32, u32),
}

/// A table that the file declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredTable {
    pub name: String,
    pub area: Area,
    pub header_rows: u32,
    pub totals_rows: u32,
    pub columns: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleKind {
    Input,
    Appearance,
}
