//! Statements whose content states the result of reading them, and the reader that follows it.

use std::collections::BTreeMap;
use std::future::pending;
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{Days, NaiveDate};
use riffle_ports::Fetched;
use riffle_statement_parser::{
    AccountPart, Amount, Basis, Dialect, Format, Identity, ParseError, Reject, Row, RowPlace, Statement,
};
use riffle_statements::{RowBatch, RowStream, StatementReader};
use riffle_testkit::simulator::{Control, fingerprint};

/// The result of reading a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementNature {
    Good,
    /// Its balances do not add up, so a person should check it.
    Unbalanced,
    /// Not a statement.
    Rejected,
    /// Rejected as not a statement, but only after some rows.
    RejectedLate,
    /// Rejected by the old parser only, after some rows.
    RejectedBefore,
    /// Rejected by the new parser only, after some rows.
    RejectedSince,
    /// Wrongly rejected the first `times` times, after some rows, as by a parser that ran out of memory.
    Mistaken {
        times: u32,
    },
    /// Cannot be read the first `times` times; if `late`, the error comes after some rows.
    Fails {
        times: u32,
        late: bool,
    },
    /// Ends the process that reads it the first `times` times; if `late`, after some rows.
    Kills {
        times: u32,
        late: bool,
    },
}

impl StatementNature {
    pub const ALWAYS: u32 = u32::MAX;

    /// Returns whether it can never be read to its end.
    pub const fn is_hopeless(self) -> bool {
        matches!(self, Self::Fails { times: Self::ALWAYS, .. } | Self::Kills { times: Self::ALWAYS, .. })
    }

    /// Returns whether the parser of `version` always rejects it.
    pub const fn is_reject(self, version: usize) -> bool {
        match self {
            Self::Rejected | Self::RejectedLate => true,
            Self::RejectedBefore => version == 0,
            Self::RejectedSince => version > 0,
            _ => false,
        }
    }

    fn written(self) -> String {
        let of = |name: &str, times: u32, late: bool| format!("{name} {times} {late}");
        match self {
            Self::Good => "good 0 false".to_owned(),
            Self::Unbalanced => "unbalanced 0 false".to_owned(),
            Self::Rejected => "rejected 0 false".to_owned(),
            Self::RejectedLate => "rejected 0 true".to_owned(),
            Self::RejectedBefore => "rejected-before 0 true".to_owned(),
            Self::RejectedSince => "rejected-since 0 true".to_owned(),
            Self::Mistaken { times } => of("mistaken", times, true),
            Self::Fails { times, late } => of("fails", times, late),
            Self::Kills { times, late } => of("kills", times, late),
        }
    }

    fn read(written: &str) -> Option<Self> {
        let mut words = written.split(' ');
        let (name, times, late) = (words.next()?, words.next()?.parse().ok()?, words.next()? == "true");
        Some(match name {
            "good" => Self::Good,
            "unbalanced" => Self::Unbalanced,
            "rejected" if late => Self::RejectedLate,
            "rejected" => Self::Rejected,
            "rejected-before" => Self::RejectedBefore,
            "rejected-since" => Self::RejectedSince,
            "mistaken" => Self::Mistaken { times },
            "fails" => Self::Fails { times, late },
            "kills" => Self::Kills { times, late },
            _ => return None,
        })
    }
}

/// A row of a statement in the scenario.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatementLine {
    pub account: Option<&'static str>,
    /// Days since the first of January.
    pub day: u32,
    pub cents: i64,
    pub currency: &'static str,
    pub text: &'static str,
}

/// A statement of the scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementContent {
    /// Identifies it in the count of its readings.
    pub number: usize,
    pub nature: StatementNature,
    pub lines: Vec<StatementLine>,
}

/// Returns the day of a row according to the parser of `version`: the new one dates salaries 31 days later.
pub fn date(day: u32, text: &str, version: usize) -> NaiveDate {
    let first = NaiveDate::from_ymd_opt(2030, 1, 1).unwrap_or_default();
    let later = if version > 0 && text == "salary" { 31 } else { 0 };
    first.checked_add_days(Days::new((day + later).into())).unwrap_or_default()
}

impl StatementContent {
    pub fn written(&self) -> Bytes {
        let mut text = format!("{}\n{}\n", self.number, self.nature.written());
        for line in &self.lines {
            let account = line.account.unwrap_or_default();
            text += &format!("{account}|{}|{}|{}|{}\n", line.day, line.cents, line.currency, line.text);
        }
        text.into()
    }
}

/// A reader for what [`StatementContent::written`] wrote. It reads at once and crashes where the statement says so.
pub struct ObedientReader {
    control: Arc<Control>,
    /// The number of readings begun, by statement.
    begun: Mutex<BTreeMap<usize, u32>>,
    /// The parser's version: 0, and 1 once another was deployed.
    version: AtomicUsize,
}

impl ObedientReader {
    pub fn new(control: Arc<Control>) -> Self {
        Self { control, begun: Mutex::default(), version: AtomicUsize::new(0) }
    }

    /// Deploys another parser: it gives rows other identities, and some of them another day.
    pub fn deploy(&self) {
        self.version.store(1, Ordering::Relaxed);
    }

    pub fn version(&self) -> usize {
        self.version.load(Ordering::Relaxed)
    }

