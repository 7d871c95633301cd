//! Proves the rules that apply to every dialect: faults, balances, identities, rejects, limits.

use std::io::{self, Read};
use std::ops::ControlFlow;

use riffle_statement_parser::{Input, ParseError, ParseLimits, Reject, Row, RowSink, Statement, read};

use crate::{accounts, attempt, line, statement, warnings};

const ROWS: &str = "Date,Description,Amount,Balance\n2024-01-01,coffee,-3.00,97.00\n2024-01-01,coffee,-3.00,94.00\n2024-01-02,salary,100.00,194.00\n";

#[test]
fn two_coffees_on_one_day_stay_two() {
    let (_, rows) = statement(ROWS);
    assert_eq!(rows[0].identity, rows[1].identity);
    assert_eq!(rows.iter().map(|row| row.occurrence).collect::<Vec<_>>(), [1, 2, 1]);
}

#[test]
fn an_overlapping_statement_gives_the_same_identities() {
    let (_, first) = statement(ROWS);
    // The second file has different rows around, different balances, and is too short to show the order of dates.
    let (_, second) = statement(
        "Date,Description,Amount,Balance\n2024-01-01,coffee,-3.00,50.00\n2024-01-02,salary,100.00,150.00\n2024-01-03,rent,-20.00,130.00\n",
    );
    let keys = |rows: &[Row]| rows.iter().map(|row| (row.identity, row.occurrence)).collect::<Vec<_>>();
    assert_eq!(keys(&first)[0], keys(&second)[0]);
    assert_eq!(keys(&first)[2], keys(&second)[1]);
    let with = |rows: &str| statement(format!("Datum;Text;Betrag;Konto\n{rows}")).1;
    let long = with("01/02/2024;Käse;-1.234;1\n13/02/2024;x;-1,50;1\n14/02/2024;y;-1,50;2\n");
    let short = with("01/02/2024;Käse;-1.234;1\n");
    assert_eq!(keys(&long)[0], keys(&short)[0]);
    let utf16: Vec<u8> = "Datum;Text;Betrag;Konto\n01/02/2024;Käse;-1.234;1\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(keys(&statement([&b"\xFF\xFE"[..], &utf16].concat()).1), keys(&short));
}

/// Identities are stored: the same file must always give the same identities.
#[test]
fn identities_stay_what_they_are() {
    let identity = |text: &str| statement(text).1[0].identity.to_string();
    assert_eq!(identity(ROWS), "f1-bc532a53c0ac5d373e09285345aac076");
    assert_eq!(
        identity(
            "Buchungstag;Valuta;Verwendungszweck;Empfänger;IBAN;Betrag;Saldo;Kategorie\n02.01.24;02.01.24;Miete;Müller;DE1;-850,00;1,00;Wohnen\n"
        ),
        "f1-8ffd3f4cba83486645239ad1fbcaf4f1"
    );
    assert_eq!(
        identity("Date,Transaction ID,Name,Amount,Currency\n2024-01-02,T1,Shop,-5.00,EUR\n"),
        "r1-c19c8ae18dd07a03ebbc75bac11bdd65"
    );
}

#[test]
fn a_fault_in_a_row_is_a_warning_and_the_rest_goes_on() {
    let (statement, rows) = statement(
        "Date,Description,Amount\n2024-01-01,a,-1.00\n2024-13-45,b,-2.00\n2024-01-03,c,lots\n2024-01-04,d,\n,e,-5.00\n2024-01-06,\"open,-6.00\n2024-01-07,g,-7.00\n2024-01-08,h,-123456789012345678901234567890.00\n2024-01-09,i,\"-9,50\"\n",
    );
    let read: Vec<_> = rows.iter().map(line).collect();
    assert_eq!(
        read,
        [
            "2024-01-01 - -1.00 - | a | - | - | - | -",
            "2024-01-06 - -6.00 - | \"open | - | - | - | -",
            "2024-01-07 - -7.00 - | g | - | - | - | -",
            "2024-01-09 - -9.50 - | i | - | - | - | -",
        ]
    );
    assert_eq!(
        warnings(&statement),
        [
            "line 3: skipped: \"2024-13-45\" is not a date",
            "line 4: skipped: \"lots\" is not an amount",
            "line 5: skipped: it has no amount",
            "line 6: skipped: it has an amount but no date",
            "line 9: skipped: the amount \"-123456789012345678901234567890.00\" is too large",
            "line 10: \"-9,50\" has a different decimal mark from the rest of the file",
        ]
    );
}

