//! Border with zones, title block and revisions.

use crate::canvas::{Anchor, Point};
use crate::codes::CodeBook;
use crate::sheet::{Sheet, Title};
use crate::style::{Paper, REVISIONS};

/// Width of the column on the right that has the tables, notes and title block, in the A3 layout.
pub(crate) const COLUMN: f32 = 372.0;
const TITLE_HEIGHT: f32 = 132.0;

/// The free area of the sheet inside its border.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Free {
    pub(crate) left: f32,
    pub(crate) bottom: f32,
    pub(crate) right: f32,
    pub(crate) top: f32,
}

/// Draws the border with its zone letters and numbers, and returns the area inside.
pub(crate) fn border(sheet: &mut Sheet<'_>) -> Free {
    let (width, height) = sheet.style.paper.size();
    let (outer, inner) = (sheet.len(14.0), sheet.len(32.0));
    sheet.frame((outer, outer), (width - 2.0 * outer, height - 2.0 * outer), 0.5);
    sheet.frame((inner, inner), (width - 2.0 * inner, height - 2.0 * inner), 1.8);
    let pen = sheet.len(0.5);
    sheet.canvas.pen(pen, false);
    let face = sheet.style.callout;
    let (columns, rows): (u8, u8) = if sheet.style.paper == Paper::A3 { (8, 6) } else { (6, 4) };
    let middle = f32::midpoint(outer, inner);
    let drop = sheet.len(3.2);
    for column in 0..columns {
        let step = (width - 2.0 * inner) / f32::from(columns);
        let x = inner + step * f32::from(column);
        for (low, high) in [(outer, inner), (height - inner, height - outer)] {
            if column > 0 {
                sheet.rule((x, low), (x, high));
            }
            let name = (column + 1).to_string();
            let at = (x + step / 2.0, f32::midpoint(low, high) - drop);
            sheet.text(&name, at, 9.0, face, Anchor::Middle);
        }
    }
    for row in 0..rows {
        let step = (height - 2.0 * inner) / f32::from(rows);
        let y = height - inner - step * f32::from(row);
        for (low, high) in [(outer, inner), (width - inner, width - outer)] {
            if row > 0 {
                sheet.rule((low, y), (high, y));
            }
            let name = char::from(b'A' + row).to_string();
            let x = if low < width / 2.0 { middle } else { width - middle };
            sheet.text(&name, (x, y - step / 2.0 - drop), 9.0, face, Anchor::Middle);
        }
    }
    Free { left: inner, bottom: inner, right: width - inner, top: height - inner }
}

/// A cell of the title block: left, bottom, width and height in the A3 layout, measured from the block's lower left
/// corner; a small caption; the text; and the size of the text.
type TitleCell<'a> = ([f32; 4], &'a str, &'a str, f32);

/// Draws the title block at the lower right, and returns the height of its top edge.
pub(crate) fn title_block(sheet: &mut Sheet<'_>, free: Free, title: &Title, scale: &str) -> f32 {
    let (x, y) = (free.right - sheet.len(COLUMN), free.bottom);
    let style = sheet.style;
    let (body, heading) = (style.body, style.heading);
    let pages = format!("{} OF {}", title.sheet, title.sheets);
    let (number, revision) = (&title.number, title.revision.to_string());
    let cells: [TitleCell<'_>; 12] = [
        ([0.0, 0.0, 104.0, 26.0], "SCALE", scale, 9.0),
        ([104.0, 0.0, 52.0, 26.0], "SIZE", style.paper.name(), 9.0),
        ([156.0, 0.0, 84.0, 26.0], "SHEET", &pages, 9.0),
        ([240.0, 0.0, 132.0, 26.0], "MASS", "SEE PARTS LIST", 8.0),
        ([0.0, 26.0, 104.0, 24.0], "DRAWN", style.drawn, 8.0),
        ([0.0, 50.0, 104.0, 24.0], "CHECKED", style.checked, 8.0),
        ([0.0, 74.0, 104.0, 24.0], "DATE", &title.date, 8.0),
        ([104.0, 26.0, 216.0, 30.0], "DRAWING NO.", number, 13.0),
        ([320.0, 26.0, 52.0, 30.0], "REV", &revision, 13.0),
        ([0.0, 98.0, 104.0, 34.0], "PROJECTION", "", 8.0),
        ([104.0, 56.0, 268.0, 42.0], "TITLE", "", 8.0),
        ([104.0, 98.0, 268.0, 34.0], "", "", 8.0),
    ];
    for (place, caption, text, size) in cells {
        let [from, low, width, height] = place.map(|a3| sheet.len(a3));
        let (left, bottom) = (x + from, y + low);
        sheet.frame((left, bottom), (width, height), 0.6);
        let under_top = bottom + height - sheet.len(7.5);
        let indent = left + sheet.len(4.0);
        sheet.text(caption, (indent, under_top), 5.2, body, Anchor::Start);
        let line = bottom + sheet.len(5.0);
        let face = if size > 10.0 { heading } else { body };
        sheet.text(text, (left + width / 2.0, line), size, face, Anchor::Middle);
    }
    let middle = x + sheet.len(104.0 + 134.0);
    let line = |sheet: &Sheet<'_>, a3: f32| (middle, y + sheet.len(a3));
    let at = line(sheet, 117.0);
    sheet.text(style.company.0, at, 12.0, heading, Anchor::Middle);
    let at = line(sheet, 104.0);
    sheet.text(style.company.1, at, 7.0, body, Anchor::Middle);
    let at = line(sheet, 76.0);
    sheet.text(title.name, at, 11.0, heading, Anchor::Middle);
    let at = line(sheet, 62.0);
    sheet.text(title.of, at, 9.0, body, Anchor::Middle);
    projection(sheet, (x + sheet.len(52.0), y + sheet.len(111.0)));
    let (width, height) = (sheet.len(COLUMN), sheet.len(TITLE_HEIGHT));
    sheet.frame((x, y), (width, height), 1.8);
    y + height
}

