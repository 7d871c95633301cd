//! United States, Canada, India, and those without a country.

use crate::{accounts, check, describe, line, statement, warnings};

#[test]
fn chase_checking() {
    check(
        "Details,Posting Date,Description,Amount,Type,Balance,Check or Slip #\n\
         DEBIT,01/31/2024,\"EXAMPLE POWER  ONLINE PMT\",-82.10,ACH_DEBIT,1417.90,,\n\
         CREDIT,01/30/2024,\"EXAMPLE INC  PAYROLL\",1500.00,ACH_CREDIT,1500.00,,\n\
         CHECK,01/29/2024,\"CHECK 101\",-20.00,CHECK_PAID,0.00,101,\n",
        ", UTF-8 header 1 MonthDayYear Point Signed",
        &[
            "2024-01-31 - -82.10 - | EXAMPLE POWER  ONLINE PMT | - | 1417.90 | ACH_DEBIT | -",
            "2024-01-30 - 1500.00 - | EXAMPLE INC  PAYROLL | - | 1500.00 | ACH_CREDIT | -",
            "2024-01-29 - -20.00 - | CHECK 101 | - | 0.00 | CHECK_PAID | -",
        ],
        &["- - 2024-01-29..2024-01-31 3 rows: 20.00 + 1397.90 = 1417.90 true"],
    );
}

#[test]
fn chase_card() {
    check(
        "Transaction Date,Post Date,Description,Category,Type,Amount,Memo\n01/30/2024,01/31/2024,CORNER CAFE,Food & Drink,Sale,-6.25,\n01/28/2024,01/28/2024,Payment Thank You-Mobile,,Payment,250.00,\n",
        ", UTF-8 header 1 MonthDayYear Point Signed",
        &[
            "2024-01-31 - -6.25 - | CORNER CAFE | - | - | Sale | -",
            "2024-01-28 - 250.00 - | Payment Thank You-Mobile | - | - | Payment | -",
        ],
        &["- - 2024-01-28..2024-01-31 2 rows: - + 243.75 = - -"],
    );
}

#[test]
fn bank_of_america() {
    check(
        "Description,,Summary Amt.\nBeginning balance as of 01/01/2024,,\"1,000.00\"\nTotal credits,,\"500.00\"\nTotal debits,,\"-120.50\"\nEnding balance as of 01/31/2024,,\"1,379.50\"\n\nDate,Description,Amount,Running Bal.\n01/01/2024,Beginning balance as of 01/01/2024,,\"1,000.00\"\n01/05/2024,\"GROCERY #123 01/04 PURCHASE\",\"-120.50\",\"879.50\"\n01/16/2024,\"EXAMPLE INC DES:PAYROLL\",\"500.00\",\"1,379.50\"\n",
        ", UTF-8 header 7 MonthDayYear Point Signed",
        &[
            "2024-01-05 - -120.50 - | GROCERY #123 01/04 PURCHASE | - | 879.50 | - | -",
            "2024-01-16 - 500.00 - | EXAMPLE INC DES:PAYROLL | - | 1379.50 | - | -",
        ],
        &["- - 2024-01-05..2024-01-16 2 rows: 1000.00 + 379.50 = 1379.50 true"],
    );
}

#[test]
fn capital_one() {
    check(
        "Transaction Date,Posted Date,Card No.,Description,Category,Debit,Credit\n2024-01-14,2024-01-16,1234,CORNER CAFE,Dining,7.30,\n2024-01-10,2024-01-10,5678,CAPITAL ONE MOBILE PYMT,Payment/Credit,,150.00\n",
        ", UTF-8 header 1 exact Point Columns",
        &[
            "2024-01-16 - -7.30 - | CORNER CAFE | - | - | - | -",
            "2024-01-10 - 150.00 - | CAPITAL ONE MOBILE PYMT | - | - | - | -",
        ],
        &[
            "1234 - 2024-01-16..2024-01-16 1 rows: - + -7.30 = - -",
            "5678 - 2024-01-10..2024-01-10 1 rows: - + 150.00 = - -",
        ],
    );
}

