//! Netherlands, Denmark, Norway, Sweden.

use crate::{check, windows_1252};

#[test]
fn ing_netherlands() {
    check(
        "\"Datum\",\"Naam / Omschrijving\",\"Rekening\",\"Tegenrekening\",\"Code\",\"Af Bij\",\"Bedrag (EUR)\",\"Mutatiesoort\",\"Mededelingen\"\n\
         \"20240131\",\"Albert Voorbeeld\",\"NL20INGB0001234567\",\"\",\"BA\",\"Af\",\"12,34\",\"Betaalautomaat\",\"Pasvolgnr: 001 Transactie: A1\"\n\
         \"20240130\",\"Voorbeeld BV\",\"NL20INGB0001234567\",\"NL91ABNA0417164300\",\"GT\",\"Bij\",\"1500,00\",\"Online bankieren\",\"Salaris\"\n",
        ", UTF-8 header 1 exact Comma Indicator",
        &[
            "2024-01-31 - -12.34 EUR | Pasvolgnr: 001 Transactie: A1 | Albert Voorbeeld | - | Betaalautomaat | -",
            "2024-01-30 - 1500.00 EUR | Salaris | Voorbeeld BV | - | Online bankieren | -",
        ],
        &["NL20INGB0001234567 EUR 2024-01-30..2024-01-31 2 rows: - + 1487.66 = - -"],
    );
}

#[test]
fn rabobank() {
    check(
        windows_1252(
            "\"IBAN/BBAN\",\"Munt\",\"BIC\",\"Volgnr\",\"Datum\",\"Rentedatum\",\"Bedrag\",\"Saldo na trn\",\"Tegenrekening IBAN/BBAN\",\"Naam tegenpartij\",\"Naam uiteindelijke partij\",\"Naam initiërende partij\",\"BIC tegenpartij\",\"Code\",\"Batch ID\",\"Transactiereferentie\",\"Machtigingskenmerk\",\"Incassant ID\",\"Betalingskenmerk\",\"Omschrijving-1\",\"Omschrijving-2\",\"Omschrijving-3\",\"Reden retour\",\"Oorspr bedrag\",\"Oorspr munt\",\"Koers\"\n\
             \"NL44RABO0123456789\",\"EUR\",\"RABONL2U\",\"000000000000000101\",\"2024-01-30\",\"2024-01-30\",\"+1500,00\",\"+1500,00\",\"NL91ABNA0417164300\",\"Voorbeeld BV\",\"\",\"\",\"ABNANL2A\",\"cb\",\"\",\"\",\"\",\"\",\"\",\"Salaris\",\"januari\",\"\",\"\",\"\",\"\",\"\"\n\
             \"NL44RABO0123456789\",\"EUR\",\"RABONL2U\",\"000000000000000102\",\"2024-01-31\",\"2024-01-31\",\"-12,34\",\"+1487,66\",\"\",\"Café Één\",\"\",\"\",\"\",\"bc\",\"\",\"\",\"\",\"\",\"\",\"Betaalautomaat\",\"\",\"\",\"\",\"\",\"\",\"\"\n",
        ),
        ", windows-1252 header 1 exact Comma Signed",
        &[
            "2024-01-30 2024-01-30 1500.00 EUR | Salaris januari | Voorbeeld BV | 1500.00 | cb | 000000000000000101",
            "2024-01-31 2024-01-31 -12.34 EUR | Betaalautomaat | Café Één | 1487.66 | bc | 000000000000000102",
        ],
        &["NL44RABO0123456789 EUR 2024-01-30..2024-01-31 2 rows: 0.00 + 1487.66 = 1487.66 true"],
    );
}

#[test]
fn abn_amro_without_header() {
    check(
        "123456789\tEUR\t20240131\t1500,00\t1487,66\t20240131\t-12,34\tBEA   NR:ABC123   31.01.24/10.11 Voorbeeld\n123456789\tEUR\t20240131\t1487,66\t1587,66\t20240131\t100,00\tSEPA Overboeking Jan Voorbeeld\n",
        "tab UTF-8 no header exact Comma Signed",
        &[
            "2024-01-31 2024-01-31 -12.34 EUR | BEA   NR:ABC123   31.01.24/10.11 Voorbeeld | - | 1487.66 | - | -",
            "2024-01-31 2024-01-31 100.00 EUR | SEPA Overboeking Jan Voorbeeld | - | 1587.66 | - | -",
        ],
        &["- EUR 2024-01-31..2024-01-31 2 rows: 1500.00 + 87.66 = 1587.66 true"],
    );
}

#[test]
fn danske_bank() {
    check(
        windows_1252(
            "\"Dato\";\"Tekst\";\"Beløb\";\"Saldo\";\"Status\";\"Afstemt\"\n\"02.01.2024\";\"Kaffe på hjørnet\";\"-35,00\";\"9.965,00\";\"Udført\";\"Nej\"\n\"03.01.2024\";\"Løn\";\"20.000,00\";\"29.965,00\";\"Udført\";\"Nej\"\n",
        ),
        "; windows-1252 header 1 DayMonthYear Comma Signed",
        &[
            "2024-01-02 - -35.00 - | Kaffe på hjørnet | - | 9965.00 | - | -",
            "2024-01-03 - 20000.00 - | Løn | - | 29965.00 | - | -",
        ],
        &["- - 2024-01-02..2024-01-03 2 rows: 10000.00 + 19965.00 = 29965.00 true"],
    );
}

#[test]
fn norwegian_columns() {
    check(
        "Dato;Forklaring;Rentedato;Ut fra konto;Inn på konto\n31.01.2024;Varekjøp Kiwi;31.01.2024;249,50;\n15.01.2024;Lønn;15.01.2024;;30000,00\n",
        "; UTF-8 header 1 DayMonthYear Comma Columns",
        &[
            "2024-01-31 2024-01-31 -249.50 - | Varekjøp Kiwi | - | - | - | -",
            "2024-01-15 2024-01-15 30000.00 - | Lønn | - | - | - | -",
        ],
        &["- - 2024-01-15..2024-01-31 2 rows: - + 29750.50 = - -"],
    );
}

#[test]
fn swedbank() {
    check(
        windows_1252(
            "* Transaktioner Period 2024-01-01 – 2024-01-31 Skapad 2024-02-01 10:00 CET\nRadnummer,Clearingnummer,Kontonummer,Produkt,Valuta,Bokföringsdag,Transaktionsdag,Valutadag,Referens,Beskrivning,Belopp,Bokfört saldo\n1,81059,1234567890,Privatkonto,SEK,2024-01-31,2024-01-30,2024-01-31,ICA,ICA KVANTUM,-123.45,876.55\n2,81059,1234567890,Privatkonto,SEK,2024-01-25,2024-01-25,2024-01-25,LÖN,LÖN,1000.00,1000.00\n",
        ),
        ", windows-1252 header 2 exact Point Signed",
        &[
            "2024-01-31 2024-01-31 -123.45 SEK | ICA KVANTUM | - | 876.55 | - | -",
            "2024-01-25 2024-01-25 1000.00 SEK | LÖN | - | 1000.00 | - | -",
        ],
        &["1234567890 SEK 2024-01-25..2024-01-31 2 rows: 0.00 + 876.55 = 876.55 true"],
    );
}
