//! Parses dates in the formats of banks.
//!
//! A cell is parsed without knowing the order of day and month; `date_order` determines it for the whole file.

use chrono::NaiveDate;

use crate::DateOrder;
use crate::readable::fold;

pub(crate) const ORDERS: [DateOrder; 3] =
    [DateOrder::DayMonthYear, DateOrder::MonthDayYear, DateOrder::YearMonthDay];
/// Longer than any date with its time and zone, in bytes.
const LONGEST: usize = 48;

/// A cell that contains a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateCell {
    Exact(NaiveDate),
    /// Three numbers whose order is not determined.
    Open {
        numbers: [u32; 3],
        dotted: bool,
    },
}

impl DateCell {
    /// Returns `None` if the text is not a date.
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let first = text.as_bytes().first()?;
        if text.len() > LONGEST {
            return None;
        }
        let mut scan = DateScanner { rest: text };
        if first.is_ascii_digit() { scan.digits_first() } else { scan.word_first() }
    }

    pub fn date(self, order: DateOrder) -> Option<NaiveDate> {
        match self {
            Self::Exact(date) => Some(date),
            Self::Open { numbers: [a, b, c], .. } => match order {
                DateOrder::DayMonthYear => day(c, b, a),
                DateOrder::MonthDayYear => day(c, a, b),
                DateOrder::YearMonthDay => day(a, b, c),
            },
        }
    }
}

/// Returns the date if it is valid and in the years 1950 to 2100; two-digit years mean 1980 to 2079.
fn day(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let year = match year {
        0..80 => year + 2000,
        80..100 => year + 1900,
        1950..=2100 => year,
        _ => return None,
    };
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

struct DateScanner<'a> {
    rest: &'a str,
}

impl<'a> DateScanner<'a> {
    fn digits_first(&mut self) -> Option<DateCell> {
        let (digits, first) = self.number()?;
        let cell = match digits {
            8 | 12 | 14 => compact(digits, first)?,
            4 => {
                self.separator()?;
                let month = self.month()?;
                self.separator()?;
                DateCell::Exact(day(u32::try_from(first).ok()?, month, self.short()?)?)
            }
            1 | 2 => {
                let first = u32::try_from(first).ok()?;
                let dotted = self.rest.starts_with('.');
                self.ordinal();
                self.separator()?;
                if self.rest.starts_with(|char: char| char.is_ascii_digit()) {
                    let second = self.short()?;
                    self.separator()?;
                    let (digits, third) = self.number()?;
                    let third = u32::try_from(third).ok().filter(|_| matches!(digits, 2 | 4))?;
                    DateCell::Open { numbers: [first, second, third], dotted }
                } else {
                    let month = self.month()?;
                    self.separator()?;
                    DateCell::Exact(day(self.year()?, month, first)?)
                }
            }
            _ => return None,
        };
        self.at_end().then_some(cell)
    }

    fn word_first(&mut self) -> Option<DateCell> {
        let word = self.word()?;
        self.separator()?;
        let Some(month) = month(word) else {
            // The word may be a day of the week.
            let weekday =
                word.chars().count() <= 10 && self.rest.starts_with(|char: char| char.is_ascii_digit());
            return if weekday { self.digits_first() } else { None };
        };
        let date = self.short()?;
        self.ordinal();
        self.separator()?;
        let cell = DateCell::Exact(day(self.year()?, month, date)?);
        self.at_end().then_some(cell)
    }

    /// Reads digits. Returns their count and value.
    fn number(&mut self) -> Option<(usize, u64)> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = self.rest.get(..digits)?.parse().ok()?;
        self.rest = &self.rest[digits..];
        Some((digits, number))
    }

    fn short(&mut self) -> Option<u32> {
        let (digits, number) = self.number()?;
        u32::try_from(number).ok().filter(|_| digits <= 2)
    }

    fn year(&mut self) -> Option<u32> {
        let (digits, number) = self.number()?;
        u32::try_from(number).ok().filter(|_| matches!(digits, 2 | 4))
    }

    fn word(&mut self) -> Option<&'a str> {
        let end = self.rest.find(|char: char| !char.is_alphabetic()).unwrap_or(self.rest.len());
        let word = self.rest.get(..end).filter(|word| !word.is_empty())?;
        self.rest = &self.rest[end..];
        Some(word)
    }

    fn month(&mut self) -> Option<u32> {
        if self.rest.starts_with(|char: char| char.is_ascii_digit()) {
            self.short()
        } else {
            month(self.word()?)
        }
    }

    /// Skips `st`, `nd`, `rd` or `th`, as in `1st`.
    fn ordinal(&mut self) {
        for end in ["st", "nd", "rd", "th"] {
            self.rest = self.rest.strip_prefix(end).unwrap_or(self.rest);
        }
    }

    /// Skips separators of at most three bytes together, and a word such as the Spanish `de`.
    fn separator(&mut self) -> Option<()> {
        let is = |char: char| matches!(char, '.' | '/' | '-' | ' ' | ',' | '\u{a0}' | '\'');
        let after = self.rest.trim_start_matches(is);
        if self.rest.len() - after.len() > 3 {
            return None;
        }
        let direct = after.len() == self.rest.len();
        self.rest = after.strip_prefix("de ").unwrap_or(after);
        // Or nothing, if the parts touch: `05Jan2024`.
        let touching = self.rest.starts_with(|char: char| char.is_alphanumeric());
        (!direct || touching).then_some(())
    }

    /// Returns whether nothing follows except a time.
    fn at_end(&self) -> bool {
        let time = self.rest.trim_start_matches(['T', ' ', ',', 'a', 't', '.']);
        if time.is_empty() {
            return self.rest.len() <= 1;
        }
        let is = |char: char| {
            char.is_ascii_digit() || ":.,+-/ TZAPMapmUTCGESDWR_[]()".contains(char) || char.is_alphabetic()
        };
        self.rest.len() > time.len() && time.contains(':') && time.chars().all(is)
    }
}