/// Draws the symbol for third angle projection: a cone from its end and from its side.
fn projection(sheet: &mut Sheet<'_>, (x, y): Point) {
    let unit = sheet.len(1.0);
    sheet.canvas.pen(0.6 * unit, false);
    sheet.canvas.circle((x - 17.0 * unit, y), 8.0 * unit);
    sheet.canvas.circle((x - 17.0 * unit, y), 4.0 * unit);
    let cone = [(5.0, -4.0), (5.0, 4.0), (28.0, 8.0), (28.0, -8.0)];
    let cone: Vec<Point> = cone.iter().map(|(dx, dy)| (x + dx * unit, y + dy * unit)).collect();
    sheet.canvas.line(&cone, true);
    sheet.canvas.pen(0.4 * unit, true);
    sheet.rule((x - 29.0 * unit, y), (x + 33.0 * unit, y));
}

/// Draws the revisions at the upper right, the first at the bottom, and returns the height of their lower edge.
pub(crate) fn revisions(sheet: &mut Sheet<'_>, free: Free, title: &Title, codes: &CodeBook) -> f32 {
    let (width, row) = (sheet.len(COLUMN), sheet.len(15.0));
    let left = free.right - width;
    let face = sheet.style.body;
    let columns = [0.0, 34.0, 292.0];
    let mut top = free.top;
    let mut line = |sheet: &mut Sheet<'_>, cells: [&str; 3]| {
        sheet.frame((left, top - row), (width, row), 0.6);
        for (text, column) in cells.iter().zip(columns) {
            let x = left + sheet.len(column);
            if column > 0.0 {
                sheet.rule((x, top - row), (x, top));
            }
            let at = (x + sheet.len(5.0), top - row + sheet.len(4.5));
            sheet.cut_text(text, at, 7.5, face, Anchor::Start);
        }
        top -= row;
    };
    line(sheet, ["REV", "DESCRIPTION", "DATE"]);
    for letter in ('A'..=title.revision).rev() {
        let text = if letter == 'A' {
            "FIRST ISSUE".to_owned()
        } else {
            let pattern = sheet.rng.pick(REVISIONS);
            let code = codes.any(sheet.rng);
            if pattern.contains('@') {
                pattern.replace('@', &sheet.spell(&code, face))
            } else {
                pattern.to_owned()
            }
        };
        let date = day(sheet.rng, letter);
        let date = if letter == title.revision { &title.date } else { &date };
        line(sheet, [&letter.to_string(), &text, date]);
    }
    top
}

/// Returns a day on which revision `letter` might have been issued: each letter has its own two years, so that later
/// letters have later days.
pub(crate) fn day(rng: &mut crate::rng::SampleRng, letter: char) -> String {
    let year = 2014 + 2 * (u32::from(letter) - u32::from('A')) + rng.below(2);
    format!("{year}-{:02}-{:02}", rng.between(1, 12), rng.between(1, 28))
}