#[test]
fn a_balance_that_does_not_follow_is_told_with_its_place() {
    let (statement, _) = statement(ROWS.replace("-3.00,94.00", "-3.00,94.50"));
    assert_eq!(accounts(&statement), ["- - 2024-01-01..2024-01-02 3 rows: 100.00 + 94.00 = 194.00 false"]);
    assert_eq!(
        warnings(&statement),
        [
            "line 3: the balance is 94.50, but the neighbouring rows result in 94.00",
            "line 4: the balance is 194.00, but the neighbouring rows result in 194.50",
        ]
    );
}

#[test]
fn one_balance_a_day_and_days_in_another_order_than_their_rows() {
    let once = "Date,Details,Debit,Credit,Balance\n13/09/2023,a,,10.00,85.00\n13/09/2023,b,25.00,,\n14/09/2023,c,5.00,,75.00\n14/09/2023,d,5.00,,\n15/09/2023,e,1.00,,74.00\n";
    let (statement, _) = statement(once);
    assert_eq!(accounts(&statement), ["- - 2023-09-13..2023-09-15 5 rows: 100.00 + -26.00 = 74.00 true"]);
    let mixed = "Date,Details,Amount,Balance\n15/09/2023,d,-1.00,74.00\n14/09/2023,b,-5.00,80.00\n14/09/2023,c,-5.00,75.00\n13/09/2023,a,-15.00,85.00\n";
    let (statement, _) = crate::statement(mixed);
    assert_eq!(accounts(&statement), ["- - 2023-09-13..2023-09-15 4 rows: 100.00 + -26.00 = 74.00 true"]);
}

#[test]
fn a_missing_row_shows_in_stated_balances() {
    let (statement, _) =
        statement("Opening balance;100,00\nClosing balance;80,00\nDatum;Text;Betrag\n01.02.2024;a;-10,00\n");
    assert_eq!(accounts(&statement), ["- - 2024-02-01..2024-02-01 1 rows: 100.00 + -10.00 = 80.00 false"]);
    assert_eq!(
        warnings(&statement),
        ["the file: the opening balance 100.00 plus all amounts -10.00 is not the closing balance 80.00"]
    );
}

#[test]
fn several_accounts_in_one_file_each_have_their_balance() {
    let text = "Konto;Buchungstag;Verwendungszweck;Betrag;Saldo;Währung\n1;02.01.2024;a;-1,00;9,00;EUR\n2;02.01.2024;b;5,00;105,00;EUR\n1;03.01.2024;c;-2,00;7,00;EUR\n2;03.01.2024;d;5,00;110,00;EUR\n";
    let (statement, _) = statement(text);
    assert_eq!(
        accounts(&statement),
        [
            "1 EUR 2024-01-02..2024-01-03 2 rows: 10.00 + -3.00 = 7.00 true",
            "2 EUR 2024-01-02..2024-01-03 2 rows: 100.00 + 10.00 = 110.00 true",
        ]
    );
}

#[test]
fn sections_with_an_account_each() {
    let section = |account: &str, amount: &str| {
        format!(
            "Kontonummer:;{account}\nSaldo:;100,00\nDatum;Text;Betrag\n01.02.2024;a;{amount}\n02.02.2024;b;{amount}\n\n"
        )
    };
    let (statement, rows) = statement(section("11111", "-1,00") + &section("22222", "-2,00"));
    assert_eq!(
        rows.iter().map(|row| row.account.as_deref().unwrap_or("-")).collect::<Vec<_>>(),
        ["11111", "11111", "22222", "22222"]
    );
    assert_eq!(
        accounts(&statement),
        [
            "11111 - 2024-02-01..2024-02-02 2 rows: - + -2.00 = 100.00 -",
            "22222 - 2024-02-01..2024-02-02 2 rows: - + -4.00 = 100.00 -",
        ]
    );
}

#[test]
fn an_empty_month_is_a_statement() {
    let (statement, rows) = statement("IBAN;DE02120300000000202051\nBuchungstag;Verwendungszweck;Betrag\n");
    assert!(rows.is_empty() && warnings(&statement).is_empty());
    assert_eq!(statement.accounts[0].account.as_deref(), Some("DE02120300000000202051"));
}

