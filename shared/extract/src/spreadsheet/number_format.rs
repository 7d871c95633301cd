//! Number formats: the text that a cell displays for its value.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use ssfmt::ast::FormatPart;
use ssfmt::{DateSystem, FormatOptions};

use super::FormatClass;

/// The longest format that Excel accepts, in characters.
const LONGEST: usize = 255;
/// Whole numbers below this are displayed with all their digits in the format General.
const GENERAL_MAX: f64 = 1e11;
/// Numbers below this are displayed with an exponent in the format General.
const GENERAL_MIN: f64 = 1e-9;

/// A spreadsheet rounds the 15 digits that it displays at most, so that 9.075 becomes 9.08, although its binary form is a
/// little less. This much more, relative to the number, makes up for that and changes no digit that is displayed.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// The format General, parsed once.
static GENERAL: LazyLock<Option<ssfmt::NumberFormat>> =
    LazyLock::new(|| ssfmt::NumberFormat::parse("General").ok());

/// Making the options takes longer than applying a format.
fn options(since_1904: bool) -> &'static FormatOptions {
    static OPTIONS: LazyLock<[FormatOptions; 2]> = LazyLock::new(|| {
        [DateSystem::Date1900, DateSystem::Date1904]
            .map(|date_system| FormatOptions { date_system, ..FormatOptions::default() })
    });
    &OPTIONS[usize::from(since_1904)]
}

/// A number format, ready to be applied.
pub(super) struct NumberFormat {
    pub class: FormatClass,
    kind: FormatKind,
}

enum FormatKind {
    General,
    Parsed(ssfmt::NumberFormat),
    /// A format that cannot be understood.
    Unknown,
}

impl NumberFormat {
    pub fn general() -> Self {
        Self { class: FormatClass::General, kind: FormatKind::General }
    }

    /// Parses a format code, such as `"DH-"0;@`.
    pub fn parse(code: &str) -> Self {
        if code.is_empty() || code.eq_ignore_ascii_case("general") {
            return Self::general();
        }
        let unknown = Self { class: FormatClass::General, kind: FormatKind::Unknown };
        if code.chars().count() > LONGEST {
            return unknown;
        }
        // A panic of the library costs this format, not the file.
        match catch_unwind(|| ssfmt::NumberFormat::parse(code)) {
            Ok(Ok(format)) => Self { class: class(&format, code), kind: FormatKind::Parsed(format) },
            _ => unknown,
        }
    }

    /// Returns the format of a built-in number, which a file need not define.
    pub fn built_in(id: u32) -> Self {
        match id {
            // Excel displays these in the short format of the system, which has four digits for the year.
            14 => Self::parse("m/d/yyyy"),
            22 => Self::parse("m/d/yyyy h:mm"),
            id => ssfmt::format_code_from_id(id).map_or_else(Self::general, Self::parse),
        }
    }

    /// Appends what the cell displays for `value`. Returns false, and appends nothing, if that is not known.
    pub fn push_number(&self, value: f64, since_1904: bool, out: &mut String) -> bool {
        let format = match &self.kind {
            FormatKind::General if value.fract() == 0.0 && value.abs() < GENERAL_MAX => {
                // `Display` of f64 writes whole numbers without a point, but zero with its sign.
                return write!(out, "{}", if value == 0.0 { 0.0 } else { value }).is_ok();
            }
            FormatKind::General if value.abs() < GENERAL_MIN => return push_scientific(value, out),
            FormatKind::General => {
                return push(out, || GENERAL.as_ref()?.try_format(value, options(since_1904)).ok());
            }
            FormatKind::Parsed(format) => format,
            FormatKind::Unknown => return false,
        };
        if is_hidden(format, value) {
            return true;
        }
        let value = if self.class.is_amount() { value * (1.0 + ROUNDING) } else { value };
        push(out, || format.try_format(value, options(since_1904)).ok())
    }

    /// Appends what the cell displays for a text.
    pub fn push_text(&self, text: &str, out: &mut String) {
        let FormatKind::Parsed(format) = &self.kind else {
            out.push_str(text);
            return;
        };
        // The last section is for texts if there are four, or if it has a place for the text.
        let sections = format.sections();
        let section = sections.last().filter(|last| sections.len() == 4 || last.has_text_placeholder());
        let Some(section) = section else {
            out.push_str(text);
            return;
        };
        for part in &section.parts {
            match part {
                FormatPart::TextPlaceholder => out.push_str(text),
                FormatPart::Literal(literal) | FormatPart::EscapedLiteral(literal) => out.push_str(literal),
                FormatPart::Skip(_) => out.push(' '),
                _ => {}
            }
        }
    }

    /// Returns whether texts are displayed as they are.
    pub fn keeps_text(&self) -> bool {
        let FormatKind::Parsed(format) = &self.kind else { return true };
        let sections = format.sections();
        sections.len() < 4 && !sections.last().is_some_and(ssfmt::Section::has_text_placeholder)
    }
}

