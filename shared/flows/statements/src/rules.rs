//! A tenant's categorisation rules: an ordered list in YAML. The first rule that matches a transaction gives its
//! category.

use regex::{Regex, RegexBuilder};
use riffle_ports::{Category, Transaction};
use rust_decimal::Decimal;
use serde::Deserialize;

/// Bytes of a list of rules, at most.
pub const MAX_BYTES: usize = 256 * 1024;
/// Rules in one list, at most.
const MAX_RULES: usize = 2_000;
/// Bytes that a compiled regular expression may take.
const MAX_REGEX: usize = 1 << 20;

/// The reason why a list of rules is not valid, as a sentence for its author without the full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    #[error("The rules are too long: at most {MAX_RULES} rules and 256 KB are allowed")]
    TooLarge,
    #[error("{0}")]
    Yaml(String),
    #[error("Rule {number}: {what}")]
    Rule { number: usize, what: String },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesDocument {
    #[serde(default)]
    rules: Vec<WrittenRule>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "“contains” must be a text or a list of texts")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Sign {
    In,
    Out,
}

/// One rule as it is written. All fields that are set must match.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    category: String,
    contains: Option<OneOrMany>,
    regex: Option<String>,
    /// Of the amount without its sign. `max` likewise.
    min: Option<f64>,
    max: Option<f64>,
    sign: Option<Sign>,
    account: Option<String>,
}

#[derive(Debug)]
struct Rule {
    category: String,
    contains: Vec<String>,
    regex: Option<Regex>,
    min: Option<Decimal>,
    max: Option<Decimal>,
    sign: Option<Sign>,
    account: Option<String>,
}

/// A parsed list of rules.
#[derive(Debug, Default)]
pub struct RuleSet(Vec<Rule>);

impl RuleSet {
    /// Parses YAML: a list `rules`. Each rule has a `category` and any of these conditions: `contains` (a text or a
    /// list of which one text must occur), `regex`, `min` and `max` (of the amount without its sign), `sign` (`in` or
    /// `out`) and `account`. `contains` and `regex` ignore case and search the description, as the statement has it
    /// and cleaned, and the counterparty's name.
    pub fn parse(yaml: &str) -> Result<Self, RulesError> {
        if yaml.len() > MAX_BYTES {
            return Err(RulesError::TooLarge);
        }
        if yaml.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(Self::default());
        }
        let document: RulesDocument = serde_saphyr::from_str(yaml)
            .map_err(|error| RulesError::Yaml(explain(error.without_snippet())))?;
        if document.rules.len() > MAX_RULES {
            return Err(RulesError::TooLarge);
        }
        let understand = |(position, written): (usize, WrittenRule)| {
            Rule::of(written).map_err(|what| RulesError::Rule { number: position + 1, what })
        };
        document.rules.into_iter().enumerate().map(understand).collect::<Result<_, _>>().map(Self)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the names of the categories, each once, sorted.
    pub fn categories(&self) -> Vec<String> {
        let mut names: Vec<String> = self.0.iter().map(|rule| rule.category.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Returns the category of the first rule that matches. `None`: uncategorised.
    pub fn category(&self, transaction: &Transaction) -> Option<Category> {
        let text = SearchedText::of(transaction);
        let position = self.0.iter().position(|rule| rule.fits(transaction, &text))?;
        Some(Category {
            name: self.0[position].category.clone(),
            source: format!("rule {}", position + 1),
            confidence: 100,
        })
    }
}

/// Describes an error of the YAML parser to the author of the rules: its place, the mistake, and what is allowed.
fn explain(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::{Error, MessageFormatter as _, UserMessageFormatter};

    let what = match error {
        Error::SerdeUnknownField { field, expected, .. } if **expected == ["rules"] => {
            format!("“{field}” is not allowed here. The text must be one list with the name “rules”")
        }
        Error::SerdeUnknownField { field, expected, .. } => {
            format!("“{field}” is not a field of a rule. Allowed are {}", expected.join(", "))
        }
        Error::SerdeMissingField { field, .. } => format!("the rule has no {field}"),
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            format!("“{variant}” is not allowed. Write {}", expected.join(" or "))
        }
        Error::DuplicateMappingKey { key, .. } => {
            format!("“{}” is given twice", key.as_deref().unwrap_or("a field"))
        }
        Error::NullIntoString { .. } => "a text is missing".to_owned(),
        Error::InvalidScalar { .. } => "a number is needed, such as 12.50".to_owned(),
        Error::Unexpected { expected: "mapping start", .. } => {
            "a name followed by a colon is needed, such as “rules:” or “category: Rent”".to_owned()
        }
        Error::Unexpected { expected: "sequence start", .. } => {
            "a list is needed, in which each item begins with a hyphen".to_owned()
        }
        Error::Unexpected { expected: "string scalar", .. } => "a single text is needed".to_owned(),
        // The text of `OneOrMany`.
        Error::Message { msg, .. } if msg.starts_with('“') => msg.clone(),
        other => format!("this is not valid YAML: {}", UserMessageFormatter.format_message(other)),
    };
    match error.location() {
        Some(place) => format!("Line {}, column {}: {what}", place.line(), place.column()),
        None => format!("The rules cannot be read: {what}"),
    }
}

/// Returns the cause of an error of a regular expression in one line.
fn cause(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        }
    }
}

/// The texts that rules search.
struct SearchedText {
    plain: String,
    lower: String,
}

impl SearchedText {
    fn of(transaction: &Transaction) -> Self {
        let other = transaction.counterparty.as_deref().unwrap_or_default();
        let plain = format!("{}\n{}\n{other}", transaction.description, transaction.clean);
        Self { lower: plain.to_lowercase(), plain }
    }
}

