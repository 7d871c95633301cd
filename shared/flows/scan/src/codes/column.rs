//! Chooses the column of a table that holds the codes: by its heading and content, not by its position.

use std::collections::HashSet;

use super::read::{CodeCell, CodeColumn};

/// Rows from the top in which a heading is looked for; title blocks are above it.
const HEADING_ROWS: u64 = 30;
/// The least likeness to codes of a column without a heading that says "codes".
const LEAST_LIKENESS: f64 = 0.5;

/// A heading this clear is believed, whatever is below it.
const CLEAR_HEADING: f64 = 0.5;
/// The least likeness below a vaguer heading ("Name", "No."), so that names of people do not become codes.
const LEAST_UNDER_A_HEADING: f64 = 0.2;

/// The chosen codes and where they were.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) codes: Vec<String>,
    pub(super) sheet: Option<String>,
    pub(super) column: Option<String>,
    pub(super) header: Option<String>,
}

/// Returns the best column, or `None` if no column looks like codes.
pub(super) fn choose(columns: Vec<CodeColumn>) -> Option<Choice> {
    let columns: Vec<Judged> =
        columns.into_iter().filter(|column| !column.cells.is_empty()).map(Judged::new).collect();
    if let Some(grid) = only_codes(&columns) {
        return Some(grid);
    }
    let only = columns.len() == 1;
    let mut best: Option<Judged> = None;
    for column in columns {
        let fit = column.heading >= CLEAR_HEADING
            || column.likeness >= LEAST_LIKENESS
            || column.heading > 0.0 && column.likeness >= LEAST_UNDER_A_HEADING
            || only;
        let better = best.as_ref().is_none_or(|best| column.score() > best.score());
        if fit && better && !column.values().is_empty() {
            best = Some(column);
        }
    }
    best.map(|best| Choice {
        codes: best.values().iter().map(|cell| cell.text.clone()).collect(),
        sheet: Some(best.column.sheet).filter(|sheet| !sheet.is_empty()),
        column: Some(best.column.name),
        header: best.header,
    })
}

/// Returns all codes of a table that has several columns and holds only codes: it is a list in the shape of a grid, and
/// leaving out all columns but one would lose codes. Codes are taken row by row.
fn only_codes(columns: &[Judged]) -> Option<Choice> {
    let sheet = &columns.first()?.column.sheet;
    let grid = columns.len() > 1
        && columns.iter().all(|judged| {
            let all = judged.column.cells.iter().all(|cell| code_likeness(&cell.text) >= 1.0);
            all && judged.header.is_none() && judged.column.sheet == *sheet
        });
    if !grid {
        return None;
    }
    let mut cells: Vec<&CodeCell> = columns.iter().flat_map(|judged| &judged.column.cells).collect();
    cells.sort_by_key(|cell| cell.row);
    Some(Choice {
        codes: cells.into_iter().map(|cell| cell.text.clone()).collect(),
        sheet: Some(sheet.clone()).filter(|sheet| !sheet.is_empty()),
        column: None,
        header: None,
    })
}

struct Judged {
    column: CodeColumn,
    header: Option<String>,
    /// Cells above the first code: title and heading.
    skip: usize,
    /// How clearly the heading says "codes": 0 to 1.
    heading: f64,
    /// How much the cells look like codes: 0 to 1.
    likeness: f64,
}

impl Judged {
    fn new(column: CodeColumn) -> Self {
        let cells = &column.cells;
        let named = cells
            .iter()
            .enumerate()
            .take_while(|(_, cell)| cell.row <= HEADING_ROWS)
            .map(|(index, cell)| (index, heading_score(&cell.text)))
            // If there are a title "Holes of the site" and a heading "Hole ID", the clearer one counts.
            .fold((0, 0.0), |best: (usize, f64), next| if next.1 > best.1 { next } else { best });
        let (skip, heading) = match named {
            (index, score) if score > 0.0 && index + 1 < cells.len() => (index + 1, score),
            _ if first_is_heading(cells) => (1, 0.0),
            _ => (0, 0.0),
        };
        let header = skip.checked_sub(1).map(|index| cells[index].text.clone());
        let likeness = likeness(&cells[skip..]);
        Self { column, header, skip, heading, likeness }
    }

    fn values(&self) -> &[CodeCell] {
        &self.column.cells[self.skip..]
    }

