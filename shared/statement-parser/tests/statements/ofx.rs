//! OFX and QFX, as SGML and XML.

use riffle_statement_parser::{Format, RowPlace};

use crate::{accounts, attempt, describe, line, statement, warnings};

const SGML: &str = "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252\r\nCOMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n\r\n\
<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20240201120000[-5:EST]<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1>\r\n\
<BANKMSGSRSV1><STMTTRNRS><TRNUID>0<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>USD\r\n\
<BANKACCTFROM><BANKID>111000025<ACCTID>0012345678<ACCTTYPE>CHECKING</BANKACCTFROM>\r\n\
<BANKTRANLIST><DTSTART>20240101<DTEND>20240131\r\n\
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20240105120000[-5:EST]<TRNAMT>-45.10<FITID>202401051<NAME>Corner Caf\u{e9} & Bar<MEMO>POS 4411</STMTTRN>\r\n\
<STMTTRN><TRNTYPE>CHECK<DTPOSTED>20240106<TRNAMT>-20.00<FITID>202401061<CHECKNUM>101</STMTTRN>\r\n\
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20240115000000.000[0:GMT]<DTAVAIL>20240116<TRNAMT>+1500.00<FITID>202401151<NAME>EXAMPLE INC<MEMO>EXAMPLE INC PAYROLL</STMTTRN>\r\n\
</BANKTRANLIST><LEDGERBAL><BALAMT>2434.90<DTASOF>20240131</LEDGERBAL><AVAILBAL><BALAMT>2000.00<DTASOF>20240131</AVAILBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1>\r\n\
<CREDITCARDMSGSRSV1><CCSTMTTRNRS><CCSTMTRS><CURDEF>USD<CCACCTFROM><ACCTID>4111111111111111</CCACCTFROM><BANKTRANLIST>\r\n\
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20240107<TRNAMT>-9.99<FITID>CC1<NAME>STREAMING<CURRENCY><CURRATE>1.1<CURSYM>EUR</CURRENCY></STMTTRN>\r\n\
</BANKTRANLIST></CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1></OFX>\r\n";

#[test]
fn sgml_with_two_statements() {
    let (statement, rows) = attempt("export.qfx", crate::windows_1252(SGML)).expect("OFX");
    assert_eq!(statement.format, Format::Ofx);
    assert_eq!(statement.dialect.version.as_deref(), Some("102"));
    assert_eq!(describe(&statement.dialect), "- windows-1252 no header exact Point Signed");
    assert_eq!(
        rows.iter().map(line).collect::<Vec<_>>(),
        [
            "2024-01-05 - -45.10 USD | Corner Café & Bar POS 4411 | Corner Café & Bar | - | DEBIT | 202401051",
            "2024-01-06 - -20.00 USD | 101 | - | - | CHECK | 202401061",
            "2024-01-15 2024-01-16 1500.00 USD | EXAMPLE INC PAYROLL | EXAMPLE INC | - | CREDIT | 202401151",
            "2024-01-07 - -9.99 EUR | STREAMING | STREAMING | - | DEBIT | CC1",
        ]
    );
    assert_eq!(rows[1].place, RowPlace::Entry { line: 16, number: 2 });
    assert_eq!(
        accounts(&statement),
        [
            "0012345678 USD 2024-01-01..2024-01-31 3 rows: - + 1434.90 = 2434.90 -",
            "4111111111111111 EUR 2024-01-07..2024-01-07 1 rows: - + -9.99 = - -",
        ]
    );
    assert_eq!(warnings(&statement), Vec::<String>::new());
}

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<?OFX OFXHEADER=\"200\" VERSION=\"203\" SECURITY=\"NONE\" OLDFILEUID=\"NONE\" NEWFILEUID=\"NONE\"?>\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR</CURDEF><BANKACCTFROM><BANKID>10050000</BANKID><ACCTID>DE02 1005 0000 0054 5404 02</ACCTID><ACCTTYPE>CHECKING</ACCTTYPE></BANKACCTFROM><BANKTRANLIST><DTSTART>20240101</DTSTART><DTEND>20240131</DTEND><STMTTRN><TRNTYPE>DEBIT</TRNTYPE><DTPOSTED>20240110</DTPOSTED><TRNAMT>-84.00</TRNAMT><FITID>A1</FITID><PAYEE><NAME>Stadtwerke &amp; Söhne</NAME><CITY>Ort</CITY></PAYEE><BANKACCTTO><BANKID>1</BANKID><ACCTID>999</ACCTID></BANKACCTTO><MEMO>Strom</MEMO></STMTTRN><STMTTRN><TRNTYPE>CREDIT</TRNTYPE><DTPOSTED>20240111</DTPOSTED><TRNAMT>10.5</TRNAMT><FITID>A1</FITID><NAME>Anna</NAME></STMTTRN></BANKTRANLIST><LEDGERBAL><BALAMT>500.00</BALAMT><DTASOF>20240131</DTASOF></LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>";

#[test]
fn xml() {
    let (statement, rows) = statement(XML);
    assert_eq!(statement.dialect.version.as_deref(), Some("203"));
    assert_eq!(
        rows.iter().map(line).collect::<Vec<_>>(),
        [
            "2024-01-10 - -84.00 EUR | Stadtwerke & Söhne Strom | Stadtwerke & Söhne | - | DEBIT | A1",
            "2024-01-11 - 10.5 EUR | Anna | Anna | - | CREDIT | A1",
        ]
    );
    assert_ne!(rows[0].identity, rows[1].identity, "one id for two transactions does not make them one");
    assert_eq!(
        accounts(&statement),
        ["DE02100500000054540402 EUR 2024-01-01..2024-01-31 2 rows: - + -73.50 = 500.00 -"]
    );
}

