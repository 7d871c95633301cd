//! `riffle import`: its result for statements, and its output for a person, a pipe and a program.

use serde_json::json;

use crate::bank::{ACCOUNT, Bank, THREE, counts, imported_files, rows};

const OFX: &str = "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252\r\n\
COMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n\r\n\
<OFX><BANKMSGSRSV1><STMTTRNRS><TRNUID>0<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>USD\r\n\
<BANKACCTFROM><BANKID>111000025<ACCTID>0012345678<ACCTTYPE>CHECKING</BANKACCTFROM>\r\n\
<BANKTRANLIST><DTSTART>20240101<DTEND>20240131\r\n\
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20240105<TRNAMT>-45.10<FITID>202401051<NAME>Corner Cafe</STMTTRN>\r\n\
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20240115<TRNAMT>1500.00<FITID>202401151<NAME>EXAMPLE INC</STMTTRN>\r\n\
</BANKTRANLIST><LEDGERBAL><BALAMT>2434.90<DTASOF>20240131</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\r\n";

#[test]
fn a_statement_becomes_transactions_with_a_summary_last() {
    let bank = Bank::new();
    let file = bank.put("january.csv", THREE);
    let (transactions, summary) = bank.import_one(&file);
    let amounts: Vec<_> =
        transactions.iter().map(|one| (&one["date"], &one["amount"], &one["place"])).collect();
    assert_eq!(
        json!(amounts),
        json!([
            ["2024-01-01", "-3.00", "line 2"],
            ["2024-01-01", "-3.00", "line 3"],
            ["2024-01-02", "100.00", "line 4"]
        ])
    );
    assert!(transactions.iter().all(|one| one["new"] == true), "{transactions:?}");
    assert_eq!(counts(&summary), [3, 3, 0]);
    assert_eq!(
        (
            &summary["state"],
            &summary["opening"],
            &summary["closing"],
            &summary["balanced"],
            &summary["warnings"]
        ),
        (&json!("processed"), &json!("100.00"), &json!("194.00"), &json!(true), &json!([]))
    );
    assert_eq!((&summary["account"], summary.get("currency")), (&json!(ACCOUNT), Some(&json!(null))));

    let piped = bank
        .import(&[&bank.put("february.csv", THREE.replace("2024-01", "2024-02"))], &["--account", "Cash"]);
    assert_eq!(piped.code, Some(0), "{piped:?}");
    let columns: Vec<&str> = piped.out[0].split('\t').collect();
    assert!(columns[0].ends_with("february.csv"), "{columns:?}");
    assert_eq!(columns[1..], ["processed", "Cash", "", "100.00", "194.00", "yes", "3", "3", "0", "0"]);
    assert_eq!((piped.out.len(), piped.err.as_str()), (1, ""), "without other output");
}

#[test]
fn ofx_names_its_account_and_currency() {
    let bank = Bank::new();
    let (transactions, summary) = bank.import_one(&bank.put("bank.ofx", OFX));
    assert_eq!(
        (&summary["format"], &summary["account"], &summary["currency"], &summary["closing"]),
        (&json!("OFX"), &json!("0012345678"), &json!("USD"), &json!("2434.90"))
    );
    assert_eq!(counts(&summary), [2, 2, 0]);
    assert_eq!(
        (&transactions[0]["amount"], &transactions[1]["reference"]),
        (&json!("-45.10"), &json!("202401151"))
    );
    // The account name given by the owner applies only to rows that name none.
    let again = bank.import(&[&bank.put("again.ofx", OFX)], &["--account", "Mine", "--json"]);
    assert_eq!(counts(&imported_files(&again)[0].1), [2, 0, 2], "{again:?}");
}

#[test]
fn the_same_and_overlapping_files_add_what_is_new_alone() {
    let bank = Bank::new();
    let first = bank.put("first.csv", rows(0, 120));
    assert_eq!(counts(&bank.import_one(&first).1), [120, 120, 0]);
    let (transactions, summary) = bank.import_one(&first);
    assert_eq!(counts(&summary), [120, 0, 120], "the same file again");
    assert!(transactions.iter().all(|one| one["new"] == false));
    let overlapping = bank.put("second.csv", rows(80, 100));
    assert_eq!(counts(&bank.import_one(&overlapping).1), [100, 60, 40]);
    let unnamed = bank.import(&[&overlapping], &["--json"]);
    assert_eq!(counts(&imported_files(&unnamed)[0].1), [100, 100, 0], "it may be another account");
    // Several files at once, one of them twice.
    let both = bank
        .import(&[&bank.put("third.csv", rows(160, 40)), &first, &first], &["--json", "--account", ACCOUNT]);
    assert_eq!(both.code, Some(0), "{both:?}");
    let files = imported_files(&both);
    let printed: Vec<_> = files.iter().map(|(_, summary)| counts(summary)).collect();
    assert_eq!(
        printed,
        [[40, 20, 20], [120, 0, 120], [120, 0, 120]],
        "in the order in which they were given"
    );
}

#[test]
fn what_is_no_statement_is_told_and_keeps_nothing_from_the_rest() {
    let bank = Bank::new();
    let good = bank.put("good.csv", THREE);
    let letter = bank.put("letter.txt", "Dear Sir or Madam,\n\nthis is no statement.\n");
    let missing = bank.at("missing.csv");
    let ended = bank.import(&[&letter, &good, &missing], &["--json"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let files = imported_files(&ended);
    let states: Vec<_> = files.iter().map(|(_, summary)| &summary["state"]).collect();
    assert_eq!(json!(states), json!(["rejected", "processed", "unread"]));
    for (_, summary) in [&files[0], &files[2]] {
        assert!(summary["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{summary}");
        assert_eq!(counts(summary), [0, 0, 0]);
    }
    let piped = bank.import(&[&letter], &[]);
    assert_eq!((piped.code, piped.out.len()), (Some(1), 1), "{piped:?}");
    assert!(piped.out[0].contains("\trejected\t") && piped.err.contains("letter.txt: "), "{piped:?}");
}

#[test]
fn balances_that_do_not_follow_are_told_by_the_exit_code() {
    let bank = Bank::new();
    let file = bank.put("wrong.csv", THREE.replace("-3.00,94.00", "-3.00,94.50"));
    let ended = bank.import(&[&file], &["--json"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let (transactions, summary) = imported_files(&ended).remove(0);
    assert_eq!(
        (transactions.len(), &summary["state"], &summary["balanced"]),
        (3, &json!("review"), &json!(false))
    );
    assert!(summary["review"].as_array().is_some_and(|why| !why.is_empty()), "{summary}");
    assert!(summary["warnings"][0]["place"] == "line 3", "{summary}");
    let piped = bank.import(&[&file], &[]);
    assert!(piped.out[0].contains("\tNO\t") && piped.err.contains("line 3: "), "{piped:?}");
}

#[test]
fn what_cannot_be_run_says_why() {
    let bank = Bank::new();
    let folder = bank.put("folder/a.csv", THREE);
    let folder = folder.parent().expect("a folder");
    assert!(bank.import(&[folder], &[]).refusal().contains("riffle watch"));
    let file = bank.put("a.csv", THREE);
    assert!(bank.import(&[&file], &["--account", " "]).refusal().contains("1 to 128 bytes"));
    assert_eq!(bank.riffle(&["import"]).code, Some(2));
    assert!(!bank.state().exists(), "no state was created");
    for command in ["import", "watch", "replay", "redrive", "doctor"] {
        let help = bank.riffle(&[command, "--help"]);
        let text = help.out.join("\n");
        assert!(help.code == Some(0) && text.contains("Examples:"), "{text}");
    }
}