#[test]
fn a_header_in_an_unknown_language_is_told_by_its_rows() {
    let (statement, rows) =
        statement("Kuupäev,Selgitus,Väärtus\n2024-01-05,kohv,-12.50\n2024-01-06,palk,99.00\n");
    assert_eq!(statement.dialect.header_line, Some(1));
    assert_eq!(rows.iter().map(line).next().as_deref(), Some("2024-01-05 - -12.50 - | kohv | - | - | - | -"));
    assert_eq!(
        warnings(&statement),
        ["the file: the column names are unknown; judging by the content, the amounts are in \"Väärtus\""]
    );
}

#[test]
fn amounts_without_a_sign_are_told() {
    let (statement, _) = statement("2024-01-05,coffee,12.50\n2024-01-06,tea,9.00\n");
    assert_eq!(warnings(&statement), ["the file: no amount is negative; all were read as credits"]);
}

#[track_caller]
fn reject(name: &str, bytes: &[u8]) -> String {
    match attempt(name, bytes) {
        Err(ParseError::Reject(reject)) => reject.to_string(),
        Err(error) => panic!("another error: {error}"),
        Ok((statement, _)) => panic!("read as {statement:?}"),
    }
}

#[test]
fn what_is_no_statement_is_refused_with_a_reason() {
    assert_eq!(reject("a.csv", b""), "the file is empty");
    assert_eq!(reject("a.csv", b"\xEF\xBB\xBF \n\n"), "the file is empty");
    assert!(reject("a.csv", b"<!DOCTYPE html><html><body>Please sign in</body></html>").contains("web page"));
    assert!(reject("a.csv", b"%PDF-1.7 ...").starts_with("a PDF is not supported"));
    assert!(reject("a.csv", b"PK\x03\x04....").starts_with("an Excel workbook or archive is not supported"));
    assert!(reject("a.csv", &(0..=255).cycle().take(5000).collect::<Vec<u8>>()).contains("binary"));
    assert!(
        reject("a.csv", b"Date,Station,Temperature\n2024-01-01,Ulm,1.5\n2024-01-02,Ulm,2.5\n")
            .contains("no column of amounts was recognised among: Date, Station, Temperature")
    );
    assert!(reject("a.csv", b"id,name\n1,a\n2,b\n").contains("a column of dates"));
    assert!(reject("a.txt", b"Dear all,\nthis is prose, as you see.\n").contains("not a bank statement"));
    assert!(reject("a.xml", b"<?xml version='1.0'?><a/>").contains("neither a table nor OFX"));
}

#[test]
fn hostile_text_is_read_or_refused() {
    let header = "Date,Description,Amount\n2024-01-01,a,-1.00\n";
    let long = format!("{header}2024-01-02,{},-2.00\n2024-01-03,c,-3.00\n", "x".repeat(10 << 20));
    let (statement, rows) = statement(long);
    assert_eq!(rows.len(), 2);
    assert_eq!(warnings(&statement), ["line 3: skipped: the line is too long"]);
    let wide = format!("{header}2024-01-02,b,-2.00{}\n2024-01-03,c,-3.00\n", ",".repeat(500_000));
    let (statement, rows) = crate::statement(wide);
    assert_eq!(rows.len(), 2);
    assert_eq!(warnings(&statement), ["line 3: skipped: the line has too many columns"]);
    let (_, rows) = crate::statement(format!("{header}2024-01-02,a\0b,-2.00\n"));
    assert_eq!(rows[1].clean, "a b");
    reject("a.csv", &b"\"".repeat(3 << 20));
    reject("a.csv", &b",".repeat(3 << 20));
    reject("a.csv", &b"\"a,\n".repeat(1 << 20));
}

/// A sink that stops at the second row.
struct Two(u32);

