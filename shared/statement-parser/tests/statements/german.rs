//! Germany, Austria, Switzerland.

use crate::{accounts, check, describe, line, statement, warnings, windows_1252};

#[test]
fn deutsche_bank() {
    check(
        windows_1252(
            "Umsätze - AktivKonto;;;Kundennummer: 100 1234567\n\
             01.01.2024 - 31.01.2024\n\
             Vorheriger Kontostand;;;;1.000,00;EUR\n\
             Die Umsätze der letzten Tage können noch unvollständig sein.\n\
             Buchungstag;Wert;Umsatzart;Begünstigter / Auftraggeber;Verwendungszweck;IBAN / Kontonummer;BIC;Kundenreferenz;Mandatsreferenz ;Gläubiger ID;Fremde Gebühren;Betrag;Abweichender Empfänger;Anzahl der Aufträge;Anzahl der Schecks;Soll;Haben;Währung\n\
             02.01.2024;02.01.2024;SEPA-Überweisung;Müller Hausverwaltung;Miete Januar;DE11500105170000000001;INGDDEFFXXX;;;;;;;;;-850,00;;EUR\n\
             15.01.2024;16.01.2024;SEPA-Gutschrift;Beispiel GmbH;Gehalt;DE22500105170000000002;INGDDEFFXXX;;;;;;;;;;2.500,10;EUR\n\
             Kontostand;31.01.2024;;;2.650,10;EUR\n",
        ),
        "; windows-1252 header 5 DayMonthYear Comma SignedColumns",
        &[
            "2024-01-02 2024-01-02 -850.00 EUR | Miete Januar | Müller Hausverwaltung | - | SEPA-Überweisung | -",
            "2024-01-15 2024-01-16 2500.10 EUR | Gehalt | Beispiel GmbH | - | SEPA-Gutschrift | -",
        ],
        &["- EUR 2024-01-02..2024-01-15 2 rows: 1000.00 + 1650.10 = 2650.10 true"],
    );
}

#[test]
fn sparkasse_camt() {
    let text = "\"Auftragskonto\";\"Buchungstag\";\"Valutadatum\";\"Buchungstext\";\"Verwendungszweck\";\"Glaeubiger ID\";\"Mandatsreferenz\";\"Kundenreferenz (End-to-End)\";\"Sammlerreferenz\";\"Lastschrift Ursprungsbetrag\";\"Auslagenersatz Ruecklastschrift\";\"Beguenstigter/Zahlungspflichtiger\";\"Kontonummer/IBAN\";\"BIC (SWIFT-Code)\";\"Betrag\";\"Waehrung\";\"Info\"\n\
        \"DE02100500000054540402\";\"31.01.24\";\"31.01.24\";\"FOLGELASTSCHRIFT\";\"Strom Abschlag Januar\";\"DE98ZZZ09999999999\";\"M-1\";\"E-1\";\"\";\"\";\"\";\"Stadtwerke Musterstadt\";\"DE02300209000106531065\";\"CMCIDEDDXXX\";\"-84,00\";\"EUR\";\"Umsatz gebucht\"\n\
        \"DE02100500000054540402\";\"30.01.24\";\"30.01.24\";\"GUTSCHR. UEBERWEISUNG\";\"Geschenk\";\"\";\"\";\"\";\"\";\"\";\"\";\"Anna Beispiel\";\"DE02500105170137075030\";\"INGDDEFFXXX\";\"50,00\";\"EUR\";\"Umsatz gebucht\"\n\
        \"DE02100500000054540402\";\"01.02.24\";\"\";\"KARTENZAHLUNG\";\"Laden\";\"\";\"\";\"\";\"\";\"\";\"\";\"Laden\";\"\";\"\";\"-3,00\";\"EUR\";\"Umsatz vorgemerkt\"\n";
    let (statement, rows) = statement(text);
    assert_eq!(describe(&statement.dialect), "; UTF-8 header 1 DayMonthYear Comma Signed");
    assert_eq!(
        rows.iter().map(line).collect::<Vec<_>>(),
        [
            "2024-01-31 2024-01-31 -84.00 EUR | Strom Abschlag Januar | Stadtwerke Musterstadt | - | FOLGELASTSCHRIFT | -",
            "2024-01-30 2024-01-30 50.00 EUR | Geschenk | Anna Beispiel | - | GUTSCHR. UEBERWEISUNG | -",
        ]
    );
    assert_eq!(rows[0].account.as_deref(), Some("DE02100500000054540402"));
    assert_eq!(warnings(&statement), ["line 4: skipped: not booked, but \"Umsatz vorgemerkt\""]);
}

#[test]
fn ing_diba() {
    check(
        windows_1252(
            "Umsatzanzeige;Datei erstellt am: 31.01.2024 12:00\n\nIBAN;DE12 5001 0517 0000 0000 03\nKontoname;Girokonto\nBank;ING\nKunde;Erika Muster\nZeitraum;01.01.2024 - 31.01.2024\nSaldo;1.150,25;EUR\n\nSortierung;Datum absteigend\n\nIn der CSV-Datei finden Sie alle bereits gebuchten Umsätze.\n\nBuchung;Wertstellungsdatum;Auftraggeber/Empfänger;Buchungstext;Verwendungszweck;Saldo;Währung;Betrag;Währung\n31.01.2024;31.01.2024;VISA BÄCKEREI;Lastschrift;Kauf;1.150,25;EUR;-4,75;EUR\n30.01.2024;30.01.2024;Beispiel AG;Gehalt/Rente;Lohn;1.155,00;EUR;1.000,00;EUR\n",
        ),
        "; windows-1252 header 14 DayMonthYear Comma Signed",
        &[
            "2024-01-31 2024-01-31 -4.75 EUR | Kauf | VISA BÄCKEREI | 1150.25 | Lastschrift | -",
            "2024-01-30 2024-01-30 1000.00 EUR | Lohn | Beispiel AG | 1155.00 | Gehalt/Rente | -",
        ],
        &["DE12500105170000000003 EUR 2024-01-01..2024-01-31 2 rows: 155.00 + 995.25 = 1150.25 true"],
    );
}

