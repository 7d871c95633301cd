//! United Kingdom and Ireland.

use crate::{check, describe, line, statement, warnings};

#[test]
fn barclays() {
    check(
        "Number,Date,Account,Amount,Subcategory,Memo\n\t ,31/01/2024,20-00-00 12345678,-12.50,PAYMENT,\"TESCO STORES 1234   ON 30 JAN BCC\"\n\t ,25/01/2024,20-00-00 12345678,1800.00,DIRECTDEP,\"EXAMPLE LTD      SALARY BGC\"\n",
        ", UTF-8 header 1 DayMonthYear Point Signed",
        &[
            "2024-01-31 - -12.50 - | TESCO STORES 1234   ON 30 JAN BCC | - | - | PAYMENT | -",
            "2024-01-25 - 1800.00 - | EXAMPLE LTD      SALARY BGC | - | - | DIRECTDEP | -",
        ],
        &["20-00-0012345678 - 2024-01-25..2024-01-31 2 rows: - + 1787.50 = - -"],
    );
}

#[test]
fn hsbc_without_header() {
    check(
        "31/01/2024,\"TESCO STORES VIS\",\"-12.50\"\n30/01/2024,\"EXAMPLE LTD BP\",\"1,800.00\"\n29/01/2024,\"COFFEE )))\",\"-3.20\"\n",
        ", UTF-8 no header DayMonthYear Point Signed",
        &[
            "2024-01-31 - -12.50 - | TESCO STORES VIS | - | - | - | -",
            "2024-01-30 - 1800.00 - | EXAMPLE LTD BP | - | - | - | -",
            "2024-01-29 - -3.20 - | COFFEE ))) | - | - | - | -",
        ],
        &["- - 2024-01-29..2024-01-31 3 rows: - + 1784.30 = - -"],
    );
}

#[test]
fn lloyds() {
    check(
        "Transaction Date,Transaction Type,Sort Code,Account Number,Transaction Description,Debit Amount,Credit Amount,Balance\n\
         03/01/2024,DEB,'30-00-00,12345678,CORNER SHOP,5.00,,95.00\n\
         02/01/2024,FPI,'30-00-00,12345678,A FRIEND,,20.00,100.00\n\
         31/12/2023,DD,'30-00-00,12345678,COUNCIL TAX,120.00,,80.00\n",
        ", UTF-8 header 1 DayMonthYear Point Columns",
        &[
            "2024-01-03 - -5.00 - | CORNER SHOP | - | 95.00 | DEB | -",
            "2024-01-02 - 20.00 - | A FRIEND | - | 100.00 | FPI | -",
            "2023-12-31 - -120.00 - | COUNCIL TAX | - | 80.00 | DD | -",
        ],
        &["12345678 - 2023-12-31..2024-01-03 3 rows: 200.00 + -105.00 = 95.00 true"],
    );
}

#[test]
fn monzo() {
    check(
        "Transaction ID,Date,Time,Type,Name,Emoji,Category,Amount,Currency,Local amount,Local currency,Notes and #tags,Address,Receipt,Description,Category split,Money Out,Money In\n\
         tx_0000A1,15/01/2024,08:30:00,Card payment,Pret,☕,Eating out,-4.50,GBP,-4.50,GBP,,1 High St,,PRET A MANGER LONDON GBR,,-4.50,\n\
         tx_0000A2,16/01/2024,09:00:00,Faster payment,Jo Bloggs,,Transfers,20.00,GBP,20.00,GBP,lunch,,,lunch,,,20.00\n",
        ", UTF-8 header 1 DayMonthYear Point SignedColumns",
        &[
            "2024-01-15 - -4.50 GBP | PRET A MANGER LONDON GBR | Pret | - | Card payment | tx_0000A1",
            "2024-01-16 - 20.00 GBP | lunch | Jo Bloggs | - | Faster payment | tx_0000A2",
        ],
        &["- GBP 2024-01-15..2024-01-16 2 rows: - + 15.50 = - -"],
    );
}

#[test]
fn starling() {
    check(
        "Date,Counter Party,Reference,Type,Amount (GBP),Balance (GBP),Spending Category,Notes\n\
         13/01/2024,Opening Balance,,,0.00,0.00,,\n\
         14/01/2024,Jo Bloggs,Hello,FASTER PAYMENT,100.00,100.00,INCOME,\n\
         15/01/2024,Tesco,TESCO 123,CONTACTLESS,-8.75,91.25,GROCERIES,\n",
        ", UTF-8 header 1 DayMonthYear Point Signed",
        &[
            "2024-01-13 - 0.00 GBP | Opening Balance | Opening Balance | 0.00 | - | -",
            "2024-01-14 - 100.00 GBP | Hello | Jo Bloggs | 100.00 | FASTER PAYMENT | -",
            "2024-01-15 - -8.75 GBP | TESCO 123 | Tesco | 91.25 | CONTACTLESS | -",
        ],
        &["- GBP 2024-01-13..2024-01-15 3 rows: 0.00 + 91.25 = 91.25 true"],
    );
}

#[test]
fn nationwide() {
    check(
        "\"Account Name:\",\"FlexAccount ****12345\"\n\"Account Balance:\",\"£1,095.50\"\n\"Available Balance: \",\"£1,095.50\"\n\n\"Date\",\"Transaction type\",\"Description\",\"Paid out\",\"Paid in\",\"Balance\"\n\"02 Jan 2024\",\"Visa purchase\",\"CORNER CAFE\",\"£4.50\",\"\",\"£995.50\"\n\"03 Jan 2024\",\"Bank credit\",\"A PERSON\",\"\",\"£100.00\",\"£1,095.50\"\n",
        ", UTF-8 header 5 exact Point Columns",
        &[
            "2024-01-02 - -4.50 GBP | CORNER CAFE | - | 995.50 | Visa purchase | -",
            "2024-01-03 - 100.00 GBP | A PERSON | - | 1095.50 | Bank credit | -",
        ],
        &["- GBP 2024-01-02..2024-01-03 2 rows: 1000.00 + 95.50 = 1095.50 true"],
    );
}

#[test]
fn ambiguous_dates_are_told() {
    let (statement, rows) = statement(
        "Date,Description,Amount,Currency\n01/02/2024,a,-1.00,GBP\n02/02/2024,b,-2.00,GBP\n03/02/2024,c,-3.00,GBP\n",
    );
    assert_eq!(describe(&statement.dialect), ", UTF-8 header 1 DayMonthYear Point Signed");
    assert_eq!(rows.iter().map(line).next().as_deref(), Some("2024-02-01 - -1.00 GBP | a | - | - | - | -"));
    assert_eq!(
        warnings(&statement),
        ["the file: every date can be read in more than one order; all were read as day, month, year"]
    );
}