impl Rule {
    fn of(written: WrittenRule) -> Result<Self, String> {
        let category = written.category.trim().to_owned();
        if category.is_empty() || category.len() > 100 {
            return Err("a category must have a name of 1 to 100 bytes".to_owned());
        }
        let contains: Vec<String> = match written.contains {
            None => Vec::new(),
            Some(OneOrMany::One(text)) => vec![text],
            Some(OneOrMany::Many(texts)) => texts,
        };
        if contains.iter().any(|text| text.trim().is_empty()) {
            return Err("“contains” must not be an empty text".to_owned());
        }
        let regex = written
            .regex
            .map(|regex| {
                RegexBuilder::new(&regex)
                    .case_insensitive(true)
                    .multi_line(true)
                    .size_limit(MAX_REGEX)
                    .build()
                    .map_err(|error| format!("the regex is not valid: {}", cause(&error)))
            })
            .transpose()?;
        let decimal = |bound: Option<f64>, name: &str| {
            bound
                .map(|bound| {
                    Decimal::from_f64_retain(bound)
                        .map(|bound| bound.round_dp(6))
                        .ok_or_else(|| format!("“{name}” is not an amount"))
                })
                .transpose()
        };
        let rule = Self {
            category,
            contains: contains.iter().map(|text| text.to_lowercase()).collect(),
            regex,
            min: decimal(written.min, "min")?,
            max: decimal(written.max, "max")?,
            sign: written.sign,
            account: written.account,
        };
        if let (Some(min), Some(max)) = (rule.min, rule.max)
            && min > max
        {
            return Err("“min” is greater than “max”".to_owned());
        }
        Ok(rule)
    }

    fn fits(&self, transaction: &Transaction, text: &SearchedText) -> bool {
        let amount = transaction.amount;
        let size = amount.abs();
        (self.contains.is_empty() || self.contains.iter().any(|part| text.lower.contains(part)))
            && self.regex.as_ref().is_none_or(|regex| regex.is_match(&text.plain))
            && self.min.is_none_or(|min| size >= min)
            && self.max.is_none_or(|max| size <= max)
            && self.sign.is_none_or(|sign| (sign == Sign::Out) == amount.is_sign_negative())
            && self.account.as_ref().is_none_or(|account| *account == transaction.key.account)
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use riffle_ports::{FileId, TransactionKey};

    use super::*;

    fn transaction(description: &str, amount: i64) -> Transaction {
        Transaction {
            key: TransactionKey {
                account: "DE1".into(),
                date: NaiveDate::default(),
                identity: "00".into(),
                occurrence: 1,
            },
            value_date: None,
            amount: Decimal::new(amount, 2),
            currency: "EUR".into(),
            description: description.into(),
            clean: description.into(),
            counterparty: Some("Hofladen Müller".into()),
            balance: None,
            kind: None,
            reference: None,
            file: FileId("f".into()),
            place: "line 2".into(),
            category: None,
        }
    }

    fn category(yaml: &str, description: &str, amount: i64) -> Option<String> {
        let rules = RuleSet::parse(yaml).expect("these are rules");
        rules
            .category(&transaction(description, amount))
            .map(|found| format!("{} by {}", found.name, found.source))
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let yaml = "
rules:
  - category: Groceries
    contains: [market, müller]
    sign: out
    max: 200
  - category: Rent
    regex: '^rent \\d{4}'
  - category: Other
    account: DE1
";
        assert_eq!(category(yaml, "SUPERMARKET", -1_999).as_deref(), Some("Groceries by rule 1"));
        assert_eq!(
            category(yaml, "nothing", -20_000).as_deref(),
            Some("Groceries by rule 1"),
            "the other side"
        );
        assert_eq!(category(yaml, "Rent 2026", -20_001).as_deref(), Some("Rent by rule 2"), "above the max");
        assert_eq!(category(yaml, "Rent 2026", -25_000).as_deref(), Some("Rent by rule 2"));
        assert_eq!(category(yaml, "SUPERMARKET", 1_999).as_deref(), Some("Other by rule 3"), "money in");
        assert_eq!(category("rules: []", "x", 1), None);
        assert_eq!(category("# nothing yet\n", "x", 1), None);
    }

    #[test]
    fn what_is_no_list_of_rules_says_where() {
        let why = |yaml: &str| RuleSet::parse(yaml).map(|_| ()).expect_err(yaml).to_string();
        assert_eq!(why("rules:\n  - contains: x\n"), "Line 2, column 5: the rule has no category");
        assert_eq!(
            why("rules:\n  - {category: ' '}\n"),
            "Rule 1: a category must have a name of 1 to 100 bytes"
        );
        let twice = "rules:\n  - {category: A}\n  - {category: B, regex: '('}\n";
        assert_eq!(why(twice), "Rule 2: the regex is not valid: unclosed group");
        assert_eq!(why("rules:\n  - {category: A, min: 3, max: 2}"), "Rule 1: “min” is greater than “max”");
        assert_eq!(
            why("rules:\n  - {category: A, contain: x}"),
            "Line 2, column 19: “contain” is not a field of a rule. Allowed are category, contains, regex, min, max, \
             sign, account"
        );
        assert_eq!(
            why("rules:\n  - category: A\n    sign: up\n"),
            "Line 3, column 11: “up” is not allowed. Write in or out"
        );
        assert_eq!(
            why("rules:\n  - {category: A, contains: {a: b}}"),
            "Line 2, column 29: “contains” must be a text or a list of texts"
        );
        assert!(RuleSet::parse(&"#".repeat(MAX_BYTES + 1)).is_err());
    }
}