#[test]
fn wells_fargo_without_header() {
    check(
        "\"01/31/2024\",\"-45.00\",\"*\",\"\",\"PURCHASE AUTHORIZED ON 01/30 CORNER\"\n\"01/15/2024\",\"900.00\",\"*\",\"\",\"EXAMPLE PAYROLL\"\n",
        ", UTF-8 no header MonthDayYear Point Signed",
        &[
            "2024-01-31 - -45.00 - | PURCHASE AUTHORIZED ON 01/30 CORNER | - | - | - | -",
            "2024-01-15 - 900.00 - | EXAMPLE PAYROLL | - | - | - | -",
        ],
        &["- - 2024-01-15..2024-01-31 2 rows: - + 855.00 = - -"],
    );
}

#[test]
fn american_express_has_purchases_positive() {
    let (statement, rows) = statement(
        "Date,Description,Card Member,Account #,Amount\n01/20/2024,CORNER CAFE,J SAMPLE,-11001,12.00\n01/18/2024,AIRLINE,J SAMPLE,-11001,320.00\n01/15/2024,GROCER,J SAMPLE,-11001,54.10\n01/12/2024,ONLINE PAYMENT - THANK YOU,J SAMPLE,-11001,-200.00\n",
    );
    assert_eq!(describe(&statement.dialect), ", UTF-8 header 1 MonthDayYear Point Reversed");
    assert_eq!(
        rows.iter().map(|row| row.amount.to_string()).collect::<Vec<_>>(),
        ["-12.00", "-320.00", "-54.10", "200.00"]
    );
    assert_eq!(
        warnings(&statement),
        ["the file: purchases are positive in this file; they were read as debits"]
    );
}

#[test]
fn revolut() {
    let (statement, rows) = statement(
        "Type,Product,Started Date,Completed Date,Description,Amount,Fee,Currency,State,Balance\n\
         TOPUP,Current,2024-01-02 08:00:00,2024-01-02 08:00:05,Payment from Jane,100.00,0.00,EUR,COMPLETED,100.00\n\
         CARD_PAYMENT,Current,2024-01-03 12:00:00,2024-01-04 03:00:00,Coffee,-3.50,0.00,EUR,COMPLETED,96.50\n\
         EXCHANGE,Current,2024-01-05 12:00:00,2024-01-05 12:00:00,Exchanged to USD,-50.00,0.50,EUR,COMPLETED,46.00\n\
         EXCHANGE,Current,2024-01-05 12:00:00,2024-01-05 12:00:00,Exchanged to USD,54.30,0.00,USD,COMPLETED,54.30\n\
         CARD_PAYMENT,Current,2024-01-06 12:00:00,,Hotel,-20.00,0.00,EUR,PENDING,\n\
         CARD_PAYMENT,Current,2024-01-06 12:00:00,2024-01-06 13:00:00,Shop,-9.00,0.00,EUR,REVERTED,\n",
    );
    assert_eq!(describe(&statement.dialect), ", UTF-8 header 1 exact Point Signed");
    assert_eq!(
        rows.iter().map(line).collect::<Vec<_>>(),
        [
            "2024-01-02 - 100.00 EUR | Payment from Jane | - | 100.00 | TOPUP | -",
            "2024-01-04 - -3.50 EUR | Coffee | - | 96.50 | CARD_PAYMENT | -",
            "2024-01-05 - -50.50 EUR | Exchanged to USD | - | 46.00 | EXCHANGE | -",
            "2024-01-05 - 54.30 USD | Exchanged to USD | - | 54.30 | EXCHANGE | -",
        ]
    );
    assert_eq!(
        accounts(&statement),
        [
            "- EUR 2024-01-02..2024-01-05 3 rows: 0.00 + 46.00 = 46.00 true",
            "- USD 2024-01-05..2024-01-05 1 rows: 0.00 + 54.30 = 54.30 true",
        ]
    );
    assert_eq!(
        warnings(&statement),
        ["line 6: skipped: not booked, but \"PENDING\"", "line 7: skipped: not booked, but \"REVERTED\"",]
    );
}