impl RowSink for Two {
    fn row(&mut self, _: Row) -> ControlFlow<()> {
        self.0 += 1;
        if self.0 == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn a_sink_may_stop() {
    let mut sink = Two(0);
    let stopped = read("a.csv", &mut ROWS.as_bytes(), &ParseLimits::default(), &mut sink);
    assert!(matches!(stopped, Err(ParseError::Stopped)) && sink.0 == 2);
}

fn limited(text: &str, limits: &ParseLimits) -> Result<Statement, ParseError> {
    read("a.csv", &mut text.as_bytes(), limits, &mut Vec::new())
}

#[test]
fn limits_are_typed() {
    let limits = ParseLimits::default();
    for (limits, what) in [
        (ParseLimits { bytes: 50, ..limits }, "bytes"),
        (ParseLimits { rows: 2, ..limits }, "records"),
        (ParseLimits { repeated: 0, ..limits }, "different rows that repeat"),
        (ParseLimits { accounts: 0, ..limits }, "accounts"),
    ] {
        match limited(ROWS, &limits) {
            Err(ParseError::Reject(Reject::TooLarge { what: found, .. })) => assert_eq!(found, what),
            other => panic!("{what}: {other:?}"),
        }
    }
}

/// An input that fails, or returns a different file for the second pass.
struct Odd(u32, Option<&'static str>);

impl Input for Odd {
    fn open(&mut self) -> io::Result<Box<dyn Read + '_>> {
        self.0 += 1;
        match self.1 {
            None => Err(io::Error::other("no such object")),
            Some(last) => Ok(Box::new(if self.0 == 3 { last.as_bytes() } else { ROWS.as_bytes() })),
        }
    }
}

#[test]
fn faults_of_the_input_are_no_fault_of_the_file() {
    let failed = read("a.csv", &mut Odd(0, None), &ParseLimits::default(), &mut Vec::new());
    assert!(matches!(failed, Err(ParseError::Io(_))), "{failed:?}");
    let changed = read(
        "a.csv",
        &mut Odd(0, Some("Date,Description,Amount,Balance\n")),
        &ParseLimits::default(),
        &mut Vec::new(),
    );
    assert!(matches!(changed, Err(ParseError::Reject(Reject::Damaged { .. }))), "{changed:?}");
}

#[test]
fn everything_is_serialised_and_read_again() {
    let (statement, rows) = statement(ROWS);
    let json = serde_json::to_string(&(&statement, &rows)).expect("written");
    assert!(json.contains("\"amount\":\"-3.00\"") && json.contains("\"balance\":\"97.00\""), "{json}");
    assert_eq!(serde_json::from_str::<(Statement, Vec<Row>)>(&json).expect("read"), (statement, rows));
}

#[test]
fn a_long_text_is_cut_and_told() {
    let (long, most) = ("é".repeat(5_000), ParseLimits::default().text_bytes);
    let text =
        format!("Date,Payee,Description,Amount\n2024-01-02,{long},{long},-3.00\n2024-01-03,Shop,Tea,-4.00\n");
    let (found, rows) = statement(text);
    let payee = rows[0].counterparty.as_deref().expect("the other side");
    for text in [rows[0].description.as_str(), rows[0].clean.as_str(), payee] {
        assert!(
            text.starts_with("éé") && text.ends_with("é…") && text.len() <= most + "…".len(),
            "{}",
            text.len()
        );
    }
    assert_eq!(
        warnings(&found),
        [
            "line 2: the description has 10000 bytes; only the first 2000 are kept",
            "line 2: the counterparty's name has 10000 bytes; only the first 2000 are kept",
        ]
    );
    let (other, same) = (format!("{long}x"), rows[0].identity);
    let text = format!("Date,Payee,Description,Amount\n2024-01-02,{long},{other},-3.00\n");
    assert_ne!(statement(text).1[0].identity, same, "text that is cut off still distinguishes rows");
}

#[test]
fn memory_follows_what_is_kept_of_a_text() {
    let (blanks, long, most) = (" ".repeat(400_000), "x".repeat(400_000), ParseLimits::default().text_bytes);
    let (found, rows) = statement(format!(
        "Date,Payee,Description,Amount\n2024-01-02,{long},a{blanks}b,-3.00\n2024-01-03,Shop,Tea,-4.00\n\
         2024-01-x{long},Shop,Tea,-5.00\n"
    ));
    assert_eq!(rows[0].clean, "a b");
    let payee = rows[0].counterparty.as_ref().expect("the other side");
    for text in [&rows[0].clean, &rows[0].description, payee]
        .into_iter()
        .chain(found.warnings.iter().map(|w| &w.what))
    {
        assert!(text.capacity() <= most + "…".len(), "{} for {}", text.capacity(), text.len());
    }
    assert!(warnings(&found).iter().any(|warning| warning.contains("skipped: \"2024-01-xxx")), "{found:?}");
}
