//! Assigns roles to columns, by their names and by whether their content fits.

use super::words::{
    COLUMNS, CREDIT_WORDS, CURRENCIES, CURRENCY_CODES, DEBIT_WORDS, IGNORED_COLUMNS, OWN_OR_OTHER_ACCOUNT,
    contains_word,
};
use crate::number::Scanned;
use crate::readable::fold;
use crate::{Role, date};

/// Added to the rank of a name that only begins like a known name, so that it ranks below all known names.
const BEGINS_LIKE: usize = 1000;

/// The columns of a table with a header.
#[derive(Debug, Clone)]
pub(super) struct NamedColumns {
    pub roles: Vec<Role>,
    /// The columns whose cells form the identity of a row. They are chosen by name alone, so that the content of a file
    /// has no influence.
    pub identity: Vec<usize>,
    /// The currency in the name of the column of amounts.
    pub currency: Option<String>,
}

/// Counts of the kinds of cells in a sample of a column.
#[derive(Debug, Clone, Copy, Default)]
struct CellCounts {
    filled: usize,
    dates: usize,
    numbers: usize,
    codes: usize,
    sides: usize,
}

impl CellCounts {
    fn of<'a>(cells: impl Iterator<Item = &'a str>) -> Self {
        let mut holds = Self::default();
        for cell in cells.map(str::trim).filter(|cell| !matches!(*cell, "" | "-" | "--")) {
            holds.filled += 1;
            let date = date::DateCell::of(cell).is_some();
            holds.dates += usize::from(date);
            holds.numbers += usize::from(!date && Scanned::of(cell).is_some());
            holds.codes += usize::from(currency(cell).is_some());
            holds.sides += usize::from(side(cell).is_some());
        }
        holds
    }

    fn fits(&self, role: Role) -> bool {
        // Half of the cells suffice: the name is stronger evidence than the rows, some of which may be damaged.
        let most = |count: usize| count * 2 >= self.filled;
        match role {
            Role::Date | Role::ValueDate | Role::OtherDate => most(self.dates),
            Role::Amount | Role::Debit | Role::Credit | Role::Fee | Role::Balance => most(self.numbers),
            Role::Currency => most(self.codes),
            Role::Indicator => self.sides > 0 && most(self.sides),
            Role::Description | Role::Counterparty | Role::Payee | Role::Payer => {
                self.filled == 0 || self.dates < self.filled
            }
            _ => true,
        }
    }
}

/// Returns whether money goes out (`true`) or comes in, if the cell gives the direction.
pub(super) fn side(cell: &str) -> Option<bool> {
    let folded = fold(cell);
    let out = contains_word(DEBIT_WORDS, &folded);
    (out || contains_word(CREDIT_WORDS, &folded)).then_some(out)
}

/// Returns the code of the currency in a cell or a word of a header, if it is one.
pub(super) fn currency(word: &str) -> Option<String> {
    let word = word.trim();
    match word {
        "€" => return Some("EUR".to_owned()),
        "£" => return Some("GBP".to_owned()),
        _ => {}
    }
    let folded = fold(word);
    let named = CURRENCIES.iter().find(|(name, _)| *name == folded).map(|(_, code)| (*code).to_owned());
    let code = || {
        let three = word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_uppercase());
        (three || contains_word(CURRENCY_CODES, &folded)).then(|| word.to_ascii_uppercase())
    };
    named.or_else(code).filter(|code| code.len() == 3)
}

/// Splits a name and the currency at its end, which may be several words.
fn without_currency(folded: &str) -> (&str, Option<String>) {
    let words = CURRENCIES.iter().map(|(word, code)| (*word, (*code).to_owned()));
    let codes = CURRENCY_CODES.split('|').map(|code| (code, code.to_ascii_uppercase()));
    let mut best: (&str, Option<String>) = (folded, None);
    for (word, code) in words.chain(codes) {
        if let Some(name) = folded.strip_suffix(word).and_then(|name| name.strip_suffix(' '))
            && name.len() < best.0.len()
        {
            best = (name, Some(code));
        }
    }
    best
}

/// Returns the possible roles of a name, each with the rank of the name in that role; the best rank is 0.
fn candidates(folded: &str) -> Vec<(Role, usize)> {
    if folded.is_empty() || contains_word(IGNORED_COLUMNS, folded) {
        return Vec::new();
    }
    let (name, _) = without_currency(folded);
    let exact = |name: &str| -> Vec<(Role, usize)> {
        let rank = |names: &str| names.split('|').position(|known| known == name);
        COLUMNS.iter().filter_map(|words| Some((words.role, rank(words.names)?))).collect()
    };
    for name in [folded, name] {
        let found = exact(name);
        if !found.is_empty() {
            return found;
        }
    }
    // Otherwise, use the longest known beginning.
    let mut end = name.len();
    while let Some(shorter) = name[..end].rfind(' ') {
        let found = exact(&name[..shorter]);
        if !found.is_empty() && shorter >= 4 {
            let like =
                |(role, _): &(Role, usize)| !matches!(role, Role::Account | Role::Reference | Role::Status);
            return found.into_iter().filter(like).map(|(role, rank)| (role, rank + BEGINS_LIKE)).collect();
        }
        end = shorter;
    }
    Vec::new()
}

/// Returns how many of these names are known.
pub(super) fn known(names: &[String]) -> usize {
    names.iter().filter(|name| !candidates(&fold(name)).is_empty()).count()
}

/// Roles that at most one column has, in the order in which they are assigned.
const SINGLE: [Role; 16] = [
    Role::Date,
    Role::ValueDate,
    Role::Debit,
    Role::Credit,
    Role::Amount,
    Role::Balance,
    Role::Fee,
    Role::Indicator,
    Role::Currency,
    Role::Account,
    Role::Reference,
    Role::Status,
    Role::Payee,
    Role::Payer,
    Role::Counterparty,
    Role::Kind,
];

