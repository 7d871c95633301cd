//! Tables that grow row by row and continue on another sheet at Excel's limits.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Image, ObjectMovement, Url, Workbook, Worksheet};

use super::cell::{self, ReportCell};
use super::style::Styles;
use super::{Meta, ReportError, text};

/// Rows of a sheet, not counting its header.
const MAX_ROWS: u32 = 1_048_575;
/// Links of the whole workbook. Excel allows 65,530 on a sheet, but each link takes 1.4 KB of memory until the report
/// is finished, so that as many on each sheet would cost more than everything else.
const MAX_LINKS: u32 = 65_000;

/// Height of a line of text, in points.
const LINE: f64 = 15.0;
/// Height of a header.
const HEADER: f64 = 20.0;
/// The largest size of a picture, in screen pixels; the width of its column, with some room around it, in characters;
/// and the height of its row, in points.
const PICTURE: (u32, u32) = (300, 100);
const PICTURE_COLUMN: u16 = 44;
const PICTURE_ROW: f64 = 79.5;
/// Pixels between a picture and the edges of its cell.
const PICTURE_EDGE: u32 = 2;
/// Lines shown of a long text before its row stops growing.
const MAX_LINES: usize = 6;

/// A kind of table.
#[derive(Debug)]
pub(super) struct TableLayout {
    /// Name of its first sheet.
    pub(super) name: &'static str,
    pub(super) columns: &'static [ReportColumn],
}

#[derive(Debug)]
pub(super) struct ReportColumn {
    title: &'static str,
    /// In characters.
    width: u16,
    holds: ColumnContent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ColumnContent {
    Text,
    Numbers,
    /// Shown on screen only.
    Links,
}

impl ReportColumn {
    pub(super) const fn text(title: &'static str, width: u16) -> Self {
        Self { title, width, holds: ColumnContent::Text }
    }

    pub(super) const fn numbers(title: &'static str, width: u16) -> Self {
        Self { title, width, holds: ColumnContent::Numbers }
    }

    pub(super) const fn pictures(title: &'static str) -> Self {
        Self { title, width: PICTURE_COLUMN, holds: ColumnContent::Text }
    }

    pub(super) const fn links() -> Self {
        Self { title: "Link", width: 60, holds: ColumnContent::Links }
    }
}

/// The workbook being built.
pub(super) struct Book {
    workbook: Workbook,
    pub(super) styles: Styles,
    max_rows: u32,
    links_left: u32,
}

impl Default for Book {
    fn default() -> Self {
        Self::with_limits(MAX_ROWS, MAX_LINKS)
    }
}

/// One table, over as many sheets as it needs.
pub(super) struct ReportTable {
    layout: &'static TableLayout,
    full: Vec<Worksheet>,
    sheet: Worksheet,
    /// Row of the current sheet; the header is row 0.
    row: u32,
    /// The height that this row gets once another one follows.
    height: Option<f64>,
    /// Whether this row holds a picture.
    ends_pictured: bool,
}

impl Book {
    pub(super) fn with_limits(max_rows: u32, max_links: u32) -> Self {
        Self { workbook: Workbook::new(), styles: Styles::default(), max_rows, links_left: max_links }
    }

    pub(super) fn push(&mut self, sheet: Worksheet) {
        self.workbook.push_worksheet(sheet);
    }

    pub(super) fn push_table(&mut self, mut table: ReportTable) -> Result<(), ReportError> {
        table.close(&self.styles)?;
        for sheet in table.full.into_iter().chain([table.sheet]) {
            self.workbook.push_worksheet(sheet);
        }
        Ok(())
    }

    pub(super) fn save(mut self, meta: &Meta) -> Result<Vec<u8>, ReportError> {
        let created = ExcelDateTime::from_timestamp(meta.started.timestamp())?;
        let properties = DocProperties::new().set_title("Riffle scan report").set_creation_datetime(&created);
        self.workbook.set_properties(&properties);
        Ok(self.workbook.save_to_buffer()?)
    }

    fn sheet(&mut self, layout: &TableLayout, number: usize) -> Result<Worksheet, ReportError> {
        let mut sheet = self.workbook.new_worksheet_with_constant_memory()?;
        let name = if number == 1 { layout.name.to_owned() } else { format!("{} {number}", layout.name) };
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        sheet.set_landscape().set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?;
        sheet.set_footer("&L&A&RPage &P of &N");
        for (index, column) in (0_u16..).zip(layout.columns) {
            let style = match column.holds {
                ColumnContent::Numbers => &self.styles.number_header,
                ColumnContent::Text | ColumnContent::Links => &self.styles.header,
            };
            sheet.set_column_width(index, column.width)?;
            sheet.write_string_with_format(0, index, column.title, style)?;
        }
        Ok(sheet)
    }
}

impl ReportTable {
    pub(super) fn new(layout: &'static TableLayout, book: &mut Book) -> Result<Self, ReportError> {
        Ok(Self {
            sheet: book.sheet(layout, 1)?,
            layout,
            full: Vec::new(),
            row: 0,
            height: Some(HEADER),
            ends_pictured: false,
        })
    }

