//! The names that banks give to columns, folded (see [`crate::readable::fold`]): English, German, French, Spanish,
//! Italian, Dutch, Portuguese, Polish, Danish, Norwegian, Swedish, and the most common ones in Czech, Hungarian,
//! Finnish.
//!
//! A name that is added to a role of `columns::IDENTITY` becomes part of the identities of all files that contain it.
//! Add only names of banks whose statements have not been imported yet, or introduce a new version of identities.
//!
//! Within a role, earlier names take precedence. A name may be listed under several roles if languages differ (`valuta`
//! is a date in German and a currency in Danish): the content of the column decides.

use crate::Role;

/// Returns whether a list, separated by bars, contains this word.
pub(super) fn contains_word(list: &str, word: &str) -> bool {
    list.split('|').any(|known| known == word)
}

pub(super) struct RoleWords {
    pub role: Role,
    /// Separated by bars.
    pub names: &'static str,
}

pub(super) const COLUMNS: &[RoleWords] = &[
    RoleWords {
        role: Role::Date,
        names: "booking date|posting date|posted date|post date|date posted|completed date|date completed|\
            booked at|buchungstag|buchungsdatum|buchung|datum der buchung|date de comptabilisation|\
            date comptable|date operation|date de l operation|date d operation|fecha operacion|\
            fecha de operacion|fecha contable|f contable|f operacion|data contabile|data registrazione|\
            data operazione|data di registrazione|data contabilizzazione|boekdatum|boekingsdatum|\
            uitvoeringsdatum|data lancamento|data do lancamento|data movimento|data mov|data ksiegowania|\
            data operacji|data transakcji|bogforingsdato|bogfort|bokfort dato|bokforingsdato|\
            bokforingsdag|bokforingsdatum|bokfort|bokford|datum zauctovani|konyveles datuma|\
            konyvelesi nap|kirjauspaiva|datum verrekening|date processed|data inregistrare|\
            datum knjizenja|transaction date|date of transaction|transaktionsdatum|date|datum|fecha|data|\
            dato|transaction date utc|date time|trans date|transaction time|timestamp|created on|created|\
            date utc|reg dato|transaktionsdag|utfort dato|dated|txn date|tran date|dag|datum provedeni|\
            tranzakcio datuma|maksupaiva|datum verrichting|datum operace|execution date|paivamaara",
    },
    RoleWords {
        role: Role::ValueDate,
        names: "value date|valutadatum|valuta|wertstellung|wertstellungstag|wertstellungsdatum|wert|\
            valuta datum|date valeur|date de valeur|fecha valor|f valor|valor|data valuta|rentedatum|\
            rente datum|data valor|data waluty|valordato|rentedato|valutadag|valutering|effective date|\
            date effective|value dt|erteknap|ertek nap|arvopaiva|datum valuty",
    },
    RoleWords {
        role: Role::OtherDate,
        names: "started date|transaction date|transaction time|date of purchase|purchase date|kaufdatum|\
            belegdatum|umsatzdatum|created on|time|uhrzeit|heure|hora|ora|tijd|tid|zeit|date operation|\
            data operacji|transaktionsdatum|date|datum|datum provedeni|tranzakcio datuma|\
            datum verrichting|execution date|datum operace",
    },
    RoleWords {
        role: Role::Amount,
        names: "net|netto|amount in account currency|betrag in kontowahrung|amount|transaction amount|betrag|\
            umsatz|buchungsbetrag|betrag in eur|umsatz in eur|montant|montant operation|\
            montant de l operation|montant operation en euro|importe|importe operacion|importo|bedrag|\
            valor|montante|quantia|kwota|kwota operacji|kwota transakcji|belob|belop|belopp|importe en|\
            cantidad|transactiebedrag|value|amount in|local amount|billing amount|paid amount|gross|\
            brutto|gesamt|sum|summe|transaction value|movement|kwota w walucie rachunku|transakcja|\
            transaction amount in account currency|in uit|movimento|soll haben betrag|signed amount|\
            net amount|amt|total|bruttobetrag|zauctovana castka|castka|objem|osszeg|tranzakcio osszege|\
            konyvelt osszeg|maara|summa|bedrag in|suma",
    },
    RoleWords {
        role: Role::Debit,
        names: "debit|debit amount|paid out|money out|withdrawal|withdrawals|withdrawal amount|\
            withdrawal amt|payments|soll|belastung|lastschrift|lastschriften|ausgang|ausgaben|debits|\
            debet|ut|ut fra konto|ud|cargo|cargos|adeudo|debe|gastos|pagos|addebiti|addebito|uscite|\
            uscita|dare|af|afschrijving|debito|saida|saidas|obciazenia|obciazenie|wydatki|\
            kwota obciazenia|uttag|out|depenses|montant debit|dr|paid out gbp|sortie|soll betrag|\
            betrag soll|amount debit|money out gbp|uit",
    },
    RoleWords {
        role: Role::Credit,
        names: "credit|credit amount|paid in|money in|deposit|deposits|deposit amount|deposit amt|receipts|\
            haben|gutschrift|gutschriften|eingang|einnahmen|credits|kredit|inn|inn pa konto|ind|abono|\
            abonos|haber|ingreso|ingresos|accrediti|accredito|entrate|entrata|avere|bij|bijschrijving|\
            credito|entrada|entradas|uznania|uznanie|wplywy|kwota uznania|insattning|in|recettes|\
            montant credit|cr|entree|betrag haben|amount credit",
    },
    RoleWords {
        role: Role::Indicator,
        names: "debit credit|credit debit|credit debit indicator|debit credit indicator|dr cr|cr dr|d c|c d|\
            soll haben|s h|soll haben kennzeichen|sollhabenkennzeichen|umsatzart s h|af bij|bij af|\
            debet credit|debe haber|dare avere|debit or credit|indicator|transaction type|details|type|\
            sens|segno|debito credito|debet kredit|typ|tipo|direction|credit or debit|sign|in out|\
            money in out|bevetel kiadas",
    },
    RoleWords {
        role: Role::Fee,
        names: "fee|fees|gebuhr|gebuhren|frais|comision|commissione|kosten|poplatek|jutalek",
    },
    RoleWords {
        role: Role::Currency,
        names: "currency|currency code|transaction currency|wahrung|waehrung|kontowahrung|devise|monnaie|\
            divisa|moneda|divisa importe|valuta|munt|muntsoort|moeda|waluta|account currency|\
            waluta rachunku|waluta operacji|ccy|curr|currency of amount|wahrung betrag|local currency|\
            mena uctu|mena|devizanem|tranzakcio devizaneme|valuutta|buchungswahrung|valuta konta",
    },
    RoleWords {
        role: Role::Balance,
        names: "balance|running balance|running bal|account balance|balance after transaction|balance after|\
            saldo|saldo nach buchung|kontostand|kontostand nach buchung|neuer saldo|solde|\
            solde apres operation|saldo na trn|saldo na boeking|saldo na mutatie|saldo contabile|\
            saldo disponible|saldo po operacji|saldo po transakcji|saldo final|saldo contabilistico|\
            saldo etter|bokfort saldo|bokford saldo|saldo i kontovaluta|closing balance|\
            available balance|new balance|ledger balance|resulting balance|saldo despues|\
            saldo progressivo|saldo posterior|zustatek|zustatek po operaci|egyenleg|konyvelt egyenleg|\
            tilin saldo",
    },
    // If the table has a column for the counterparty, some of these may be the counterparty's account. Those are also
    // in OWN_OR_OTHER_ACCOUNT.
    RoleWords {
        role: Role::Account,
        names: "auftragskonto|iban auftragskonto|own account|iban bban|rekening|account name|compte|cuenta|\
            conto|konto|kontoname|from account|card number|card no|kartennummer|card|rachunek|account|\
            account id|opdrachtgeversrekening|iban kontoinhaber|account number|account no|account nr|\
            account iban|kontonummer|kontonummer iban|iban|numero de compte|numero de cuenta|\
            numero conto|rekeningnummer|conta|numer rachunku|numer konta|kontonr|cislo uctu|szamlaszam|\
            tili|tilinumero",
    },
    RoleWords {
        role: Role::Reference,
        names: "transaction id|transactionid|transferwise id|transaktions id|transaktionsid|transaktionscode|\
            transaction code|transaction number|transaction no|transaktionsnummer|id transaction|\
            id transazione|id transaccion|transactie id|transactienummer|volgnr|volgnummer|\
            numer transakcji|id transakcji|numer referencyjny|entry reference|bank reference|fitid|\
            transaction reference number|unique id|uuid|buchungsreferenz|codigo de transaccion|\
            arkivreferanse|arkivref|transaksjonsid|verifikationsnummer|operation id|entry id|\
            numero operation|transaction uid|id transakce|id operace|megbizas azonosito|arkistointitunnus",
    },
    RoleWords {
        role: Role::Status,
        names: "status|state|booking status|info|statut|estado|stato|buchungsstatus|transaction status|stav",
    },
    RoleWords {
        role: Role::Payee,
        names: "payee|payee name|zahlungsempfangerin|zahlungsempfanger|beneficiary|beneficiary name|\
            empfanger|beneficiaire|beneficiario|odbiorca|naam begunstigde|to|mottaker|modtager|mottagare|\
            nazwa odbiorcy|beguenstigter",
    },
    RoleWords {
        role: Role::Payer,
        names: "payer|payer name|zahlungspflichtiger|zahlungspflichtige|zahlungspflichtigerin|auftraggeber|\
            sender|ordenante|ordinante|donneur d ordre|nadawca|from|avsender|afsender|avsandare|\
            nazwa nadawcy",
    },
    RoleWords {
        role: Role::Counterparty,
        names: "counterparty|counter party|counterparty name|partner name|partnername|merchant name|merchant|\
            name|auftraggeber empfanger|empfanger auftraggeber|beguenstigter zahlungspflichtiger|\
            begunstigter zahlungspflichtiger|begunstigter auftraggeber|beguenstigter auftraggeber|\
            beneficiary originator|name zahlungsbeteiligter|zahlungspflichtiger empfanger|payee payer|\
            payee name payer name|zahlungsempfanger zahlungspflichtiger|auftraggeber begunstigter|tiers|\
            contrepartie|contraparte|controparte|naam tegenpartij|tegenpartij|naam omschrijving|\
            naam tegenrekening|nadawca odbiorca|odbiorca nadawca|kontrahent|nazwa kontrahenta|nom|nombre|\
            nome|naam|navn|namn|partner|beneficiario ordenante|zahlungsbeteiligter|dane kontrahenta|\
            motpart|gegenpartei|transaction partner|nazev protiuctu|nazev protistrany|partner neve|\
            saaja maksaja|handelaar|protistrana",
    },
    RoleWords {
        role: Role::Kind,
        names: "transaction type|booking text|buchungstext|buchungsart|umsatzart|umsatztyp|umsatz typ|\
            vorgang|vorgang verwendungszweck art|type operation|type d operation|type de transaction|\
            type|typ|typ operacji|tipo de movimiento|tipo movimiento|tipo de operacion|tipo operazione|\
            causale|caus|mutatiesoort|transactiesoort|code|rodzaj operacji|typ transakcji|opis operacji|\
            transaction method|tipo|art|subcategory|payment type|transaktionstyp|details|transaktionsart|\
            categorie operation|categorie|typ transakce|typ operace|tranzakcio tipusa|laji|tapahtumalaji",
    },
    RoleWords {
        role: Role::Description,
        names: "description|transaction description|details|transaction details|narrative|particulars|\
            narration|memo|text|beschreibung|verwendungszweck|buchungsdetails|buchungstext|\
            buchungsinformation|zahlungsgrund|zahlungsreferenz|mitteilung|mitteilungen|payment reference|\
            payment details|purpose|libelle|libelle operation|libelle de l operation|libelle court|\
            libelle simplifie|detail de l ecriture|motif|communication|informations complementaires|\
            concepto|descripcion|detalle|observaciones|mas datos|descrizione|descrizione operazione|\
            dettagli|causale|omschrijving|omschrijving 1|omschrijving 2|omschrijving 3|mededelingen|\
            mededeling|descricao|descritivo|historico|opis|opis operacji|opis transakcji|tytul|\
            tytul operacji|tekst|beskrivelse|forklaring|beskrivning|transaktion|meddelande|notes|\
            bemerkung|extended details|bank description|original description|\
            appears on your statement as|reference|referens|referenz|your reference|message|transaction|\
            spesifikasjon|rubrik|buchungstexte|vorgang verwendungszweck|item title|artikelbezeichnung|\
            subject|operacion|remarks|transaction remarks|movimiento|verwendungszweckzeile 1|\
            verwendungszweckzeile 2|payee description|avsandarens meddelande|counterparty reference|\
            zprava|zprava pro prijemce|zprava pro me|poznamka|popis|kozlemeny|megjegyzes|selitys|viesti|\
            toelichting|transaktionsbeschreibung|transaktionsbeschreibung zusatz",
    },
];

