//! Parses amounts in the formats of banks.
//!
//! A cell is scanned without knowing the decimal mark. Each cell may be [`NumberEvidence`] for a mark, which is
//! collected over the whole file. Its value is computed once the mark is known.

use rust_decimal::Decimal;

use crate::DecimalMark;

/// A number with more digits before the decimal mark is not an amount but an account number in the wrong column.
const WHOLE_DIGITS: usize = 15;
/// Maximum number of decimals; enough for statements in any currency.
const DECIMALS: usize = 12;
const BODY: usize = 48;

/// A cell that contains an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scanned {
    /// Whether a minus sign or brackets make it negative.
    pub negative: bool,
    /// The side given by `DR`, `CR` and the like in the cell.
    pub side: Option<CashDirection>,
    pub currency: Option<[u8; 3]>,
    /// Digits, points and commas; all other thousands separators are replaced by spaces.
    body: [u8; BODY],
    length: usize,
}

/// Whether money goes out or comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CashDirection {
    Out,
    In,
}

/// The error for a number that is too long or too large for an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Absurd;

/// The value of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NumberValue {
    pub amount: Decimal,
    /// Whether the cell uses a different decimal mark than its file.
    pub odd: bool,
}

impl Scanned {
    /// Returns `None` if the cell is not an amount.
    pub fn of(cell: &str) -> Option<Self> {
        let mut scan = Self { negative: false, side: None, currency: None, body: [0; BODY], length: 0 };
        if scan.plain(cell) {
            return Some(scan);
        }
        // After digits and another character, no more digits may follow.
        let (mut signed, mut blank, mut complete) = (false, false, false);
        let mut rest = cell.trim();
        while let Some(char) = rest.chars().next() {
            let size = char.len_utf8();
            match char {
                '0'..='9' | '.' | ',' => {
                    if complete {
                        return None;
                    }
                    if std::mem::take(&mut blank) && scan.length > 0 {
                        scan.push(b' ')?;
                    }
                    scan.push(u8::try_from(char).ok()?)?;
                }
                '\'' | '’' | '`' if scan.length > 0 && !complete => blank = true,
                char if char.is_whitespace() => blank = true,
                '-' | '−' | '–' | '+' => {
                    if std::mem::replace(&mut signed, true) {
                        return None;
                    }
                    scan.negative = char != '+';
                    complete = scan.length > 0;
                }
                '(' if scan.length == 0 && !signed => (scan.negative, signed) = (true, true),
                ')' if scan.length > 0 && scan.negative => complete = true,
                _ => {
                    let end = rest.find(|char: char| !is_of_currency(char)).unwrap_or(rest.len());
                    scan.word(rest.get(..end).filter(|word| !word.is_empty())?)?;
                    complete = scan.length > 0;
                    rest = &rest[end..];
                    continue;
                }
            }
            rest = &rest[size..];
        }
        scan.is_grouped().then_some(scan)
    }

    /// Scans the most common form of amounts, such as `-123.45`.
    fn plain(&mut self, cell: &str) -> bool {
        let digits = cell.strip_prefix('-').unwrap_or(cell).as_bytes();
        let decimals = digits.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let Some((whole, [b'.' | b',', _, _])) = digits.split_last_chunk::<3>() else {
            return false;
        };
        let is = decimals == 2
            && (1..=WHOLE_DIGITS).contains(&whole.len())
            && whole.iter().all(u8::is_ascii_digit);
        if is {
            self.negative = digits.len() < cell.len();
            self.length = digits.len();
            self.body[..digits.len()].copy_from_slice(digits);
        }
        is
    }

    pub fn is_zero(&self) -> bool {
        !self.body().iter().any(|byte| matches!(byte, b'1'..=b'9'))
    }

    /// Returns the number of digits after the last point or comma.
    pub fn decimals(&self) -> usize {
        let mark = self.body().iter().rposition(|byte| matches!(byte, b'.' | b','));
        mark.map_or(0, |at| self.length - at - 1)
    }

    /// Returns the amount, without applying [`Self::side`].
    pub fn value(&self, mark: DecimalMark) -> Result<NumberValue, Absurd> {
        let own = match self.mark_evidence() {
            MarkEvidence::Mark(own) => own,
            MarkEvidence::Nothing => mark,
        };
        let point = if own == DecimalMark::Point { b'.' } else { b',' };
        let (mut mantissa, mut whole, mut decimals, mut after) = (0_i128, 0, 0, false);
        for byte in self.body() {
            match byte {
                b'0'..=b'9' => {
                    mantissa = mantissa * 10 + i128::from(byte - b'0');
                    if after {
                        decimals += 1;
                    } else if mantissa != 0 {
                        whole += 1;
                    }
                }
                byte => after |= *byte == point,
            }
            if whole > WHOLE_DIGITS || decimals > DECIMALS {
                return Err(Absurd);
            }
        }
        if self.negative {
            mantissa = -mantissa;
        }
        let scale = u32::try_from(decimals).map_err(|_| Absurd)?;
        let amount = Decimal::try_from_i128_with_scale(mantissa, scale).map_err(|_| Absurd)?;
        Ok(NumberValue { amount, odd: own != mark })
    }

