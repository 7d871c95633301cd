//! Protects spreadsheet programs from formulas in a CSV export. The rule is defined in `golden/formulas.v1.json`; the
//! dashboard applies the same rule (`dashboard/src/ui/formulas.ts`).

/// Returns `text` in a form that is safe in a spreadsheet cell: an apostrophe before a sign that would begin a formula
/// turns the formula into text.
///
/// A spreadsheet program may split cells at other characters than the export does, and may ignore invisible characters.
/// Therefore a formula may begin after each character of `begins_cell`, and its sign may follow any number of
/// characters of `is_passed_over`.
pub fn without_formulas(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len() + 1);
    let mut may_begin = true;
    for char in text.chars() {
        if may_begin && is_formula_sign(char) {
            harmless.push('\'');
        }
        may_begin = begins_cell(char) || (may_begin && is_passed_over(char));
        harmless.push(char);
    }
    harmless
}

/// Includes the full-width and small forms of the signs.
const fn is_formula_sign(char: char) -> bool {
    matches!(
        char,
        '=' | '+'
            | '-'
            | '@'
            | '\u{fe62}'
            | '\u{fe63}'
            | '\u{fe66}'
            | '\u{fe6b}'
            | '\u{ff0b}'
            | '\u{ff0d}'
            | '\u{ff1d}'
            | '\u{ff20}'
    )
}

/// Column separators and line breaks. The comma is not one of them, because the export quotes cells that contain one.
const fn begins_cell(char: char) -> bool {
    matches!(char, ';' | '|' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// White space, control characters, quotes, and invisible characters.
const fn is_passed_over(char: char) -> bool {
    matches!(
        char,
        '\0'..='\u{20}'
            | '"'
            | '\u{7f}'..='\u{a0}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{1680}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2000}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}'
            | '\u{205f}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3000}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Golden {
        signs: Vec<String>,
        begin_cells: Vec<String>,
        passed_over: Vec<String>,
        examples: Vec<(String, String)>,
    }

    fn golden() -> Golden {
        serde_json::from_str(include_str!("../golden/formulas.v1.json")).expect("the rule")
    }

    /// Checks ranges written as `U+0020` or `U+2000..U+200F`.
    fn holds(ranges: &[String], char: char) -> bool {
        let code = |text: &str| u32::from_str_radix(text.trim_start_matches("U+"), 16).expect("a code point");
        ranges.iter().any(|range| {
            let (first, last) = range.split_once("..").unwrap_or((range, range));
            (code(first)..=code(last)).contains(&u32::from(char))
        })
    }

    #[test]
    fn every_character_is_what_the_rule_says() {
        let golden = golden();
        for char in '\0'..=char::MAX {
            let named = format!("U+{:04X}", u32::from(char));
            assert_eq!(is_formula_sign(char), holds(&golden.signs, char), "{named}");
            assert_eq!(begins_cell(char), holds(&golden.begin_cells, char), "{named}");
            assert_eq!(is_passed_over(char), holds(&golden.passed_over, char), "{named}");
        }
    }

    #[test]
    fn the_examples_come_out_as_the_rule_says() {
        for (text, harmless) in golden().examples {
            assert_eq!(without_formulas(&text), harmless, "{text:?}");
        }
    }
}