/// If the table has a column for the counterparty, these may be the counterparty's account.
pub(super) const OWN_OR_OTHER_ACCOUNT: &str = "account number|account no|account nr|account iban|kontonummer|kontonummer iban|iban|numero de compte|\
    numero de cuenta|numero conto|rekeningnummer|conta|numer rachunku|numer konta|kontonr|cislo uctu|\
    szamlaszam|tili|tilinumero";

/// Names of columns that are not used, because they may change without the transaction or belong to the other side.
pub(super) const IGNORED_COLUMNS: &str = "category|spending category|kategorie|categorie|categoria|kategoria|kategori|notes and tags|tags|\
    tegenrekening|tegenrekening iban bban|counterparty account|payee account number|partner iban";

/// Statuses of transactions that are not booked: they may still change, or never be booked.
pub(super) const NOT_BOOKED: &str = "pending|reverted|declined|failed|cancelled|canceled|denied|rejected|removed|on hold|\
    umsatz vorgemerkt|vorgemerkt|vorgemerkte buchung|ausstehend|abgelehnt|storniert|en attente|pendiente|\
    in attesa|non contabilizzato|in behandeling|oczekujaca|odrzucona|venter|afventer|reserveret|\
    reservert|reserverat|ikke bokfort|unposted|authorised|authorized|en cours|annule|expired";