/// Roles whose columns are part of an identity.
const IDENTITY: [Role; 14] = [
    Role::Date,
    Role::ValueDate,
    Role::OtherDate,
    Role::Amount,
    Role::Debit,
    Role::Credit,
    Role::Indicator,
    Role::Fee,
    Role::Currency,
    Role::Description,
    Role::Counterparty,
    Role::Payee,
    Role::Payer,
    Role::Kind,
];

/// Assigns roles by the names in a header and a sample of the rows below it.
pub(super) fn assign(names: &[String], sample: &[Vec<String>]) -> NamedColumns {
    let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
    let known: Vec<Vec<(Role, usize)>> = folded.iter().map(|name| candidates(name)).collect();
    let holds: Vec<CellCounts> = (0..names.len())
        .map(|column| CellCounts::of(sample.iter().filter_map(|row| row.get(column)).map(String::as_str)))
        .collect();
    let mut roles = vec![Role::Other; names.len()];
    let others_named = known
        .iter()
        .flatten()
        .any(|(role, _)| matches!(role, Role::Payee | Role::Payer | Role::Counterparty));
    let may = |column: usize, role: Role| {
        let own =
            role != Role::Account || !others_named || !contains_word(OWN_OR_OTHER_ACCOUNT, &folded[column]);
        own && holds[column].fits(role)
    };
    for role in SINGLE {
        let ranked = (0..names.len()).filter_map(|column| {
            let (_, rank) = known[column].iter().find(|(known, _)| *known == role)?;
            let describes = role == Role::Kind
                && known[column].iter().any(|(role, _)| *role == Role::Description)
                && !others_describe(column, &known, &roles);
            (roles[column] == Role::Other && may(column, role) && !describes).then_some((*rank, column))
        });
        if let Some((_, column)) = ranked.min() {
            roles[column] = role;
        }
    }
    // A pair of columns for debit and credit is more precise than one column of amounts.
    let both = |roles: &[Role]| roles.contains(&Role::Debit) && roles.contains(&Role::Credit);
    let amount = roles.iter().position(|role| *role == Role::Amount);
    if let Some(amount) = amount {
        let filled =
            |role: Role| roles.iter().zip(&holds).any(|(own, holds)| *own == role && holds.filled > 0);
        let replaced = both(&roles) && (filled(Role::Debit) || filled(Role::Credit));
        for (column, role) in roles.iter_mut().enumerate() {
            if replaced && column == amount || !replaced && matches!(role, Role::Debit | Role::Credit) {
                *role = Role::Other;
            }
        }
    }
    for column in 0..names.len() {
        for role in [Role::OtherDate, Role::Date, Role::Description] {
            let is = known[column].iter().any(|(known, _)| *known == role);
            if roles[column] == Role::Other && is && may(column, role) {
                roles[column] = if role == Role::Date { Role::OtherDate } else { role };
            }
        }
    }
    let of_identity = |column: &usize| known[*column].iter().any(|(role, _)| IDENTITY.contains(role));
    let currency = roles
        .iter()
        .position(|role| matches!(role, Role::Amount | Role::Debit | Role::Credit))
        .and_then(|column| {
            without_currency(&folded[column]).1.or_else(|| currency(&folded[column].to_ascii_uppercase()))
        });
    NamedColumns { roles, identity: (0..names.len()).filter(of_identity).collect(), currency }
}

/// Returns whether a column other than this one contains descriptions.
fn others_describe(column: usize, known: &[Vec<(Role, usize)>], roles: &[Role]) -> bool {
    let describes = |known: &[(Role, usize)]| known.iter().any(|(role, _)| *role == Role::Description);
    (0..known.len()).any(|other| other != column && roles[other] == Role::Other && describes(&known[other]))
}

/// Returns whether the roles suffice for a statement.
pub(super) fn suffice(roles: &[Role]) -> bool {
    let has = |role: Role| roles.contains(&role);
    has(Role::Date) && (has(Role::Amount) || has(Role::Debit) || has(Role::Credit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(names: &[&str], rows: &[&[&str]]) -> Vec<Role> {
        let strings = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        assign(&strings(names), &rows.iter().map(|row| strings(row)).collect::<Vec<_>>()).roles
    }

    #[test]
    fn one_word_of_several_languages_is_decided_by_what_is_below() {
        use Role::{Amount, Currency, Date, Description, ValueDate};
        let german =
            roles(&["Buchung", "Valuta", "Text", "Betrag"], &[&["01.02.2024", "02.02.2024", "x", "1,00"]]);
        assert_eq!(german, [Date, ValueDate, Description, Amount]);
        let danish = roles(&["Dato", "Tekst", "Beløb", "Valuta"], &[&["01-02-2024", "x", "1,00", "DKK"]]);
        assert_eq!(danish, [Date, Description, Amount, Currency]);
    }

    #[test]
    fn the_other_sides_account_is_not_the_own() {
        let own = roles(&["Date", "Account Number", "Description", "Amount"], &[]);
        assert_eq!(own[1], Role::Account);
        let other = roles(&["Date", "Payee", "Account number", "Amount (EUR)"], &[]);
        assert_eq!(other[2], Role::Other);
    }

    #[test]
    fn currencies_in_names() {
        assert_eq!(without_currency("debit euros"), ("debit", Some("EUR".to_owned())));
        assert_eq!(without_currency("amount gbp"), ("amount", Some("GBP".to_owned())));
        assert_eq!(without_currency("amount"), ("amount", None));
    }
}
