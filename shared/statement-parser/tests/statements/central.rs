//! Poland, Czechia, Hungary.

use crate::check;

fn windows_1250(text: &str) -> Vec<u8> {
    encoding_rs::WINDOWS_1250.encode(text).0.into_owned()
}

#[test]
fn mbank() {
    check(
        windows_1250(
            "mBank S.A. Bankowość Detaliczna;\nSkrytka Pocztowa 2108;\n\n#Klient;\nJAN PRZYKŁAD;\n\nLista operacji;\n\n#Za okres:;\n01.01.2024;31.01.2024;\n\n#zgodnie z wybranymi filtrami wyszukiwania;\n#dla rachunków:;\neKonto - 11114020040000300201355387;\n\n#Waluta;\nPLN;\n\n#Saldo początkowe;\n1 000,00 PLN;\n\n#Data księgowania;#Data operacji;#Opis operacji;#Tytuł;#Nadawca/Odbiorca;#Numer konta;#Kwota;#Saldo po operacji;\n2024-01-02;2024-01-01;ZAKUP PRZY UŻYCIU KARTY;\"ŻABKA WROCŁAW\";\"  \";'';-12,50;987,50;\n2024-01-10;2024-01-10;PRZELEW PRZYCHODZĄCY;\"PENSJA\";\"PRZYKŁAD SP Z O O\";'11112222333344445555666677';5 000,00;5 987,50;\n;;;;;;#Saldo końcowe;5 987,50 PLN;\n",
        ),
        "; windows-1250 header 22 exact Comma Signed",
        &[
            "2024-01-02 - -12.50 PLN | ŻABKA WROCŁAW | - | 987.50 | ZAKUP PRZY UŻYCIU KARTY | -",
            "2024-01-10 - 5000.00 PLN | PENSJA | PRZYKŁAD SP Z O O | 5987.50 | PRZELEW PRZYCHODZĄCY | -",
        ],
        &["- PLN 2024-01-02..2024-01-10 2 rows: 1000.00 + 4987.50 = 5987.50 true"],
    );
}

#[test]
fn pko() {
    check(
        windows_1250(
            "\"Data operacji\",\"Data waluty\",\"Typ transakcji\",\"Kwota\",\"Waluta\",\"Saldo po transakcji\",\"Opis transakcji\",\"\",\"\"\n\"2024-01-31\",\"2024-01-30\",\"Płatność kartą\",\"-45.60\",\"PLN\",\"+954.40\",\"Tytuł: 000123\",\"Lokalizacja: Łódź\",\"\"\n\"2024-01-15\",\"2024-01-15\",\"Przelew na rachunek\",\"+1000.00\",\"PLN\",\"+1000.00\",\"Nazwa nadawcy: FIRMA\",\"Tytuł: WYPŁATA\",\"\"\n",
        ),
        ", windows-1250 header 1 exact Point Signed",
        &[
            "2024-01-31 2024-01-30 -45.60 PLN | Tytuł: 000123 | - | 954.40 | Płatność kartą | -",
            "2024-01-15 2024-01-15 1000.00 PLN | Nazwa nadawcy: FIRMA | - | 1000.00 | Przelew na rachunek | -",
        ],
        &["- PLN 2024-01-15..2024-01-31 2 rows: 0.00 + 954.40 = 954.40 true"],
    );
}

#[test]
fn czech_raiffeisen() {
    check(
        windows_1250(
            "Datum provedení;Datum zaúčtování;Číslo účtu;Název účtu;Kategorie transakce;Číslo protiúčtu;Název protiúčtu;Typ transakce;Zpráva;Poznámka;VS;KS;SS;Zaúčtovaná částka;Měna účtu;Poplatek;Id transakce\n\
             27.05.2024;28.05.2024;123456789/5500;Jan Příklad;Platba;987654321/0100;Obchod s.r.o.;Jednorázová platba;oběd;;;;;-149,00;CZK;;3228446118\n",
        ),
        "; windows-1250 header 1 DayMonthYear Comma Signed",
        &["2024-05-28 - -149.00 CZK | oběd | Obchod s.r.o. | - | Jednorázová platba | 3228446118"],
        &["- CZK 2024-05-28..2024-05-28 1 rows: - + -149.00 = - -"],
    );
}

#[test]
fn hungarian_whole_forints() {
    check(
        "Tranzakció dátuma,Partner neve,Tranzakció típusa,Tranzakció összege,Tranzakció devizaneme,Bevétel/Kiadás,Értéknap,Közlemény,Egyenleg\n2024.04.18.,Munkáltató,Átutalás,350000,HUF,bevétel,2024.04.18.,bér,355000\n2024.04.19.,Bolt,Vásárlás,-4500,HUF,kiadás,2024.04.19.,kávé,350500\n",
        ", UTF-8 header 1 exact Point Signed",
        &[
            "2024-04-18 2024-04-18 350000 HUF | bér | Munkáltató | 355000 | Átutalás | -",
            "2024-04-19 2024-04-19 -4500 HUF | kávé | Bolt | 350500 | Vásárlás | -",
        ],
        &["- HUF 2024-04-18..2024-04-19 2 rows: 5000 + 345500 = 350500 true"],
    );
}