    fn body(&self) -> &[u8] {
        &self.body[..self.length]
    }

    fn push(&mut self, byte: u8) -> Option<()> {
        *self.body.get_mut(self.length)? = byte;
        self.length += 1;
        Some(())
    }

    /// Reads letters and signs next to the digits.
    fn word(&mut self, word: &str) -> Option<()> {
        let side = match word {
            "DR" | "Dr" | "dr" | "DB" | "S" | "D" => Some(CashDirection::Out),
            "CR" | "Cr" | "cr" | "H" | "C" => Some(CashDirection::In),
            _ => None,
        };
        if side.is_some() && self.side.is_none() {
            self.side = side;
            return Some(());
        }
        if self.currency.is_some() {
            return None;
        }
        self.currency = match word {
            "€" => Some(*b"EUR"),
            "£" => Some(*b"GBP"),
            "US$" => Some(*b"USD"),
            "R$" => Some(*b"BRL"),
            "C$" | "CA$" => Some(*b"CAD"),
            "A$" | "AU$" => Some(*b"AUD"),
            "₹" | "Rs" | "Rs." => Some(*b"INR"),
            "zł" | "zl" => Some(*b"PLN"),
            "Fr" | "Fr." | "SFr" => Some(*b"CHF"),
            "Kč" => Some(*b"CZK"),
            "Ft" => Some(*b"HUF"),
            // Used for several currencies each.
            "$" | "¥" | "kr" | "Kr" | "kr." | "Kr." => return Some(()),
            word => Some(code(word)?),
        };
        Some(())
    }

    /// Returns whether there is a digit, and spaces only as thousands separators.
    fn is_grouped(&self) -> bool {
        let body = self.body();
        let whole = body.iter().rposition(|byte| *byte == b' ').map_or(0, |last| {
            let end = body[last..].iter().position(|byte| matches!(byte, b'.' | b','));
            end.map_or(body.len(), |end| last + end)
        });
        let mut groups = body[..whole].split(|byte| *byte == b' ');
        let first = groups.next().is_none_or(|first| whole == 0 || (1..=3).contains(&first.len()));
        let digits = |group: &[u8]| group.iter().all(u8::is_ascii_digit);
        // Several marks of one kind are thousands separators: three digits follow the last one, unlike in 31.01.2024.
        let last = body.rsplit(|byte| matches!(byte, b'.' | b',')).next().map_or(0, <[u8]>::len);
        let marks = |mark: u8| memchr::memchr_iter(mark, body).count();
        let (points, commas) = (marks(b'.'), marks(b','));
        body.iter().any(u8::is_ascii_digit)
            && first
            && (points.max(commas) < 2 || points.min(commas) == 1 || last == 3)
            && groups.all(|group| group.len() == 3 && digits(group))
    }

    fn mark_evidence(&self) -> MarkEvidence {
        let body = self.body();
        let last = |mark: u8| body.iter().rposition(|byte| *byte == mark);
        let count = |mark: u8| memchr::memchr_iter(mark, body).count();
        let (mark, at, other) = match (last(b'.'), last(b',')) {
            (None, None) => return MarkEvidence::Nothing,
            (Some(point), Some(comma)) if point > comma => return MarkEvidence::Mark(DecimalMark::Point),
            (Some(_), Some(_)) => return MarkEvidence::Mark(DecimalMark::Comma),
            (Some(point), None) if count(b'.') == 1 => (DecimalMark::Point, point, false),
            (None, Some(comma)) if count(b',') == 1 => (DecimalMark::Comma, comma, false),
            // Several marks of one kind are thousands separators.
            (Some(point), None) => (DecimalMark::Comma, point, true),
            (None, Some(comma)) => (DecimalMark::Point, comma, true),
        };
        let thousands = body.len() - at == 4 && (1..=3).contains(&at) && !body.starts_with(b"0");
        if thousands && !other { MarkEvidence::Nothing } else { MarkEvidence::Mark(mark) }
    }
}

fn is_of_currency(char: char) -> bool {
    char.is_alphabetic() || matches!(char, '€' | '$' | '£' | '¥' | '₹' | '.') && char != '.'
}

/// Returns the word as a currency code if it is three capital letters.
pub(crate) fn code(word: &str) -> Option<[u8; 3]> {
    let code: [u8; 3] = word.as_bytes().try_into().ok()?;
    code.iter().all(u8::is_ascii_uppercase).then_some(code)
}

enum MarkEvidence {
    Mark(DecimalMark),
    Nothing,
}