#[test]
fn dkb() {
    let (statement, rows) = statement(
        "\u{feff}\"Girokonto\";\"DE02120300000000202051\"\n\"Zeitraum:\";\"01.01.2024 - 31.01.2024\"\n\"Kontostand vom 31.01.2024:\";\"1.234,56 €\"\n\"\"\n\
         \"Buchungsdatum\";\"Wertstellung\";\"Status\";\"Zahlungspflichtige*r\";\"Zahlungsempfänger*in\";\"Verwendungszweck\";\"Umsatztyp\";\"IBAN\";\"Betrag (€)\";\"Gläubiger-ID\";\"Mandatsreferenz\";\"Kundenreferenz\"\n\
         \"31.01.24\";\"31.01.24\";\"Gebucht\";\"ISSUER\";\"EDEKA//BERLIN/DE\";\"VISA Debitkartenumsatz\";\"Ausgang\";\"DE11\";\"-15,90\";\"\";\"\";\"4820\"\n\
         \"30.01.24\";\"30.01.24\";\"Gebucht\";\"Max Beispiel\";\"Erika Muster\";\"Danke\";\"Eingang\";\"DE22\";\"1.000\";\"\";\"\";\"\"\n",
    );
    assert_eq!(describe(&statement.dialect), "; UTF-8 header 5 DayMonthYear Comma Signed");
    assert_eq!(
        rows.iter().map(line).collect::<Vec<_>>(),
        [
            "2024-01-31 2024-01-31 -15.90 EUR | VISA Debitkartenumsatz | EDEKA//BERLIN/DE | - | Ausgang | -",
            "2024-01-30 2024-01-30 1000 EUR | Danke | Max Beispiel | - | Eingang | -",
        ]
    );
    assert_eq!(
        accounts(&statement),
        ["DE02120300000000202051 EUR 2024-01-01..2024-01-31 2 rows: - + 984.10 = 1234.56 -"]
    );
}

#[test]
fn n26() {
    check(
        "\"Booking Date\",\"Value Date\",\"Partner Name\",\"Partner Iban\",Type,\"Payment Reference\",\"Account Name\",\"Amount (EUR)\",\"Original Amount\",\"Original Currency\",\"Exchange Rate\"\n\
         2024-01-03,2024-01-02,\"Coffee & Co\",,Presentment,-,\"Main Account\",-3.40,3.40,EUR,1\n\
         2024-01-05,2024-01-05,\"Jane Sample\",DE89370400440532013000,\"Credit Transfer\",\"Rent, January\",\"Main Account\",400.00,,,\n",
        ", UTF-8 header 1 exact Point Signed",
        &[
            "2024-01-03 2024-01-02 -3.40 EUR | Coffee & Co | Coffee & Co | - | Presentment | -",
            "2024-01-05 2024-01-05 400.00 EUR | Rent, January | Jane Sample | - | Credit Transfer | -",
        ],
        &["MainAccount EUR 2024-01-03..2024-01-05 2 rows: - + 396.60 = - -"],
    );
}

#[test]
fn soll_haben_column() {
    check(
        "Buchungstag;Valuta;Vorgang;Umsatz;S/H;Währung\n01.02.2024;01.02.2024;Miete;700,00;S;EUR\n02.02.2024;02.02.2024;Lohn;1.900,00;H;EUR\n",
        "; UTF-8 header 1 DayMonthYear Comma Indicator",
        &[
            "2024-02-01 2024-02-01 -700.00 EUR | Miete | - | - | Miete | -",
            "2024-02-02 2024-02-02 1900.00 EUR | Lohn | - | - | Lohn | -",
        ],
        &["- EUR 2024-02-01..2024-02-02 2 rows: - + 1200.00 = - -"],
    );
}

#[test]
fn swiss_with_apostrophes() {
    check(
        "IBAN:;CH93 0076 2011 6238 5295 7\nWährung:;CHF\n\nDatum;Buchungstext;Belastung;Gutschrift;Valuta;Saldo\n03.01.2024;Miete;1'850.00;;03.01.2024;8'150.00\n05.01.2024;Lohn;;5'200.50;05.01.2024;13'350.50\n",
        "; UTF-8 header 4 DayMonthYear Point Columns",
        &[
            "2024-01-03 2024-01-03 -1850.00 CHF | Miete | - | 8150.00 | - | -",
            "2024-01-05 2024-01-05 5200.50 CHF | Lohn | - | 13350.50 | - | -",
        ],
        &["CH9300762011623852957 CHF 2024-01-03..2024-01-05 2 rows: 10000.00 + 3350.50 = 13350.50 true"],
    );
}

#[test]
fn austrian_without_header() {
    check(
        "05.01.2024;\"BILLA DANKT  1234\";05.01.2024;-23,45;EUR;05.01.2024 10:11:12:000\n04.01.2024;\"Gehalt Firma\";04.01.2024;2.345,00;EUR;04.01.2024 01:02:03:000\n",
        "; UTF-8 no header DayMonthYear Comma Signed",
        &[
            "2024-01-05 2024-01-05 -23.45 EUR | BILLA DANKT  1234 | - | - | - | -",
            "2024-01-04 2024-01-04 2345.00 EUR | Gehalt Firma | - | - | - | -",
        ],
        &["- EUR 2024-01-04..2024-01-05 2 rows: - + 2321.55 = - -"],
    );
}