#[test]
fn faults_are_warnings() {
    let (statement, rows) = statement(
        "<OFX><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1</BANKACCTFROM><BANKTRANLIST>\n\
         <STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20240110<TRNAMT>-1.234,50<NAME>A < B</STMTTRN>\n\
         <STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20241340<TRNAMT>-1,00</STMTTRN>\n\
         <STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20240112<TRNAMT>lots</STMTTRN>\n\
         <STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20240113<TRNAMT>-2,00<FITID>0\n\
         <STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20240113<TRNAMT>-2,00<FITID>0\n\
         <STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20240114<TRNAMT>99999999999999999999</STMTTRN>\n\
         </BANKTRANLIST>",
    );
    assert_eq!(
        rows.iter().map(line).collect::<Vec<_>>(),
        [
            "2024-01-10 - -1234.50 EUR | A < B | A < B | - | DEBIT | -",
            "2024-01-13 - -2.00 EUR | DEBIT | - | - | DEBIT | -",
            "2024-01-13 - -2.00 EUR | DEBIT | - | - | DEBIT | -",
        ]
    );
    assert_eq!(rows.iter().map(|row| row.occurrence).collect::<Vec<_>>(), [1, 1, 2]);
    assert_eq!(
        warnings(&statement),
        [
            "transaction 2 in line 3: skipped: \"20241340\" is not a date",
            "transaction 3 in line 4: skipped: \"lots\" is not an amount",
            "transaction 6 in line 7: skipped: the amount \"99999999999999999999\" is too large",
        ]
    );
}

#[test]
fn amounts_without_signs_go_by_their_type() {
    let (statement, rows) = statement(
        "<OFX><STMTRS><STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20240110<TRNAMT>5.00<FITID>1</STMTTRN><STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20240110<TRNAMT>7.00<FITID>2</STMTTRN></STMTRS></OFX>",
    );
    assert_eq!(rows.iter().map(|row| row.amount.to_string()).collect::<Vec<_>>(), ["-5.00", "7.00"]);
    assert_eq!(statement.warnings.len(), 1);
}

#[test]
fn sgml_and_xml_give_the_same_identities() {
    let one = "<OFX><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1</BANKACCTFROM><STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20240110120000<TRNAMT>-5.00<FITID>X1<NAME>A</STMTTRN></STMTRS></OFX>";
    let other = "<?xml version='1.0'?><OFX><STMTRS><CURDEF>EUR</CURDEF><BANKACCTFROM><ACCTID>1</ACCTID></BANKACCTFROM><STMTTRN><TRNTYPE>DEBIT</TRNTYPE><DTPOSTED>20240110</DTPOSTED><TRNAMT>-5.0</TRNAMT><FITID>X1</FITID><NAME>Another name</NAME></STMTTRN></STMTRS></OFX>";
    assert_eq!(statement(one).1[0].identity, statement(other).1[0].identity);
}

#[test]
fn declared_entities_are_not_expanded() {
    let mut bomb = "<?xml version='1.0'?><!DOCTYPE OFX [<!ENTITY a 'xxxxxxxxxx'>".to_owned();
    for level in 1..30 {
        bomb.push_str(&format!("<!ENTITY a{level} '&a{};&a{};'>", level - 1, level - 1));
    }
    bomb.push_str("<!ENTITY f SYSTEM 'file:///etc/passwd'>]><OFX><STMTRS><STMTTRN><DTPOSTED>20240110</DTPOSTED><TRNAMT>-5.00</TRNAMT><NAME>&a29;&f;</NAME></STMTTRN></STMTRS></OFX>");
    let (_, rows) = statement(bomb);
    assert_eq!(rows[0].description, "&a29;&f;");
}

#[test]
fn a_value_of_megabytes_is_cut_and_the_next_transaction_is_read() {
    for long in ["<![CDATA[&&&&]]>", "<", "&amp;"].map(|piece| piece.repeat(500_000)) {
        let (statement, rows) = statement(format!(
            "<OFX><STMTRS><CURDEF>EUR\n\
             <STMTTRN><DTPOSTED>20240110<TRNAMT>-5.00<NAME>{long}</STMTTRN>\n\
             <STMTTRN><DTPOSTED>20240111<TRNAMT>-6.00<NAME>B</STMTTRN></STMTRS></OFX>"
        ));
        assert!(rows[0].description.len() < 2_010);
        assert_eq!(line(&rows[1]), "2024-01-11 - -6.00 EUR | B | B | - | - | -");
        let warnings = warnings(&statement);
        assert!(
            warnings.contains(&"line 2: a value was too long and was truncated".to_owned()),
            "{warnings:?}"
        );
    }
}

#[test]
fn an_answer_without_accounts_is_none() {
    let refused = attempt(
        "a.ofx",
        "OFXHEADER:100\n\n<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>15500<SEVERITY>ERROR<MESSAGE>Signon invalid</STATUS></SONRS></SIGNONMSGSRSV1></OFX>",
    );
    let error = refused.expect_err("no statement").to_string();
    assert_eq!(
        error,
        "not a bank statement: it is OFX, but contains no account; the bank's message: Signon invalid"
    );
}