/// The evidence of a file's amounts about its decimal mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct NumberEvidence {
    point: u64,
    comma: u64,
    /// Amounts such as `1.234`, in which the point may separate decimals or thousands.
    open_point: u64,
    /// The same with a comma: `1,234`.
    open_comma: u64,
}

impl NumberEvidence {
    pub fn add(&mut self, amount: &Scanned) {
        match amount.mark_evidence() {
            MarkEvidence::Mark(DecimalMark::Point) => self.point += 1,
            MarkEvidence::Mark(DecimalMark::Comma) => self.comma += 1,
            MarkEvidence::Nothing if amount.body().contains(&b'.') => self.open_point += 1,
            MarkEvidence::Nothing if amount.body().contains(&b',') => self.open_comma += 1,
            MarkEvidence::Nothing => {}
        }
    }

    /// Returns the mark, and whether another mark was possible too. `usual` is the usual mark of files of this kind.
    pub fn decide(&self, usual: DecimalMark) -> (DecimalMark, bool) {
        match self.point.cmp(&self.comma) {
            std::cmp::Ordering::Greater => (DecimalMark::Point, false),
            std::cmp::Ordering::Less => (DecimalMark::Comma, false),
            std::cmp::Ordering::Equal => (usual, self.open_point + self.open_comma + self.point > 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(cell: &str, mark: DecimalMark) -> Option<String> {
        Scanned::of(cell)?.value(mark).ok().map(|value| value.amount.to_string())
    }

    #[test]
    fn amounts_of_all_countries() {
        let both = [
            ("12.50", "12.50"),
            ("-1,234.56", "-1234.56"),
            ("-1.234,56", "-1234.56"),
            ("1 234,56", "1234.56"),
            ("1\u{a0}234,56 zł", "1234.56"),
            ("1\u{202f}234,5 €", "1234.5"),
            ("1'234.50", "1234.50"),
            ("1’234’567.50", "1234567.50"),
            ("(12.50)", "-12.50"),
            ("12,50-", "-12.50"),
            ("− 12,50 EUR", "-12.50"),
            ("$12.50", "12.50"),
            ("-$12.50", "-12.50"),
            ("$-12.50", "-12.50"),
            ("EUR 12,5", "12.5"),
            ("+7", "7"),
            ("1,23,456.78", "123456.78"),
            ("1.234.567", "1234567"),
            (".50", "0.50"),
            ("12,", "12"),
            ("0,125", "0.125"),
            ("-0,00", "0.00"),
            ("1234,567", "1234.567"),
        ];
        for (cell, expected) in both {
            for mark in [DecimalMark::Point, DecimalMark::Comma] {
                assert_eq!(value(cell, mark).as_deref(), Some(expected), "{cell} with {mark:?}");
            }
        }
        assert_eq!(value("1.234", DecimalMark::Point).as_deref(), Some("1.234"));
        assert_eq!(value("1.234", DecimalMark::Comma).as_deref(), Some("1234"));
        assert_eq!(value("1,234", DecimalMark::Point).as_deref(), Some("1234"));
    }

    #[test]
    fn what_is_no_amount() {
        for cell in [
            "",
            "-",
            "abc",
            "12a",
            "2024-01-05",
            "01.02.2024x",
            "12 34",
            "1 23,5",
            "--1",
            "5%",
            "1e9",
            "12.5 ab",
        ] {
            assert_eq!(Scanned::of(cell), None, "{cell}");
        }
        assert_eq!(
            Scanned::of("1234567890123456.00").map(|scan| scan.value(DecimalMark::Point)),
            Some(Err(Absurd))
        );
        assert_eq!(Scanned::of(&"9".repeat(60)), None);
    }

    #[test]
    fn sides_and_currencies_in_the_cell() {
        let scan = Scanned::of("1,234.50 DR").expect("an amount");
        assert_eq!((scan.side, scan.negative), (Some(CashDirection::Out), false));
        assert_eq!(Scanned::of("12,50 H").and_then(|scan| scan.side), Some(CashDirection::In));
        assert_eq!(
            Scanned::of("12,50 EUR S").map(|scan| (scan.currency, scan.side)),
            Some((Some(*b"EUR"), Some(CashDirection::Out)))
        );
        assert_eq!(Scanned::of("£3").and_then(|scan| scan.currency), Some(*b"GBP"));
    }

    #[test]
    fn the_whole_file_tells_its_mark() {
        let decide = |cells: &[&str]| {
            let mut evidence = NumberEvidence::default();
            cells.iter().filter_map(|cell| Scanned::of(cell)).for_each(|scan| evidence.add(&scan));
            evidence.decide(DecimalMark::Comma)
        };
        assert_eq!(decide(&["1.234", "12.5"]), (DecimalMark::Point, false));
        assert_eq!(decide(&["1.234", "12,50"]), (DecimalMark::Comma, false));
        assert_eq!(decide(&["1.234", "5"]), (DecimalMark::Comma, true));
        assert_eq!(decide(&["7", "5"]), (DecimalMark::Comma, false));
    }
}
