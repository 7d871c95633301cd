//! The cells of one sheet on their way out: what each displays, and those whose content is not known.

use super::styles::CellStyles;
use super::{Cell, Formula, FormulaResult, LAST_COLUMN, LAST_ROW, Value};
use crate::ExtractError;
use crate::output::UnitOutput;

/// How often something happened in a sheet, and at which cell first.
#[derive(Default)]
struct Tally {
    count: u64,
    first: (u32, u32),
}

impl Tally {
    fn add(&mut self, cell: (u32, u32)) {
        if self.count == 0 {
            self.first = cell;
        }
        self.count += 1;
    }
}

pub(super) struct Cells<'a> {
    sheet: &'a str,
    styles: &'a CellStyles,
    since_1904: bool,
    /// Reused from cell to cell.
    shown: String,
    without_result: Tally,
    without_format: Tally,
    without_text: Tally,
    outside: u64,
}

impl<'a> Cells<'a> {
    pub fn new(sheet: &'a str, styles: &'a CellStyles, since_1904: bool) -> Self {
        Self {
            sheet,
            styles,
            since_1904,
            shown: String::new(),
            without_result: Tally::default(),
            without_format: Tally::default(),
            without_text: Tally::default(),
            outside: 0,
        }
    }

    /// Passes on a cell. `value` is `None` if the text that it refers to is missing in the file.
    pub fn push(
        &mut self,
        at: (u32, u32),
        style: usize,
        value: Option<Value<'_>>,
        formula: Option<Formula<'_>>,
        out: &mut UnitOutput<'_>,
    ) -> Result<(), ExtractError> {
        let (row, column) = at;
        if row > LAST_ROW || column > LAST_COLUMN {
            self.outside += 1;
            return Ok(());
        }
        if value.is_none() {
            self.without_text.add(at);
        }
        if formula.is_some_and(|formula| formula.result != FormulaResult::Stored) {
            self.without_result.add(at);
        }
        let value = value.unwrap_or(Value::Empty);
        let format = self.styles.format(style);
        self.shown.clear();
        let shown = match value {
            Value::Empty => Some(""),
            // Most texts are displayed as they are.
            Value::Text(text) if format.keeps_text() => Some(text),
            Value::Text(text) => {
                format.push_text(text, &mut self.shown);
                Some(self.shown.as_str())
            }
            Value::Number(number) => {
                if format.push_number(number, self.since_1904, &mut self.shown) {
                    Some(self.shown.as_str())
                } else {
                    self.without_format.add(at);
                    None
                }
            }
            Value::Bool(value) => Some(if value { "TRUE" } else { "FALSE" }),
            Value::Error(text) | Value::Date(text) => Some(text),
        };
        let cell = Cell { row, column, value, shown, formula, class: format.class };
        out.sheet_cell(&cell, self.since_1904)
    }

    /// Counts a cell whose address is outside the grid.
    pub fn push_outside(&mut self) {
        self.outside += 1;
    }

    /// Ends the sheet in `part`, which was read up to `row`: reports the cells whose content, as a person would see it, is
    /// not known, and says in an error how far it was read. `found` is `None` if there is no such part.
    pub fn end(
        &self,
        part: &str,
        found: Result<Option<()>, ExtractError>,
        row: Option<u32>,
        out: &mut UnitOutput<'_>,
    ) -> Result<(), ExtractError> {
        self.report(out);
        match (found, row) {
            (Ok(Some(())), _) => Ok(()),
            (Ok(None), _) => Err(ExtractError::Damaged(format!("its part {part} is missing"))),
            (Err(ExtractError::Damaged(why)), Some(row)) => {
                let row = u64::from(row) + 1;
                Err(ExtractError::Damaged(format!("{why}; it was read up to row {row}")))
            }
            (Err(error), _) => Err(error),
        }
    }

    fn report(&self, out: &mut UnitOutput<'_>) {
        let mut report = |tally: &Tally, what: &str| {
            if tally.count > 0 {
                let why = format!("{} {what}, of which this is the first", cells(tally.count));
                out.unread_cell(self.sheet, Some(tally.first), &why);
            }
        };
        report(
            &self.without_result,
            "with a formula whose result is not stored (open the file in a spreadsheet program and save it)",
        );
        report(&self.without_format, "with a number format that cannot be applied");
        report(&self.without_text, "with a text that is missing in the file");
        if self.outside > 0 {
            out.unread_cell(self.sheet, None, &format!("{} outside the grid", cells(self.outside)));
        }
    }
}

fn cells(count: u64) -> String {
    if count == 1 { "1 cell".to_owned() } else { format!("{count} cells") }
}