    fn score(&self) -> f64 {
        // The content of a column says more than its heading.
        self.heading + 1.5 * self.likeness
    }
}

/// Returns whether the first cell is a heading although its words do not say so: only if it alone does not look like a
/// code.
fn first_is_heading(cells: &[CodeCell]) -> bool {
    let Some((first, rest)) = cells.split_first() else {
        return false;
    };
    rest.len() >= 3
        && code_likeness(&first.text) < 0.3
        && rest.iter().all(|cell| code_likeness(&cell.text) >= 0.4)
}

#[expect(clippy::cast_precision_loss, reason = "a share of at most a million cells")]
fn likeness(cells: &[CodeCell]) -> f64 {
    if cells.is_empty() {
        return 0.0;
    }
    let total = cells.len() as f64;
    let mean = cells.iter().map(|cell| code_likeness(&cell.text)).sum::<f64>() / total;
    let distinct = cells.iter().map(|cell| cell.text.as_str()).collect::<HashSet<_>>().len() as f64 / total;
    mean * (0.3 + 0.7 * distinct)
}

/// Returns how much one text looks like a code: 1 for letters with digits in one word.
fn code_likeness(text: &str) -> f64 {
    let has = |wanted: fn(char) -> bool| text.chars().any(wanted);
    let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
    if text.chars().nth(64).is_some() || words > 3 || !has(char::is_alphanumeric) {
        return 0.0;
    }
    match (has(char::is_alphabetic), has(|c| c.is_ascii_digit())) {
        (true, true) if words == 1 => 1.0,
        (true, true) => 0.5,
        (false, true) if text.chars().all(|c| c.is_ascii_digit()) => 0.4,
        // A number with other separators is a measure or a date rather than a code, but `12-3` may be one.
        (false, true) if !has(|c| matches!(c, '.' | ',' | ':' | '/')) && has(|c| c == '-') => 0.5,
        (true, false) if words == 1 && !has(char::is_lowercase) => 0.2,
        _ => 0.0,
    }
}

/// Returns whether a line above a plain list of codes is its heading.
pub(super) fn is_header(text: &str) -> bool {
    heading_score(text) > 0.0
}

/// Returns how clearly a heading says that codes are below it: 0 to 1. A text with a digit is not a heading.
fn heading_score(text: &str) -> f64 {
    const SUBJECT: &[&str] = &[
        "hole",
        "holes",
        "holeid",
        "drillhole",
        "drillholes",
        "borehole",
        "boreholes",
        "bohrloch",
        "bohrlöcher",
        "bohrlochnr",
        "bohrlochnummer",
        "bohrung",
        "bohrungen",
        "bohrungsnummer",
        "sondierung",
        "sondage",
        "sondaje",
        "sondeo",
        "bhid",
        "dhid",
        "holecode",
        "holecodes",
        "holename",
    ];
    const CODE: &[&str] =
        &["code", "codes", "kennung", "código", "codigo", "target", "targets", "kks", "tag", "tags"];
    const NUMBER: &[&str] = &["id", "ids", "no", "nr", "number", "nummer", "name", "bezeichnung", "label"];
    const OTHER: &[&str] = &[
        "depth",
        "tiefe",
        "teufe",
        "diameter",
        "dia",
        "durchmesser",
        "type",
        "typ",
        "date",
        "datum",
        "azimuth",
        "azimut",
        "dip",
        "length",
        "länge",
        "east",
        "easting",
        "north",
        "northing",
        "elevation",
        "höhe",
        "x",
        "y",
        "z",
        "status",
        "count",
        "anzahl",
        "size",
        "remark",
        "remarks",
        "comment",
        "description",
        "beschreibung",
        "postal",
        "zip",
        "country",
    ];
    let text = text.to_lowercase();
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let any = |list: &[&str]| words.iter().any(|word| list.contains(word));
    if words.len() > 5 || text.contains(|c: char| c.is_ascii_digit()) || any(OTHER) {
        0.0
    } else if any(SUBJECT) {
        if words.len() <= 2 || any(CODE) || any(NUMBER) { 1.0 } else { 0.6 }
    } else if any(CODE) {
        0.8
    } else if any(NUMBER) && words.len() == 1 {
        0.3
    } else {
        0.0
    }
}
