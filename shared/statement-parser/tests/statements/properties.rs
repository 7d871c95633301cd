//! Proves that rows written in any dialect are read back unchanged, and that arbitrary bytes cause neither a panic nor
//! an input error.

use std::fmt::Write;

use chrono::{Days, NaiveDate};
use proptest::collection::vec;
use proptest::prelude::*;
use riffle_statement_parser::{ParseError, ParseLimits, Row, Statement, read};

/// A transaction to write.
#[derive(Debug, Clone)]
struct ExpectedStatement {
    date: NaiveDate,
    cents: i64,
    text: String,
}

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "the options are independent of each other")]
struct Written {
    delimiter: char,
    date: &'static str,
    comma: bool,
    thousands: &'static str,
    signs: Signs,
    encoding: Encoding,
    line_end: &'static str,
    quoted: bool,
    balance: bool,
    descending: bool,
    header: Header,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Signs {
    Signed,
    Brackets,
    Trailing,
    Columns,
    NegativeColumns,
    Indicator,
}

#[derive(Debug, Clone, Copy)]
enum Encoding {
    Utf8,
    Marked,
    Utf16,
    Windows,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Header {
    English,
    German,
    Spanish,
    None,
}

fn wanted() -> impl Strategy<Value = Vec<ExpectedStatement>> {
    const WORDS: &[&str] = &[
        "Größe",
        "Käse Müller",
        "coffee, tea",
        "a \"quoted\" word",
        "a;b|c",
        "R&B\nbelow",
        "Überweisung",
        "x",
    ];
    let text = vec(prop::sample::select(WORDS), 1..4).prop_map(|words| format!("to {} end", words.join(" ")));
    let row = (0..700_u64, prop_oneof![-99_999_999..99_999_999_i64, -500..500_i64], text);
    vec(row, 1..40).prop_map(|rows| {
        let first = NaiveDate::from_ymd_opt(2023, 1, 1).expect("a day");
        let day = |after| first.checked_add_days(Days::new(after)).expect("a day");
        let mut rows: Vec<ExpectedStatement> = rows
            .into_iter()
            .map(|(after, cents, text)| ExpectedStatement { date: day(after), cents, text })
            .collect();
        // Rows that make the file unambiguous: a day that cannot be a month, and both outgoing and incoming money.
        rows.push(ExpectedStatement { date: day(30), cents: -1_234_567, text: "to out end".to_owned() });
        rows.push(ExpectedStatement { date: day(58), cents: 1_234_567, text: "to in end".to_owned() });
        rows.sort_by_key(|row| row.date);
        rows
    })
}

fn written() -> impl Strategy<Value = Written> {
    use prop::sample::select;
    let signs = select(vec![
        Signs::Signed,
        Signs::Brackets,
        Signs::Trailing,
        Signs::Columns,
        Signs::NegativeColumns,
        Signs::Indicator,
    ]);
    let encoding = select(vec![Encoding::Utf8, Encoding::Marked, Encoding::Utf16, Encoding::Windows]);
    let look = (
        select(vec![',', ';', '\t', '|']),
        select(vec![
            "%Y-%m-%d",
            "%d.%m.%Y",
            "%d/%m/%Y",
            "%m/%d/%Y",
            "%d.%m.%y",
            "%Y%m%d",
            "%d %b %Y",
            "%b %d, %Y",
        ]),
        any::<bool>(),
        select(vec!["", " ", "\u{a0}", "'", "mark"]),
        signs,
        encoding,
        select(vec!["\n", "\r\n", "\r"]),
    );
    let header = select(vec![Header::English, Header::German, Header::Spanish, Header::None]);
    (look, any::<bool>(), any::<bool>(), any::<bool>(), header).prop_map(
        |(
            (delimiter, date, comma, thousands, signs, encoding, line_end),
            quoted,
            balance,
            descending,
            header,
        )| {
            // Without a header, the parser cannot recognise two columns of amounts or an indicator column.
            let plain = matches!(signs, Signs::Signed | Signs::Brackets | Signs::Trailing);
            let signs = if header == Header::None && !plain { Signs::Signed } else { signs };
            Written {
                delimiter,
                date,
                comma,
                thousands,
                signs,
                encoding,
                line_end,
                quoted,
                balance,
                descending,
                header,
            }
        },
    )
}

impl Written {
    fn names(&self) -> Option<String> {
        let columns = matches!(self.signs, Signs::Columns | Signs::NegativeColumns);
        let names = match (self.header, columns) {
            (Header::English, false) => ["Date", "Description", "Amount", "D/C", "Balance"].to_vec(),
            (Header::English, true) => ["Date", "Description", "Paid out", "Paid in", "Balance"].to_vec(),
            (Header::German, false) => {
                ["Buchungstag", "Verwendungszweck", "Betrag", "Soll/Haben", "Saldo"].to_vec()
            }
            (Header::German, true) => ["Buchungstag", "Verwendungszweck", "Soll", "Haben", "Saldo"].to_vec(),
            (Header::Spanish, false) => ["Fecha", "Concepto", "Importe", "Debe/Haber", "Saldo"].to_vec(),
            (Header::Spanish, true) => ["Fecha", "Concepto", "Cargo", "Abono", "Saldo"].to_vec(),
            (Header::None, _) => return None,
        };
        let one = !columns && self.signs != Signs::Indicator;
        let kept = |at: &usize| (*at != 3 || !one) && (*at != 4 || self.balance);
        let names: Vec<String> = (0..5).filter(kept).map(|at| self.cell(names[at])).collect();
        Some(names.join(&self.delimiter.to_string()))
    }

