//! A match as a person reads it: the code with a little text around it.

/// Characters shown on each side of the code.
const SIDE: usize = 40;
/// Bytes examined for one part of a snippet, however little of it can be shown.
const REACH: usize = 4 * 1024;

/// Returns the code at bytes `start..end` of `text` as it is written there, with about 40 characters on each side.
///
/// White space is collapsed; control characters and characters that change the writing direction are left out. With
/// `within_line`, text of other lines is left out, except for lines that the code itself covers.
pub(super) fn snippet(text: &str, start: usize, end: usize, within_line: bool) -> String {
    let stop = |c: &char| !(within_line && *c == '\n');
    let before = &text[text.ceil_char_boundary(start.saturating_sub(REACH))..start];
    let after = &text[end..text.floor_char_boundary((end + REACH).min(text.len()))];

    let (left, left_cut) = side(before.chars().rev().take_while(stop));
    let (right, right_cut) = side(after.chars().take_while(stop));

    let mut line = String::with_capacity(left.len() + (end - start) + right.len() + 6);
    if left_cut {
        line.push('…');
    }
    line.extend(left.chars().rev());
    let code = &text[start..text.floor_char_boundary(end.min(start + REACH))];
    line.extend(Collapsed::new(code.chars()));
    line.push_str(&right);
    if right_cut {
        line.push('…');
    }
    line.trim().to_owned()
}

/// Returns the first [`SIDE`] characters to show, and whether there were more.
fn side(chars: impl Iterator<Item = char>) -> (String, bool) {
    let mut shown = Collapsed::new(chars);
    let text = shown.by_ref().take(SIDE).collect();
    (text, shown.any(|c| c != ' '))
}

/// Characters with runs of white space as one space, and without invisible ones.
struct Collapsed<I> {
    chars: I,
    after_space: bool,
}

impl<I: Iterator<Item = char>> Collapsed<I> {
    fn new(chars: I) -> Self {
        Self { chars, after_space: false }
    }
}

impl<I: Iterator<Item = char>> Iterator for Collapsed<I> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let after_space = self.after_space;
        let c = self.chars.find(|c| if c.is_whitespace() { !after_space } else { shows(*c) })?;
        self.after_space = c.is_whitespace();
        Some(if self.after_space { ' ' } else { c })
    }
}

fn shows(c: char) -> bool {
    let direction =
        matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    !(c.is_control() || direction)
}