    /// Adds a row. Cells beyond the table's columns would have no header and are dropped; passing them is a bug.
    pub(super) fn row<'a>(
        &mut self,
        book: &mut Book,
        cells: impl IntoIterator<Item = ReportCell<'a>>,
    ) -> Result<(), ReportError> {
        if self.row == book.max_rows {
            self.close(&book.styles)?;
            self.height = Some(HEADER);
            let next = book.sheet(self.layout, self.full.len() + 2)?;
            self.full.push(std::mem::replace(&mut self.sheet, next));
            self.row = 0;
        }
        // `rust_xlsxwriter` writes the last row of a sheet twice if it has a height, and readers then take the file for
        // damaged. So a height is set only once another row follows. Readers fit the last row themselves.
        if let Some(height) = self.height.take() {
            self.sheet.set_row_height(self.row, height)?;
        }
        self.row += 1;
        let (mut lines, mut pictured) = (1, false);
        for ((index, column), cell) in (0_u16..).zip(self.layout.columns).zip(cells) {
            match &cell {
                ReportCell::Wrapped(text) | ReportCell::Note(text) => {
                    // Lines are not filled to the end, because words are not broken.
                    lines = lines.max((text.chars().count() * 10 / 9).div_ceil(usize::from(column.width)));
                }
                ReportCell::Picture { .. } => pictured = true,
                _ => {}
            }
            self.cell(book, index, cell)?;
        }
        if lines > 1 {
            // Not all readers fit the rows of a file they open.
            let lines = u32::try_from(lines.min(MAX_LINES)).unwrap_or(1);
            self.height = Some(LINE * f64::from(lines));
        }
        if pictured {
            self.height = Some(self.height.map_or(PICTURE_ROW, |height| height.max(PICTURE_ROW)));
        }
        self.ends_pictured = pictured;
        Ok(())
    }

    fn cell(&mut self, book: &mut Book, column: u16, cell: ReportCell<'_>) -> Result<(), ReportError> {
        let (sheet, row, styles) = (&mut self.sheet, self.row, &book.styles);
        match cell {
            ReportCell::Blank => {}
            ReportCell::Text(text) => {
                sheet.write_string_with_format(row, column, text::cell(&text), &styles.text)?;
            }
            ReportCell::Wrapped(text) => {
                sheet.write_string_with_format(row, column, text::cell(&text), &styles.wrapped)?;
            }
            ReportCell::Word(text, tone) => {
                sheet.write_string_with_format(row, column, text::cell(&text), styles.tone(tone))?;
            }
            ReportCell::Note(text) => {
                sheet.write_string_with_format(row, column, text::cell(&text), &styles.note)?;
            }
            ReportCell::Picture { png, shows } => match Image::new_from_buffer(png) {
                Ok(image) => {
                    // Moves and sizes with its cells, so that it is sorted and filtered with its row.
                    let image = image
                        .set_scale_to_size(PICTURE.0, PICTURE.1, true)
                        .set_object_movement(ObjectMovement::MoveAndSizeWithCells)
                        .set_alt_text(text::cell(shows));
                    sheet.insert_image_with_offset(row, column, &image, PICTURE_EDGE, PICTURE_EDGE)?;
                }
                Err(error) => {
                    let why = format!("the picture cannot be shown: {error}");
                    sheet.write_string_with_format(row, column, text::cell(&why), &styles.note)?;
                }
            },
            ReportCell::Number(number) => {
                sheet.write_number_with_format(row, column, number_of(number), &styles.number)?;
            }
            ReportCell::Page(page) => {
                sheet.write_number_with_format(row, column, page, &styles.page)?;
            }
            ReportCell::Line(line) => {
                sheet.write_number_with_format(row, column, number_of(line), &styles.line)?;
            }
            ReportCell::Link(link) => {
                let shown = text::cell(&link);
                match cell::target(&link).filter(|_| book.links_left > 0) {
                    Some(target) => {
                        book.links_left -= 1;
                        let url = Url::new(target).set_text(shown);
                        sheet.write_url_with_format(row, column, url, &styles.link)?;
                    }
                    None => {
                        sheet.write_string_with_format(row, column, shown, &styles.text)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends the current sheet. The filter covers the rows written; links are not printed, because they are of no use on
    /// paper.
    fn close(&mut self, styles: &Styles) -> Result<(), ReportError> {
        // A picture is sized by its row, so a last row with a picture needs its height, and an empty row follows it.
        if let Some(height) = self.height.take().filter(|_| self.ends_pictured) {
            self.sheet.set_row_height(self.row, height)?;
            self.sheet.write_blank(self.row + 1, 0, &styles.text)?;
        }
        let last_of = |printed: bool| {
            let columns = (0_u16..).zip(self.layout.columns);
            columns
                .filter(|(_, column)| !(printed && column.holds == ColumnContent::Links))
                .map(|(index, _)| index)
                .last()
        };
        let (shown, printed) = (last_of(false).unwrap_or_default(), last_of(true).unwrap_or_default());
        self.sheet.autofilter(0, 0, self.row.max(1), shown)?;
        self.sheet.set_print_area(0, 0, self.row.max(1), printed)?;
        Ok(())
    }
}

/// Converts a count. Excel's numbers are floating point: exact up to 2^53, far beyond what is counted here.
#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
pub(super) fn number_of(count: u64) -> f64 {
    count as f64
}
