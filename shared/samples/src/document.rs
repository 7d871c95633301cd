//! One drawing: its sheets and their content.

use std::collections::BTreeSet;

use crate::border::{self, Free};
use crate::codes::CodeBook;
use crate::part::{Hole, MachinePart};
use crate::pen::Pen;
use crate::raster::Raster;
use crate::rng::SampleRng;
use crate::sheet::{Sheet, Title};
use crate::style::{FINISHES, MATERIALS, PART_NAMES, Paper, Style};
use crate::{pdf, tables, view};

/// The content of a page in the PDF.
#[derive(Debug)]
pub(crate) enum PageBody {
    Drawn { content: Vec<u8>, faces: BTreeSet<crate::faces::Face> },
    Scanned(Raster),
}

#[derive(Debug)]
pub(crate) struct SamplePage {
    pub(crate) body: PageBody,
    pub(crate) paper: Paper,
    /// Target codes that a person can read on the page.
    pub(crate) target_codes: BTreeSet<u32>,
    /// The text line by line; filled only in tests.
    #[cfg_attr(not(test), expect(dead_code, reason = "read only by the tests' independent search"))]
    pub(crate) lines: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct SampleDrawing {
    /// File name.
    pub(crate) name: String,
    pub(crate) pages: Vec<SamplePage>,
    pub(crate) bytes: Vec<u8>,
}

/// The properties of a file that are not random.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) one_page: bool,
    /// Whether the last page is a scan.
    pub(crate) scan: bool,
}

/// Makes drawing `number` of `seed`.
pub(crate) fn make(seed: u64, number: u32, wish: Wish, codes: &CodeBook) -> SampleDrawing {
    let rng = &mut SampleRng::stream(seed, u64::from(number));
    let style = Style::choose(rng);
    let count = if wish.one_page {
        1
    } else {
        match rng.below(100) {
            0..70 => 1,
            70..88 => 2,
            88..96 => 3,
            _ => 4 + rng.index(3),
        }
    };
    let (name, of) = rng.pick(PART_NAMES);
    let revision = char::from(b"AABCD"[rng.index(5)]);
    let mut title = Title {
        number: format!("RF-{:05}-{:02}", 10_000 + number, 1 + rng.below(20)),
        name,
        of,
        material: rng.pick(MATERIALS),
        finish: rng.pick(FINISHES),
        revision,
        date: border::day(rng, revision),
        sheet: 1,
        sheets: count,
    };
    let pages: Vec<SamplePage> = (1..=count)
        .map(|sheet| {
            title.sheet = sheet;
            if wish.scan && sheet == count {
                scanned(&style.plotted(), &title, codes, rng)
            } else {
                drawn(&style, &title, sheet > 1 && rng.chance(40), codes, rng)
            }
        })
        .collect();
    let file = pdf::PdfFile {
        title: format!("{} {name}", title.number),
        author: style.drawn,
        compressed: rng.chance(92),
        cross_reference_stream: rng.chance(40),
    };
    let bytes = file.write(&pages);
    SampleDrawing { name: format!("{}_{revision}.pdf", title.number), pages, bytes }
}

fn drawn(style: &Style, title: &Title, schedule: bool, codes: &CodeBook, rng: &mut SampleRng) -> SamplePage {
    // Cuts and kerning have their own random numbers, so that the text of a sheet does not depend on them.
    let mut pen = Pen::new(rng.clone());
    let mut sheet = Sheet::new(&mut pen, style, rng);
    if schedule {
        schedule_sheet(&mut sheet, title, codes);
    } else {
        plan(&mut sheet, title, codes);
    }
    let (target_codes, lines) = (sheet.target_codes, sheet.lines);
    let (content, faces) = pen.finish();
    SamplePage { body: PageBody::Drawn { content, faces }, paper: style.paper, target_codes, lines }
}

fn scanned(style: &Style, title: &Title, codes: &CodeBook, rng: &mut SampleRng) -> SamplePage {
    let mut raster = Raster::new(style.paper.size(), rng);
    let mut sheet = Sheet::new(&mut raster, style, rng);
    plan(&mut sheet, title, codes);
    let (target_codes, lines) = (sheet.target_codes, sheet.lines);
    SamplePage { body: PageBody::Scanned(raster), paper: style.paper, target_codes, lines }
}

/// Draws a view of a part at the left, with its hole table and notes at the right.
fn plan(sheet: &mut Sheet<'_>, title: &Title, codes: &CodeBook) {
    let free = border::border(sheet);
    let most = if sheet.style.paper == Paper::A3 { 16 } else { 12 };
    let part = MachinePart::make(codes, most, sheet.rng);
    let column = free.right - sheet.len(border::COLUMN);
    let left = Free { right: column, ..free };
    let scale = view::scale(sheet, &part, left);
    view::draw(sheet, &part, left, scale);
    let top = border::revisions(sheet, free, title, codes);
    let (margin, width) = (sheet.len(10.0), free.right - column - 2.0 * sheet.len(10.0));
    let below = tables::holes(sheet, (column + margin, top - margin), width, &part.holes, "HOLE TABLE");
    let floor = border::title_block(sheet, free, title, scale.1);
    material(sheet, title, (column + margin, floor));
    let floor = floor + sheet.len(20.0);
    tables::notes(sheet, (column + margin, below - margin), width, floor, codes);
}

fn material(sheet: &mut Sheet<'_>, title: &Title, (x, floor): (f32, f32)) {
    let text = format!("MATERIAL {}   FINISH {}", title.material, title.finish);
    let at = (x, floor + sheet.len(6.0));
    let face = sheet.style.body;
    sheet.text(&text, at, 7.5, face, crate::canvas::Anchor::Start);
}

/// Draws hole tables side by side, without a view.
fn schedule_sheet(sheet: &mut Sheet<'_>, title: &Title, codes: &CodeBook) {
    let free = border::border(sheet);
    let top = border::revisions(sheet, free, title, codes);
    let column = free.right - sheet.len(border::COLUMN);
    let margin = sheet.len(10.0);
    let width = sheet.len(border::COLUMN) - 2.0 * margin;
    let mut left = free.left + margin;
    for block in 1..=2 {
        let holes: Vec<Hole> = (0..2).flat_map(|_| MachinePart::make(codes, 16, sheet.rng).holes).collect();
        tables::holes(sheet, (left, free.top - margin), width, &holes, &format!("HOLE SCHEDULE {block}"));
        left += width + margin;
    }
    let floor = border::title_block(sheet, free, title, "-");
    material(sheet, title, (column + margin, floor));
    let floor = floor + sheet.len(20.0);
    tables::notes(sheet, (column + margin, top - margin), width, floor, codes);
}
