//! A report read as a spreadsheet program does.

use std::io::Cursor;
use std::path::Path;

use calamine::{Data, Reader, Xlsx};

/// An opened report.
pub struct OpenedReport(Xlsx<Cursor<Vec<u8>>>);

/// One sheet: a header and the rows below it.
#[derive(Debug)]
pub struct SheetTable {
    header: Vec<String>,
    rows: Vec<Vec<Data>>,
}

impl OpenedReport {
    pub fn open(path: &Path) -> Self {
        Self::read(std::fs::read(path).expect("a report was written"))
    }

    pub fn read(bytes: Vec<u8>) -> Self {
        Self(Xlsx::new(Cursor::new(bytes)).expect("the report is a workbook"))
    }

    pub fn sheets(&self) -> Vec<String> {
        self.0.sheet_names()
    }

    /// Whether a sheet has a column.
    pub fn has(&mut self, sheet: &str, column: &str) -> bool {
        self.table(sheet).header.iter().any(|title| title == column)
    }

    pub fn table(&mut self, sheet: &str) -> SheetTable {
        let range = self.0.worksheet_range(sheet).expect("the sheet is there");
        let mut rows = range.rows();
        let header = rows.next().expect("a header");
        SheetTable {
            header: header.iter().map(ToString::to_string).collect(),
            rows: rows.map(<[Data]>::to_vec).collect(),
        }
    }
}

impl SheetTable {
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn cells(&self, column: &str) -> Vec<&Data> {
        let index = self.header.iter().position(|title| title == column);
        let index = index.unwrap_or_else(|| panic!("no column {column}: {:?}", self.header));
        self.rows.iter().map(|row| &row[index]).collect()
    }

    pub fn texts(&self, column: &str) -> Vec<String> {
        self.cells(column).into_iter().map(ToString::to_string).collect()
    }

    /// Returns the value next to a label.
    pub fn value(&self, label: &str) -> String {
        let row = self.rows.iter().find(|row| row[0] == *label);
        row.unwrap_or_else(|| panic!("no {label}"))[1].to_string()
    }

    /// Returns two columns as pairs.
    pub fn pairs(&self, one: &str, other: &str) -> Vec<(String, String)> {
        self.texts(one).into_iter().zip(self.texts(other)).collect()
    }
}