/// Cells that mark a debit.
pub(super) const DEBIT_WORDS: &str = "d|dr|debit|s|soll|af|out|debet|cargo|debito|belastung|uit|ut|ud|dare|withdrawal|debe|dbit|db|\
    money out|obciazenie|wydatek|outflow|kiadas|vydaj";

/// Cells that mark a credit.
pub(super) const CREDIT_WORDS: &str = "c|cr|credit|h|haben|bij|in|kredit|abono|credito|gutschrift|inn|ind|avere|deposit|haber|crdt|money in|\
    uznanie|wplyw|inflow|bevetel|prijem";

/// Kinds of purchases, for card statements on which purchases are positive.
pub(super) const PURCHASE_KINDS: &str = "sale|purchase|purchases|fee|debit|interest charge";

pub(super) const OPENING: &str = "opening balance|beginning balance|previous balance|balance brought forward|starting balance|\
    start balance|anfangssaldo|alter kontostand|alter saldo|saldovortrag|vorheriger kontostand|\
    letzter kontostand|startsaldo|solde initial|ancien solde|solde precedent|saldo inicial|\
    saldo anterior|saldo iniziale|saldo precedente|beginsaldo|vorig saldo|saldo poczatkowe|\
    inngaende saldo|ingaende saldo|saldo primo|opening bal";