#[test]
fn wise() {
    check(
        "\"TransferWise ID\",Date,\"Date Time\",Amount,Currency,Description,\"Payment Reference\",\"Running Balance\",\"Exchange From\",\"Exchange To\",\"Exchange Rate\",\"Payer Name\",\"Payee Name\",\"Payee Account Number\",Merchant,\"Card Last Four Digits\",\"Card Holder Full Name\",Attachment,Note,\"Total fees\",\"Exchange To Amount\"\n\
         CARD-100001,15-01-2024,\"15-01-2024 10:00:00.123\",-9.99,EUR,\"Card transaction of 9.99 EUR issued by Shop\",,90.01,,,,,,,Shop,1234,\"Jane Sample\",,,0.00,\n\
         TRANSFER-200002,14-01-2024,\"14-01-2024 09:00:00.456\",100.00,EUR,\"Received money from John Sample\",Rent,100.00,,,,\"John Sample\",,,,,,,,0.00,\n",
        ", UTF-8 header 1 DayMonthYear Point Signed",
        &[
            "2024-01-15 - -9.99 EUR | Card transaction of 9.99 EUR issued by Shop | Shop | 90.01 | - | CARD-100001",
            "2024-01-14 - 100.00 EUR | Received money from John Sample Rent | John Sample | 100.00 | - | TRANSFER-200002",
        ],
        &["- EUR 2024-01-14..2024-01-15 2 rows: 0.00 + 90.01 = 90.01 true"],
    );
}

#[test]
fn paypal() {
    check(
        "\"Date\",\"Time\",\"TimeZone\",\"Name\",\"Type\",\"Status\",\"Currency\",\"Gross\",\"Fee\",\"Net\",\"From Email Address\",\"To Email Address\",\"Transaction ID\",\"Reference Txn ID\",\"Balance\"\n\
         \"1/25/2024\",\"10:11:12\",\"PST\",\"Sample Shop\",\"Express Checkout Payment\",\"Completed\",\"USD\",\"-20.00\",\"0.00\",\"-20.00\",\"a@example.com\",\"b@example.com\",\"1AB23456CD789012E\",\"\",\"80.00\"\n\
         \"1/26/2024\",\"10:11:12\",\"PST\",\"Buyer\",\"Website Payment\",\"Completed\",\"USD\",\"1,000.00\",\"-29.30\",\"970.70\",\"c@example.com\",\"a@example.com\",\"2AB23456CD789012E\",\"\",\"1,050.70\"\n",
        ", UTF-8 header 1 MonthDayYear Point Signed",
        &[
            "2024-01-25 - -20.00 USD | Sample Shop | Sample Shop | 80.00 | Express Checkout Payment | 1AB23456CD789012E",
            "2024-01-26 - 970.70 USD | Buyer | Buyer | 1050.70 | Website Payment | 2AB23456CD789012E",
        ],
        &["- USD 2024-01-25..2024-01-26 2 rows: 100.00 + 950.70 = 1050.70 true"],
    );
}

#[test]
fn indian_lakhs_with_dr_and_cr() {
    check(
        "Account Number : 000011112222\nTxn Date\tValue Date\tDescription\tRef No./Cheque No.\t        Debit\tCredit\tBalance\n5 Jan 2024\t5 Jan 2024\tTO TRANSFER-UPI\t'0001\t 1,20,000.00\t \t 3,80,000.00 CR\n6 Jan 2024\t6 Jan 2024\tBY TRANSFER-NEFT\t'0002\t \t10,000.00\t 3,90,000.00 CR\n",
        "tab UTF-8 header 2 exact Point Columns",
        &[
            "2024-01-05 2024-01-05 -120000.00 - | TO TRANSFER-UPI | - | 380000.00 | - | -",
            "2024-01-06 2024-01-06 10000.00 - | BY TRANSFER-NEFT | - | 390000.00 | - | -",
        ],
        &["000011112222 - 2024-01-05..2024-01-06 2 rows: 500000.00 + -110000.00 = 390000.00 true"],
    );
}