    fn cell(&self, text: &str) -> String {
        let needs = text.contains([self.delimiter, '"', '\n', '\r']);
        if self.quoted || needs { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
    }

    /// Formats whole units and cents, without a sign.
    fn money(&self, cents: i64) -> String {
        let mark = if self.comma { ',' } else { '.' };
        let thousands = match self.thousands {
            "mark" if self.comma => ".",
            "mark" => ",",
            other => other,
        };
        let whole = (cents.abs() / 100).to_string();
        let mut grouped = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                grouped.push_str(thousands);
            }
            grouped.push(digit);
        }
        format!("{grouped}{mark}{:02}", cents.abs() % 100)
    }

    fn signed(&self, cents: i64) -> String {
        let money = self.money(cents);
        match self.signs {
            _ if cents >= 0 => money,
            Signs::Brackets => format!("({money})"),
            Signs::Trailing => format!("{money}-"),
            _ => format!("-{money}"),
        }
    }

    fn bytes(&self, rows: &[ExpectedStatement]) -> Vec<u8> {
        let mut lines: Vec<String> = Vec::new();
        let mut balance = 100_000;
        for row in rows {
            balance += row.cents;
            let mut cells = vec![self.cell(&row.date.format(self.date).to_string()), self.cell(&row.text)];
            let out = row.cents < 0;
            match self.signs {
                Signs::Columns | Signs::NegativeColumns => {
                    let sign = if self.signs == Signs::NegativeColumns { "-" } else { "" };
                    let used = self.cell(&if out {
                        format!("{sign}{}", self.money(row.cents))
                    } else {
                        self.money(row.cents)
                    });
                    cells.extend(if out { [used, String::new()] } else { [String::new(), used] });
                }
                Signs::Indicator => {
                    cells.push(self.cell(&self.money(row.cents)));
                    cells.push(self.cell(if out { "D" } else { "C" }));
                }
                _ => cells.push(self.cell(&self.signed(row.cents))),
            }
            if self.balance {
                cells.push(self.cell(&self.signed(balance)));
            }
            lines.push(cells.join(&self.delimiter.to_string()));
        }
        if self.descending {
            lines.reverse();
        }
        let mut text = String::new();
        for line in self.names().into_iter().chain(lines) {
            write!(text, "{line}{}", self.line_end).expect("writing to a String does not fail");
        }
        match self.encoding {
            Encoding::Utf8 => text.into_bytes(),
            Encoding::Marked => format!("\u{feff}{text}").into_bytes(),
            Encoding::Utf16 => {
                [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
            }
            Encoding::Windows => encoding_rs::WINDOWS_1252.encode(&text).0.into_owned(),
        }
    }
}

fn rows_of(bytes: &[u8]) -> Result<(Statement, Vec<Row>), ParseError> {
    let mut rows = Vec::new();
    let statement = read("a.csv", &mut &*bytes, &ParseLimits::default(), &mut rows)?;
    Ok((statement, rows))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(rows in wanted(), dialect in written()) {
        let (statement, mut read) = rows_of(&dialect.bytes(&rows)).expect("a statement");
        if dialect.descending {
            read.reverse();
        }
        let seen: Vec<_> = read.iter().map(|row| (row.date, row.amount.to_string(), row.description.clone())).collect();
        let expected: Vec<_> = rows
            .iter()
            .map(|row| {
                let amount = rust_decimal::Decimal::new(row.cents, 2).to_string();
                (row.date, amount, row.text.clone())
            })
            .collect();
        prop_assert_eq!(seen, expected);
        prop_assert!(statement.warnings.is_empty(), "{:?}", statement.warnings);
        let account = &statement.accounts[0];
        prop_assert_eq!(account.balanced, dialect.balance.then_some(true));
        if dialect.balance {
            prop_assert_eq!(account.opening.map(|opening| opening.to_string()), Some("1000.00".to_owned()));
        }
    }

    #[test]
    fn a_part_of_a_statement_has_the_same_identities(rows in wanted(), dialect in written(), cut in 0..10_usize) {
        // Without a header the columns are assigned by their content, which may differ in a part of the file.
        prop_assume!(dialect.header != Header::None);
        let keys = |rows: &[ExpectedStatement]| -> Vec<_> {
            let (_, read) = rows_of(&dialect.bytes(rows)).expect("a statement");
            let mut keys: Vec<_> = read.iter().map(|row| (row.identity, row.occurrence)).collect();
            keys.sort_unstable();
            keys
        };
        let whole = keys(&rows);
        for key in keys(&rows[cut.min(rows.len() - 1)..]) {
            prop_assert!(whole.binary_search(&key).is_ok());
        }
    }

    #[test]
    fn any_bytes_end_well(bytes in vec(any::<u8>(), 0..2000)) {
        prop_assert!(!matches!(rows_of(&bytes), Err(ParseError::Io(_) | ParseError::Stopped)));
    }

    #[test]
    fn damaged_statements_end_well(rows in wanted(), dialect in written(), damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..20)) {
        let mut bytes = dialect.bytes(&rows);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok((statement, read)) = rows_of(&bytes) {
            prop_assert_eq!(statement.rows, read.len() as u64);
        }
    }
}
