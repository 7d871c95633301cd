//! France, Spain, Italy, Portugal.

use crate::{check, windows_1252};

#[test]
fn bnp_paribas() {
    check(
        windows_1252(
            "Compte de chèques;30004 00001 00000012345 67;;31/01/2024;;1 234,56\nDate operation;Libelle court;Type operation;Libelle operation;Montant operation en euro\n30/01/2024;PAIEMENT CB;PAIEMENT CB;FACTURE CARTE DU 29/01/24 CAFÉ;-4,50\n29/01/2024;VIREMENT RECU;VIREMENT RECU;VIR SEPA RECU EXEMPLE SA;1 500,00\n",
        ),
        "; windows-1252 header 2 DayMonthYear Comma Signed",
        &[
            "2024-01-30 - -4.50 EUR | PAIEMENT CB FACTURE CARTE DU 29/01/24 CAFÉ | - | - | PAIEMENT CB | -",
            "2024-01-29 - 1500.00 EUR | VIREMENT RECU VIR SEPA RECU EXEMPLE SA | - | - | VIREMENT RECU | -",
        ],
        &["30004000010000001234567 EUR 2024-01-29..2024-01-30 2 rows: - + 1495.50 = - -"],
    );
}

#[test]
fn credit_agricole() {
    check(
        windows_1252(
            "Téléchargement du 31/01/2024;\n\nM. JEAN EXEMPLE\nCompte de Dépôt carte n° 12345678901;\nSolde au 31/01/2024 1 134,56 €\nListe des opérations du compte entre le 01/01/2024 et le 31/01/2024;\n\nDate;Libellé;Débit euros;Crédit euros;\n30/01/2024;\"PAIEMENT PAR CARTE\nX1234 BOULANGERIE 29/01 \";4,50;;\n25/01/2024;\"VIREMENT EN VOTRE FAVEUR\nEXEMPLE SA \";;1\u{a0}500,00;\n",
        ),
        "; windows-1252 header 8 DayMonthYear Comma Columns",
        &[
            "2024-01-30 - -4.50 EUR | PAIEMENT PAR CARTE\nX1234 BOULANGERIE 29/01 | - | - | - | -",
            "2024-01-25 - 1500.00 EUR | VIREMENT EN VOTRE FAVEUR\nEXEMPLE SA | - | - | - | -",
        ],
        &["- EUR 2024-01-25..2024-01-30 2 rows: - + 1495.50 = - -"],
    );
}

#[test]
fn santander() {
    check(
        "Cuenta;ES91 2100 0418 4502 0005 1332\nTitular;Ana Ejemplo\n\nFecha Operación;Fecha Valor;Concepto;Importe;Divisa;Saldo;Divisa\n31/01/2024;31/01/2024;Compra Panadería;-2,30;EUR;1.497,70;EUR\n30/01/2024;30/01/2024;Nómina Ejemplo;1.500,00;EUR;1.500,00;EUR\n",
        "; UTF-8 header 4 DayMonthYear Comma Signed",
        &[
            "2024-01-31 2024-01-31 -2.30 EUR | Compra Panadería | - | 1497.70 | - | -",
            "2024-01-30 2024-01-30 1500.00 EUR | Nómina Ejemplo | - | 1500.00 | - | -",
        ],
        &["ES9121000418450200051332 EUR 2024-01-30..2024-01-31 2 rows: 0.00 + 1497.70 = 1497.70 true"],
    );
}

#[test]
fn unicredit() {
    check(
        "Data Registrazione;Data valuta;Descrizione;Importo (EUR)\n31.01.2024;30.01.2024;PAGAMENTO POS BAR ESEMPIO;-3,20\n15.01.2024;15.01.2024;BONIFICO A VOSTRO FAVORE;1.200,00\n",
        "; UTF-8 header 1 DayMonthYear Comma Signed",
        &[
            "2024-01-31 2024-01-30 -3.20 EUR | PAGAMENTO POS BAR ESEMPIO | - | - | - | -",
            "2024-01-15 2024-01-15 1200.00 EUR | BONIFICO A VOSTRO FAVORE | - | - | - | -",
        ],
        &["- EUR 2024-01-15..2024-01-31 2 rows: - + 1196.80 = - -"],
    );
}

#[test]
fn italian_dare_avere() {
    check(
        "Data Contabile;Data Valuta;Dare;Avere;Divisa;Descrizione Operazione;Causale\n31/01/2024;31/01/2024;-54,90;;EUR;ADDEBITO SDD LUCE;ADD\n27/01/2024;27/01/2024;;1.650,00;EUR;STIPENDIO;BON\n",
        "; UTF-8 header 1 DayMonthYear Comma SignedColumns",
        &[
            "2024-01-31 2024-01-31 -54.90 EUR | ADDEBITO SDD LUCE | - | - | ADD | -",
            "2024-01-27 2024-01-27 1650.00 EUR | STIPENDIO | - | - | BON | -",
        ],
        &["- EUR 2024-01-27..2024-01-31 2 rows: - + 1595.10 = - -"],
    );
}

#[test]
fn caixa_geral() {
    check(
        windows_1252(
            "Consultar saldos e movimentos à ordem - 31-01-2024\n\nConta ;0001123456789 - EUR - Conta Extracto \nData de início ;01-01-2024\nData de fim ;31-01-2024\n\nData mov. ;Data valor ;Descrição ;Débito ;Crédito ;Saldo contabilístico ;Saldo disponível ;Categoria \n30-01-2024;30-01-2024;COMPRA CAFÉ ;1,20;;998,80;998,80;Compras \n02-01-2024;02-01-2024;ORDENADO ;;1.000,00;1.000,00;1.000,00;Diversos \n ; ; ; ; ;Saldo contabilístico ;998,80;\n",
        ),
        "; windows-1252 header 7 DayMonthYear Comma Columns",
        &[
            "2024-01-30 2024-01-30 -1.20 - | COMPRA CAFÉ | - | 998.80 | - | -",
            "2024-01-02 2024-01-02 1000.00 - | ORDENADO | - | 1000.00 | - | -",
        ],
        &["- - 2024-01-02..2024-01-30 2 rows: 0.00 + 998.80 = 998.80 true"],
    );
}