/// Returns whether the section for this value is empty, as in `0;;`: the cell displays nothing. (The library would
/// display the value.)
fn is_hidden(format: &ssfmt::NumberFormat, value: f64) -> bool {
    let sections = format.sections();
    if format.has_condition() || sections.len() < 2 {
        return false;
    }
    let section = match () {
        () if value < 0.0 => 1,
        () if value == 0.0 && sections.len() > 2 => 2,
        () => 0,
    };
    sections.get(section).is_some_and(|section| section.parts.is_empty())
}

/// Appends a small number as the format General displays it, such as `3.2E-104`. (The library would display 0.)
fn push_scientific(value: f64, out: &mut String) -> bool {
    let written = format!("{value:.5E}");
    let (digits, exponent) = written.split_once("E-").unwrap_or((&written, "0"));
    write!(out, "{}E-{exponent:0>2}", digits.trim_end_matches('0').trim_end_matches('.')).is_ok()
}

fn push(out: &mut String, format: impl FnOnce() -> Option<String>) -> bool {
    match catch_unwind(AssertUnwindSafe(format)) {
        Ok(Some(shown)) => {
            out.push_str(&shown);
            true
        }
        _ => false,
    }
}

fn class(format: &ssfmt::NumberFormat, code: &str) -> FormatClass {
    let parts = || format.sections().iter().flat_map(|section| &section.parts);
    let has = |test: fn(&FormatPart) -> bool| parts().any(test);
    let currency = |part: &FormatPart| match part {
        FormatPart::Locale(locale) => locale.currency.as_deref().is_some_and(|sign| !sign.is_empty()),
        FormatPart::Literal(text) | FormatPart::EscapedLiteral(text) => {
            text.contains(['$', '€', '£', '¥', '₽', '₸', '₹'])
        }
        _ => false,
    };
    match () {
        () if has(|part| matches!(part, FormatPart::Elapsed(_))) => FormatClass::Duration,
        () if format.is_date_format() => FormatClass::Date,
        () if has(|part| matches!(part, FormatPart::Percent)) => FormatClass::Percent,
        () if code == "@" => FormatClass::Text,
        () if has(currency) => FormatClass::Currency,
        () if has(|part| matches!(part, FormatPart::Digit(_))) => FormatClass::Number,
        () => FormatClass::General,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(code: &str, value: f64) -> Option<String> {
        let mut out = String::new();
        NumberFormat::parse(code).push_number(value, false, &mut out).then_some(out)
    }

    fn text(code: &str, text: &str) -> String {
        let mut out = String::new();
        NumberFormat::parse(code).push_text(text, &mut out);
        out
    }

    #[test]
    fn numbers_are_displayed_as_their_format_says() {
        for (code, value, expected) in [
            ("General", 22.0, "22"),
            ("General", -0.0, "0"),
            ("General", 0.1 + 0.2, "0.3"),
            ("General", -3.2e-104, "-3.2E-104"),
            ("General", 1e-9, "0.000000001"),
            ("General", 4_711_000_000_000.0, "4.711E+12"),
            ("\"DH-\"0", 22.0, "DH-22"),
            ("\"BH-\"000", 7.0, "BH-007"),
            ("000-00-0000", 123_456_789.0, "123-45-6789"),
            ("#,##0.00_);[Red]\\(#,##0.00\\)", -1234.5, "(1,234.50)"),
            ("0%", 0.256, "26%"),
            ("yyyy-mm-dd", 45_000.0, "2023-03-15"),
            ("[h]:mm", 1.5, "36:00"),
            ("0.00", 9.075, "9.08"),
            ("0.00", -9.075, "-9.08"),
            ("0.0", 0.25, "0.3"),
            ("0.00", 1.004_999_999, "1.00"),
            (";;;", 5.0, ""),
            ("0;;", -5.0, ""),
            ("0;;", 0.0, ""),
            ("0;;", 5.0, "5"),
        ] {
            assert_eq!(shown(code, value).as_deref(), Some(expected), "{value} under {code}");
        }
    }

    #[test]
    fn texts_are_displayed_in_their_section() {
        assert_eq!(text("General", "22"), "22");
        assert_eq!(text("\"DH-\"@", "22"), "DH-22");
        assert_eq!(text("0;0;0;\"DH-\"@", "22"), "DH-22");
        assert_eq!(text("0;0;0;", "22"), "");
        assert_eq!(text("\"DH-\"0", "22"), "22");
    }

    #[test]
    fn what_cannot_be_applied_is_unknown() {
        assert_eq!(shown(&"0".repeat(256), 1.0), None);
    }

    #[test]
    fn formats_are_classified() {
        for (code, class) in [
            ("General", FormatClass::General),
            ("0.00", FormatClass::Number),
            ("0.0%", FormatClass::Percent),
            ("[$€-407] #,##0.00", FormatClass::Currency),
            ("dd/mm/yyyy", FormatClass::Date),
            ("[h]:mm:ss", FormatClass::Duration),
            ("@", FormatClass::Text),
        ] {
            assert_eq!(NumberFormat::parse(code).class, class, "{code}");
        }
    }
}