/// Parses a date without separators: `20240131`, `202401311530`, `31012024`.
fn compact(digits: usize, number: u64) -> Option<DateCell> {
    let eight = match digits {
        14 => number / 1_000_000,
        12 => number / 10_000,
        _ => number,
    };
    let [first, second, third] =
        [eight / 10_000, eight / 100 % 100, eight % 100].map(|part| u32::try_from(part).ok());
    if let Some(date) = first.filter(|year| *year > 1900).and_then(|year| day(year, second?, third?)) {
        return Some(DateCell::Exact(date));
    }
    let numbers =
        [eight / 1_000_000, eight / 10_000 % 100, eight % 10_000].map(|part| u32::try_from(part).ok());
    let numbers = [numbers[0]?, numbers[1]?, numbers[2]?];
    (digits == 8 && (1950..=2100).contains(&numbers[2])).then_some(DateCell::Open { numbers, dotted: false })
}

/// Full names, folded. Each prefix of a name with at least three letters is an abbreviation of it.
const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "janvier", "enero", "gennaio", "januari", "janeiro", "stycznia", "styczen", "jan"],
    &["february", "februar", "fevrier", "febrero", "febbraio", "februari", "fevereiro", "lutego", "luty"],
    &["march", "marz", "mars", "marzo", "maart", "marco", "marca", "marzec", "marts", "mrt", "maerz"],
    &["april", "avril", "abril", "aprile", "kwietnia", "kwiecien"],
    &["may", "mai", "mayo", "maggio", "mei", "maio", "maja", "maj"],
    &["june", "juni", "juin", "junio", "giugno", "junho", "czerwca", "czerwiec"],
    &["july", "juli", "juillet", "julio", "luglio", "julho", "lipca", "lipiec"],
    &["august", "aout", "agosto", "augustus", "augusti", "sierpnia", "sierpien"],
    &["september", "septembre", "septiembre", "setiembre", "settembre", "setembro", "wrzesnia", "wrzesien"],
    &["october", "oktober", "octobre", "octubre", "ottobre", "outubro", "pazdziernika", "pazdziernik"],
    &["november", "novembre", "noviembre", "novembro", "listopada", "listopad"],
    &[
        "december",
        "dezember",
        "decembre",
        "diciembre",
        "dicembre",
        "dezembro",
        "desember",
        "grudnia",
        "grudzien",
    ],
];

fn month(word: &str) -> Option<u32> {
    let word = fold(word);
    if word.len() < 3 {
        return None;
    }
    (1..)
        .zip(MONTHS)
        .find(|(_, names)| names.iter().any(|name| name.starts_with(&word)))
        .map(|(month, _)| month)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ymd(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(year, month, day)
    }

    #[test]
    fn dates_of_all_countries() {
        let exact = [
            "2024-01-05",
            "2024/1/5",
            "2024.01.05",
            "20240105",
            "2024-01-05T23:30:00Z",
            "2024-01-05 10:00:00+01:00",
            "20240105120000",
            "5 Jan 2024",
            "05-Jan-24",
            "05Jan2024",
            "Jan 5, 2024",
            "January 5 2024",
            "5. Januar 2024",
            "5 janv. 2024",
            "5 de enero de 2024",
            "5 stycznia 2024",
            "5 gen 2024",
            "Fri, 05 Jan 2024",
            "5th January 2024",
        ];
        for text in exact {
            assert_eq!(DateCell::of(text), ymd(2024, 1, 5).map(DateCell::Exact), "{text}");
        }
        for (text, month) in [
            ("1 März 2024", 3),
            ("1 août 2024", 8),
            ("1 mrt 2024", 3),
            ("1 dez 2024", 12),
            ("1 paź 2024", 10),
            ("1 juil. 2024", 7),
        ] {
            assert_eq!(DateCell::of(text), ymd(2024, month, 1).map(DateCell::Exact), "{text}");
        }
        for text in
            ["05.01.2024", "5/1/24", "05-01-2024", "05012024", "05.01.24 10:15", "05/01/2024, 10:15 PM"]
        {
            let cell = DateCell::of(text).expect(text);
            assert_eq!(cell.date(DateOrder::DayMonthYear), ymd(2024, 1, 5), "{text}");
            assert_eq!(cell.date(DateOrder::MonthDayYear), ymd(2024, 5, 1), "{text}");
        }
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "12.50",
            "1.234.567",
            "12345678901",
            "abc",
            "2024",
            "99/99",
            "2024-13-01",
            "1,234.56",
            "Paid 5 May",
            "1800-01-01",
        ] {
            let date =
                DateCell::of(text).and_then(|cell| ORDERS.into_iter().find_map(|order| cell.date(order)));
            assert_eq!(date, None, "{text}");
        }
    }
}
