//! Statements that say themselves how reading them goes, and what reads them.

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
    AccountPart, Amount, Basis, Dialect, Format, Identity, Place, ReadError, Reject, Row, Statement,
};
use riffle_statements::{RowStream, Rows, StatementReader};
use riffle_testkit::simulator::{Control, fingerprint};

/// How reading a statement goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    Good,
    /// Its balances do not follow: a person should look.
    Unbalanced,
    /// No statement.
    Rejected,
    /// No statement, as shows after some rows.
    RejectedLate,
    /// No statement to the parser of before, as shows after some rows.
    RejectedBefore,
    /// No statement to the parser that came later, as shows after some rows.
    RejectedSince,
    /// It is taken for none the first so many times, after some rows, as by a parser that ran out of memory.
    Mistaken {
        times: u32,
    },
    /// It cannot be read the first so many times, in the late case after some rows.
    Fails {
        times: u32,
        late: bool,
    },
    /// It ends whoever reads it the first so many times, in the late case after some rows.
    Kills {
        times: u32,
        late: bool,
    },
}

impl Nature {
    pub const ALWAYS: u32 = u32::MAX;

    /// Whether it is never read to its end.
    pub const fn is_hopeless(self) -> bool {
        matches!(self, Self::Fails { times: Self::ALWAYS, .. } | Self::Kills { times: Self::ALWAYS, .. })
    }

    /// Whether the parser of `version` takes it for no statement, each time.
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

/// A row of a statement, as the scenario has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    pub account: Option<&'static str>,
    /// Since the first of January.
    pub day: u32,
    pub cents: i64,
    pub currency: &'static str,
    pub text: &'static str,
}

/// A statement before anybody reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Names it, for how often it was read.
    pub number: usize,
    pub nature: Nature,
    pub lines: Vec<Line>,
}

/// The day of a row as the parser of `version` tells it: the later one has salaries come a month later.
pub fn date(day: u32, text: &str, version: usize) -> NaiveDate {
    let first = NaiveDate::from_ymd_opt(2030, 1, 1).unwrap_or_default();
    let later = if version > 0 && text == "salary" { 31 } else { 0 };
    first.checked_add_days(Days::new((day + later).into())).unwrap_or_default()
}

impl Content {
    pub fn written(&self) -> Bytes {
        let mut text = format!("{}\n{}\n", self.number, self.nature.written());
        for line in &self.lines {
            let account = line.account.unwrap_or_default();
            text += &format!("{account}|{}|{}|{}|{}\n", line.day, line.cents, line.currency, line.text);
        }
        text.into()
    }
}

/// Reads what [`Content::written`] wrote, at once and where it is asked to.
pub struct ObedientReader {
    control: Arc<Control>,
    /// How often each was begun to be read.
    begun: Mutex<BTreeMap<usize, u32>>,
    /// Of the parser: 0, and 1 once another was deployed.
    version: AtomicUsize,
}

impl ObedientReader {
    pub fn new(control: Arc<Control>) -> Self {
        Self { control, begun: Mutex::default(), version: AtomicUsize::new(0) }
    }

    /// Another parser from here on: it tells rows by other identities, and some days otherwise.
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
        let (Some(number), Some(nature)) = (number, lines.next().and_then(Nature::read)) else {
            return Ok(Stream::empty(End::Fails(Reject::Empty.into())));
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
            Nature::Rejected => (End::Fails(not_one()), 0),
            nature if nature.is_reject(version) => (End::Fails(not_one()), half),
            Nature::Mistaken { times } if nth <= times => {
                self.control.sometimes("a statement is taken for none");
                (End::Fails(not_one()), half)
            }
            Nature::Fails { times, late } if nth <= times => {
                self.control.sometimes("a statement cannot be read");
                (End::Fails(ReadError::Io(io::Error::other("it is poisoned"))), if late { half } else { 0 })
            }
            Nature::Kills { times, late } if nth <= times => {
                self.control.sometimes("a statement kills who reads it");
                (End::Kills, if late { half } else { 0 })
            }
            _ => (End::Done(Box::new(statement)), rows.len()),
        };
        let mut rows = rows;
        rows.truncate(kept);
        Ok(Stream { control: Some(Arc::clone(&self.control)), rows: rows.into_iter(), end })
    }
}

fn not_one() -> ReadError {
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
            place: Place::Line(number as u64 + 3),
            account: (!account.is_empty()).then(|| account.to_owned()),
            date: date(day.parse().ok()?, text, version),
            value_date: None,
            amount: Amount::new(cents.parse().ok()?, 2),
            currency: (!currency.is_empty()).then(|| currency.to_owned()),
            description: text.to_owned(),
            clean: text.to_owned(),
            counterparty: None,
            balance: None,
            // What its identity is made of, for the model.
            kind: (!account.is_empty()).then(|| "named".to_owned()),
            reference: None,
            identity,
            occurrence: *occurrence,
        })
    };
    lines.enumerate().filter_map(read).collect()
}

fn statement(rows: &[Row], nature: Nature) -> Statement {
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
                balanced: (nature == Nature::Unbalanced).then_some(false),
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
        Box::new(self.parse(&content).unwrap_or_else(|error| Stream::empty(End::Fails(ReadError::Io(error)))))
    }
}

enum End {
    Done(Box<Statement>),
    Fails(ReadError),
    Kills,
}

struct Stream {
    control: Option<Arc<Control>>,
    rows: std::vec::IntoIter<Row>,
    end: End,
}

impl Stream {
    fn empty(end: End) -> Self {
        Self { control: None, rows: Vec::new().into_iter(), end }
    }
}

#[async_trait]
impl RowStream for Stream {
    async fn next(&mut self) -> Option<Rows> {
        // Batches that are no parts.
        let rows: Rows = self.rows.by_ref().take(2).collect();
        if rows.is_empty()
            && matches!(self.end, End::Kills)
            && let Some(control) = &self.control
        {
            control.crash_running();
            return pending().await;
        }
        (!rows.is_empty()).then_some(rows)
    }

    async fn end(self: Box<Self>) -> Result<Statement, ReadError> {
        match self.end {
            End::Done(statement) => Ok(*statement),
            End::Fails(error) => Err(error),
            End::Kills => pending().await,
        }
    }
}