    fn parse(&self, content: &Fetched) -> io::Result<Stream> {
        let mut text = String::new();
        content.open()?.read_to_string(&mut text)?;
        let mut lines = text.lines();
        let number: Option<usize> = lines.next().and_then(|number| number.parse().ok());
        let (Some(number), Some(nature)) = (number, lines.next().and_then(StatementNature::read)) else {
            return Ok(Stream::empty(StreamEnd::Fails(Reject::Empty.into())));
        };
        let nth = {
            let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
            let begun = begun.entry(number).or_default();
            *begun += 1;
            *begun
        };
        let version = self.version();
        let rows = rows(lines, version);
        let statement = statement(&rows, nature);
        let half = rows.len().div_ceil(2);
        let (end, kept) = match nature {
            StatementNature::Rejected => (StreamEnd::Fails(not_one()), 0),
            nature if nature.is_reject(version) => (StreamEnd::Fails(not_one()), half),
            StatementNature::Mistaken { times } if nth <= times => {
                self.control.sometimes("a statement is not recognised as one");
                (StreamEnd::Fails(not_one()), half)
            }
            StatementNature::Fails { times, late } if nth <= times => {
                self.control.sometimes("a statement cannot be read");
                (
                    StreamEnd::Fails(ParseError::Io(io::Error::other("it is poisoned"))),
                    if late { half } else { 0 },
                )
            }
            StatementNature::Kills { times, late } if nth <= times => {
                self.control.sometimes("a statement kills the process that reads it");
                (StreamEnd::Kills, if late { half } else { 0 })
            }
            _ => (StreamEnd::Done(Box::new(statement)), rows.len()),
        };
        let mut rows = rows;
        rows.truncate(kept);
        Ok(Stream { control: Some(Arc::clone(&self.control)), rows: rows.into_iter(), end })
    }
}

fn not_one() -> ParseError {
    Reject::NotAStatement { why: "it says so itself".to_owned() }.into()
}

fn rows<'t>(lines: impl Iterator<Item = &'t str>, version: usize) -> Vec<Row> {
    let seed = version as u64 * 2;
    let mut counts: BTreeMap<u128, u32> = BTreeMap::new();
    let read = |(number, line): (usize, &str)| {
        let fields: Vec<&str> = line.split('|').collect();
        let [account, day, cents, currency, text] = fields[..] else { return None };
        let hash = |seed: u64| u128::from(fingerprint(seed, line.as_bytes()));
        let (basis, hash) = (Basis::Fields, hash(seed + 1) << 64 | hash(seed + 2));
        let identity = Identity { basis, version: if version == 0 { 1 } else { 2 }, hash };
        let occurrence = counts.entry(identity.hash).or_default();
        *occurrence += 1;
        Some(Row {
            place: RowPlace::Line(number as u64 + 3),
            account: (!account.is_empty()).then(|| account.to_owned()),
            date: date(day.parse().ok()?, text, version),
            value_date: None,
            amount: Amount::new(cents.parse().ok()?, 2),
            currency: (!currency.is_empty()).then(|| currency.to_owned()),
            description: text.to_owned(),
            clean: text.to_owned(),
            counterparty: None,
            balance: None,
            // Marks rows whose account the statement itself names, for the model.
            kind: (!account.is_empty()).then(|| "named".to_owned()),
            reference: None,
            identity,
            occurrence: *occurrence,
        })
    };
    lines.enumerate().filter_map(read).collect()
}

fn statement(rows: &[Row], nature: StatementNature) -> Statement {
    let mut accounts: Vec<AccountPart> = Vec::new();
    for row in rows {
        let same = |part: &&mut AccountPart| part.account == row.account && part.currency == row.currency;
        if let Some(part) = accounts.iter_mut().find(same) {
            part.rows += 1;
            part.from = part.from.min(Some(row.date));
            part.to = part.to.max(Some(row.date));
            part.sum += row.amount;
        } else {
            accounts.push(AccountPart {
                account: row.account.clone(),
                currency: row.currency.clone(),
                from: Some(row.date),
                to: Some(row.date),
                rows: 1,
                opening: None,
                closing: None,
                sum: row.amount,
                balanced: (nature == StatementNature::Unbalanced).then_some(false),
            });
        }
    }
    Statement {
        format: Format::Csv,
        dialect: Dialect::default(),
        accounts,
        rows: rows.len() as u64,
        warnings: Vec::new(),
        more_warnings: 0,
    }
}

impl StatementReader for ObedientReader {
    fn open(&self, _name: &str, content: Fetched) -> Box<dyn RowStream> {
        Box::new(
            self.parse(&content)
                .unwrap_or_else(|error| Stream::empty(StreamEnd::Fails(ParseError::Io(error)))),
        )
    }
}

enum StreamEnd {
    Done(Box<Statement>),
    Fails(ParseError),
    Kills,
}

struct Stream {
    control: Option<Arc<Control>>,
    rows: std::vec::IntoIter<Row>,
    end: StreamEnd,
}

impl Stream {
    fn empty(end: StreamEnd) -> Self {
        Self { control: None, rows: Vec::new().into_iter(), end }
    }
}

#[async_trait]
impl RowStream for Stream {
    async fn next(&mut self) -> Option<RowBatch> {
        // Batches that are not aligned with parts.
        let rows: RowBatch = self.rows.by_ref().take(2).collect();
        if rows.is_empty()
            && matches!(self.end, StreamEnd::Kills)
            && let Some(control) = &self.control
        {
            control.crash_running();
            return pending().await;
        }
        (!rows.is_empty()).then_some(rows)
    }

    async fn end(self: Box<Self>) -> Result<Statement, ParseError> {
        match self.end {
            StreamEnd::Done(statement) => Ok(*statement),
            StreamEnd::Fails(error) => Err(error),
            StreamEnd::Kills => pending().await,
        }
    }
}
