//! The number formats of cells.

use std::collections::HashMap;

use super::number_format::NumberFormat;

/// The formats that cells refer to.
pub(super) struct CellStyles {
    codes: HashMap<u32, String>,
    /// By the number of the format: files repeat the same few formats in thousands of styles.
    known: HashMap<u32, usize>,
    formats: Vec<NumberFormat>,
    /// For each style of cells, the index of its format.
    cells: Vec<usize>,
    general: NumberFormat,
}

impl Default for CellStyles {
    fn default() -> Self {
        Self {
            codes: HashMap::new(),
            known: HashMap::new(),
            formats: Vec::new(),
            cells: Vec::new(),
            general: NumberFormat::general(),
        }
    }
}

impl CellStyles {
    /// Adds a format that the file defines. It precedes the styles that use it.
    pub fn define(&mut self, id: u32, code: String) {
        self.codes.insert(id, code);
    }

    /// Adds the next style of cells, by the number of its format.
    pub fn push(&mut self, id: u32) {
        let index = *self.known.entry(id).or_insert_with(|| {
            self.formats.push(match self.codes.get(&id) {
                Some(code) => NumberFormat::parse(code),
                None => NumberFormat::built_in(id),
            });
            self.formats.len() - 1
        });
        self.cells.push(index);
    }

    /// Returns the number format of a style.
    pub fn format(&self, style: usize) -> &NumberFormat {
        self.cells.get(style).and_then(|index| self.formats.get(*index)).unwrap_or(&self.general)
    }
}
