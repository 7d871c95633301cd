//! Bank statements: for all bytes, rows are distinguishable and add up to the reported sum.

use std::collections::HashSet;
use std::ops::ControlFlow;

use riffle_statement_parser::{
    Amount, Identity, ParseError, ParseLimits, Row, RowSink, Statement, WARNINGS_MAX, read,
};

pub const CSV_WORDS: &[&str] = &[
    "\"\"",
    "\";\"",
    "\r\n",
    ",,",
    "\t",
    "01.02.2024",
    "-1.234,56",
    "Saldo",
    "Soll",
    "IBAN;",
    "\u{a0}",
    "DR",
    "(",
    "\u{feff}",
];
pub const OFX_WORDS: &[&str] = &[
    "<STMTTRN>",
    "</STMTTRN>",
    "<TRNAMT>",
    "<FITID>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "<!DOCTYPE a [",
    "&#x",
    "<STMTRS>",
    "<CURSYM>",
    "<LEDGERBAL><BALAMT>",
];

pub fn csv() -> Vec<Vec<u8>> {
    vec![
        b"Date,Description,Amount,Balance\n2024-01-01,coffee,-3.00,97.00\n2024-01-01,coffee,-3.00,94.00\n".to_vec(),
        b"IBAN;DE02 1203 0000 0000 2020 51\nSaldo;1.234,56;EUR\n\nBuchung;Valuta;Text;Soll;Haben;W\xE4hrung\n01.02.24;02.02.24;\"Miete; K\xF6ln\";850,00;;EUR\n13.02.24;;Lohn;;1.900,00;EUR\n".to_vec(),
        b"01/31/2024\t-45.00\t*\tPURCHASE 4111 1111 1111 1111\n01/15/2024\t900.00 CR\t*\tPAYROLL\n".to_vec(),
    ]
}

pub fn ofx() -> Vec<Vec<u8>> {
    vec![
        b"OFXHEADER:100\nVERSION:102\nCHARSET:1252\n\n<OFX><STMTRS><CURDEF>USD<BANKACCTFROM><ACCTID>1</BANKACCTFROM><BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20240105120000[-5:EST]<TRNAMT>-45.10<FITID>1<NAME>Caf\xE9 & Bar<MEMO>x</STMTTRN></BANKTRANLIST><LEDGERBAL><BALAMT>2.90</LEDGERBAL></STMTRS></OFX>".to_vec(),
        b"<?xml version=\"1.0\"?><?OFX VERSION=\"203\"?><OFX><CCSTMTRS><CURDEF>EUR</CURDEF><STMTTRN><DTPOSTED>20240110</DTPOSTED><TRNAMT>-84,00</TRNAMT><NAME>A &amp; B</NAME></STMTTRN></CCSTMTRS></OFX>".to_vec(),
    ]
}

pub fn run(input: &[u8]) {
    let limits = ParseLimits { record_bytes: 64 << 10, ..ParseLimits::default() };
    let mut sink = CheckedRows { rows: 0, sum: Some(Amount::ZERO), keys: HashSet::new() };
    match read("a.csv", &mut &*input, &limits, &mut sink) {
        Ok(statement) => check(&statement, &sink),
        Err(ParseError::Reject(reject)) => assert!(!reject.to_string().is_empty()),
        Err(error) => panic!("bytes in memory can be read: {error}"),
    }
}

fn check(statement: &Statement, sink: &CheckedRows) {
    assert!(statement.warnings.len() <= WARNINGS_MAX, "the list of warnings is limited");
    assert_eq!(statement.rows, sink.rows);
    assert_eq!(statement.accounts.iter().map(|account| account.rows).sum::<u64>(), sink.rows);
    let sum = statement.accounts.iter().try_fold(Amount::ZERO, |sum, account| sum.checked_add(account.sum));
    assert!(
        statement.accounts.iter().any(|account| account.sum.scale() > 10) || sum == sink.sum,
        "sums are of all rows"
    );
    let json = serde_json::to_vec(statement).expect("a statement can be serialised");
    assert_eq!(serde_json::from_slice::<Statement>(&json).ok().as_ref(), Some(statement));
}

/// A sink that checks everything.
struct CheckedRows {
    rows: u64,
    sum: Option<Amount>,
    keys: HashSet<(Option<String>, Identity, u32)>,
}

impl RowSink for CheckedRows {
    fn row(&mut self, row: Row) -> ControlFlow<()> {
        self.rows += 1;
        self.sum = self.sum.and_then(|sum| sum.checked_add(row.amount));
        assert!(!row.clean.chars().any(char::is_control), "a cleaned description is one line");
        assert!(self.keys.insert((row.account, row.identity, row.occurrence)), "no two rows are the same");
        ControlFlow::Continue(())
    }
}
