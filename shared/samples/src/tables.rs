//! Hole tables and notes.

use crate::canvas::{Anchor, Point};
use crate::codes::CodeBook;
use crate::part::Hole;
use crate::sheet::Sheet;
use crate::style::{CODE_NOTES, PLAIN_NOTES};

const ROW: f32 = 15.0;
/// Left edges of the columns in the A3 layout, their captions, and whether they contain numbers.
const COLUMNS: [(f32, &str, bool); 6] = [
    (0.0, "HOLE", false),
    (98.0, "X", true),
    (148.0, "Y", true),
    (198.0, "\u{D8}", true),
    (240.0, "DEPTH", true),
    (292.0, "NOTES", false),
];

/// Draws a hole table with its upper left corner at `at`, and returns the height of its lower edge.
pub(crate) fn holes(sheet: &mut Sheet<'_>, at: Point, width: f32, holes: &[Hole], caption: &str) -> f32 {
    let (left, top) = at;
    let (row, indent, rise) = (sheet.len(ROW), sheet.len(5.0), sheet.len(4.3));
    let (face, heading) = (sheet.style.table, sheet.style.heading);
    let mut y = top - row;
    sheet.frame((left, y), (width, row), 0.6);
    sheet.text(caption, (left + width / 2.0, y + rise), 9.0, heading, Anchor::Middle);
    y -= row;
    sheet.frame((left, y), (width, row), 0.6);
    for (number, (_, text, _)) in COLUMNS.iter().enumerate() {
        let (from, to) = edges(sheet, left, width, number);
        sheet.text(text, (f32::midpoint(from, to), y + rise), 7.0, heading, Anchor::Middle);
    }
    for hole in holes {
        y -= row;
        let pen = sheet.len(0.35);
        sheet.canvas.pen(pen, false);
        sheet.rule((left, y), (left + width, y));
        let code = sheet.spell(&hole.code, face);
        let depth = hole.depth.map_or("THRU".to_owned(), |depth| depth.to_string());
        let operation = if hole.operation.is_empty() { sheet.style.blank } else { hole.operation };
        let cells = [
            code,
            format!("{:.1}", hole.x),
            format!("{:.1}", hole.y),
            hole.diameter.to_string(),
            depth,
            operation.to_owned(),
        ];
        for (number, text) in cells.iter().enumerate() {
            let (from, to) = edges(sheet, left, width, number);
            if COLUMNS[number].2 {
                sheet.text(text, (to - indent, y + rise), 8.5, face, Anchor::End);
            } else {
                sheet.cut_text(text, (from + indent, y + rise), 8.5, face, Anchor::Start);
            }
        }
    }
    let pen = sheet.len(0.6);
    sheet.canvas.pen(pen, false);
    for number in 1..COLUMNS.len() {
        let (x, _) = edges(sheet, left, width, number);
        sheet.rule((x, y), (x, top - row));
    }
    sheet.frame((left, y), (width, top - y), 1.2);
    y
}

fn edges(sheet: &Sheet<'_>, left: f32, width: f32, column: usize) -> (f32, f32) {
    let to = COLUMNS.get(column + 1).map_or(left + width, |next| left + sheet.len(next.0));
    (left + sheet.len(COLUMNS[column].0), to)
}

/// Writes numbered notes from `at` downwards, as many as fit above `floor`.
pub(crate) fn notes(sheet: &mut Sheet<'_>, at: Point, width: f32, floor: f32, codes: &CodeBook) {
    let (heading, face) = (sheet.style.heading, sheet.style.body);
    let (left, mut y) = at;
    let (pitch, indent) = (sheet.len(12.5), sheet.len(20.0));
    y -= pitch;
    if y < floor {
        return;
    }
    sheet.text("NOTES", (left, y), 9.5, heading, Anchor::Start);
    let mut plain = PLAIN_NOTES.to_vec();
    sheet.rng.shuffle(&mut plain);
    let wanted = usize::from(sheet.rng.between(4, 8));
    for number in 1..=wanted {
        let pattern =
            if number > 1 && sheet.rng.chance(55) { Some(sheet.rng.pick(CODE_NOTES)) } else { plain.pop() };
        let Some(pattern) = pattern else { break };
        // The longest note takes six lines, and a note must be written completely, with all its codes.
        if y - pitch * 6.0 < floor {
            break;
        }
        let words = words(sheet, pattern, codes);
        let lines = wrap(sheet, &words, width - indent);
        sheet.text(&format!("{number}."), (left, y - pitch), 8.0, face, Anchor::Start);
        for line in lines {
            y -= pitch;
            sheet.cut_text(&line, (left + indent, y), 8.0, face, Anchor::Start);
        }
        y -= pitch * 0.3;
    }
}

/// A word, and whether it is a code, which may be broken after a hyphen.
struct Word {
    text: String,
    code: bool,
}

fn words(sheet: &mut Sheet<'_>, pattern: &str, codes: &CodeBook) -> Vec<Word> {
    let face = sheet.style.body;
    let small = face.has_small_letters() && sheet.rng.chance(sheet.style.small_letters);
    let mut words = Vec::new();
    for word in pattern.split(' ') {
        let code = word.contains('@');
        let mut text = if code {
            let code = codes.any(sheet.rng);
            word.replace('@', &sheet.spell(&code, face))
        } else {
            word.to_owned()
        };
        if small {
            text = text.to_lowercase();
        }
        words.push(Word { text, code });
    }
    words
}

/// Breaks text into lines no wider than `width`, except a single word that is wider.
fn wrap(sheet: &mut Sheet<'_>, words: &[Word], width: f32) -> Vec<String> {
    let (face, size) = (sheet.style.body, sheet.len(8.0));
    let fits = |text: &str| face.width(text, size) <= width;
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in words {
        let longer = if line.is_empty() { word.text.clone() } else { format!("{line} {}", word.text) };
        // Break some codes even where they would fit, so that more codes cross a line end.
        let early = word.code && sheet.style.breaks_codes && sheet.rng.chance(35);
        if fits(&longer) && !early {
            line = longer;
            continue;
        }
        let hyphen =
            word.text.char_indices().find(|(_, c)| *c == '-' || crate::codes::LOOK_ALIKES.contains(c));
        let split = hyphen.filter(|_| word.code && sheet.style.breaks_codes && !line.is_empty());
        match split.map(|(at, c)| word.text.split_at(at + c.len_utf8())) {
            Some((head, tail)) if fits(&format!("{line} {head}")) => {
                lines.push(format!("{line} {head}"));
                tail.clone_into(&mut line);
            }
            _ if fits(&longer) => line = longer,
            _ => {
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                line.clone_from(&word.text);
            }
        }
    }
    lines.push(line);
    lines
}