pub(super) const CLOSING: &str = "closing balance|ending balance|balance carried forward|new balance|current balance|account balance|\
    final balance|endsaldo|neuer kontostand|neuer saldo|aktueller kontostand|kontostand|schlusssaldo|\
    solde final|nouveau solde|solde au|solde|saldo final|saldo actual|saldo finale|\
    saldo contabile finale|eindsaldo|nieuw saldo|saldo koncowe|utgaende saldo|saldo ultimo|saldo atual|\
    saldo contabile|saldo|balance";

/// Beginnings of lines that add up the lines above.
pub(super) const TOTALS: &str = "total|summe|suma|sum|somme|totaal|razem|gesamt";

pub(super) const ACCOUNT: &str = "account number|account no|account nr|iban|kontonummer|konto|konto nr|kontonr|girokonto|\
    tagesgeldkonto|account|bankkonto|numero de compte|compte|compte de cheques|compte courant|\
    numero de cuenta|cuenta|numero conto|conto|conto corrente|rekeningnummer|rekening|numero da conta|\
    conta|numer rachunku|rachunek|kontonavn|kontonummer iban|account iban|card number|kreditkarte|\
    kartennummer|n de compte|compte cheques n|compte numero|numer rachunku iban|account name";

pub(super) const PERIOD: &str = "zeitraum|period|statement period|date range|periode|periodo|periodo dal|okres|za okres|\
    buchungszeitraum";

pub(super) const CURRENCY: &str =
    "currency|wahrung|waehrung|kontowahrung|devise|divisa|moneda|munt|valuta|moeda|waluta";

/// Words that banks use for currencies, in names of columns and in cells.
pub(super) const CURRENCIES: &[(&str, &str)] = &[
    ("euro", "EUR"),
    ("euros", "EUR"),
    ("en euros", "EUR"),
    ("en euro", "EUR"),
    ("in euro", "EUR"),
    ("sterling", "GBP"),
    ("dollars", "USD"),
];

/// ISO 4217 codes of the currencies that are common on statements.
pub(super) const CURRENCY_CODES: &str = "aed|ars|aud|bgn|brl|cad|chf|clp|cny|cop|czk|dkk|egp|eur|gbp|hkd|huf|idr|ils|inr|isk|jpy|krw|mxn|myr|\
    nok|nzd|php|pln|qar|ron|rsd|rub|sar|sek|sgd|thb|try|twd|uah|usd|vnd|zar";
