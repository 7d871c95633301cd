//! OFX and QFX: SGML 1.x, whose values have no closing tags, and XML 2.x. The same lenient tokenizer reads both.
//!
//! `tags` splits the file into tags and values, `entry` collects the values of a transaction, and this module defines
//! the meaning of each tag. The surrounding aggregates, which both forms close, determine the context of a tag.

mod entry;
mod header;
mod tags;

use std::io::Read;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::FormatReader;
use crate::date;
use crate::number::{NumberEvidence, Scanned, code};
use crate::output::RowOutput;
use crate::part::Stated;
use crate::sniff::FileStart;
use crate::{DecimalMark, Dialect, Input, ParseError, Reject, RowPlace, Signs};
use entry::OfxEntry;
use header::OfxHeader;
use tags::{OfxTag, Tags};

pub(crate) static OFX: FormatReader = FormatReader { is, read };

/// Number of bytes in which the header is searched.
const BEGINNING: usize = 4096;

fn is(start: &FileStart<'_>) -> bool {
    let beginning = start.head[..start.head.len().min(BEGINNING)].to_ascii_uppercase();
    let has = |needle: &[u8]| memchr::memmem::find(&beginning, needle).is_some();
    start.starts_with("OFXHEADER") || has(b"<OFX>") || has(b"<OFX ") || has(b":OFX>") || has(b"<?OFX ")
}

fn read(
    start: &FileStart<'_>,
    input: &mut dyn Input,
    out: &mut RowOutput<'_>,
) -> Result<Dialect, ParseError> {
    let header = OfxHeader::of(&start.head, start.wide);
    let mut first = OfxSurvey::default();
    let limits = out.limits;
    OfxPass::new(header.clone(), &mut FirstPass { survey: &mut first, out })
        .read(start.open(input, limits)?)?;
    if first.statements == 0 {
        return Err(Reject::not_a_statement(match first.message {
            Some(message) => format!("it is OFX, but contains no account; the bank's message: {message}"),
            None => "it is OFX, but contains no account".to_owned(),
        }));
    }
    out.again();
    let (mark, _) = first.numbers.decide(DecimalMark::Point);
    let by_kind = first.negative == 0 && first.debits > 0;
    if by_kind {
        out.warn(RowPlace::File, "no amount is negative; DEBIT transactions were read as debits");
    }
    let entries = first.entries;
    let mut second = SecondPass { out, mark, by_kind, entries: 0 };
    OfxPass::new(header.clone(), &mut second).read(start.open(input, limits)?)?;
    if second.entries != entries {
        return Err(Reject::Damaged { why: "it changed while it was read".to_owned() }.into());
    }
    Ok(Dialect {
        version: header.version,
        encoding: header.encoding,
        decimal_mark: Some(mark),
        signs: Some(if by_kind { Signs::Indicator } else { Signs::Signed }),
        ..Dialect::default()
    })
}

/// The account of the transactions that follow.
#[derive(Debug, Clone, Default)]
struct AccountContext {
    account: Option<String>,
    currency: Option<String>,
}

/// The information of a statement in addition to its transactions, not interpreted yet.
#[derive(Debug, Default)]
struct StatementFrame {
    owner: AccountContext,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    /// The closing balance, and its place.
    ledger: Option<(RowPlace, String)>,
}

/// A receiver of the results of a pass.
trait Receiver {
    fn entry(&mut self, owner: &AccountContext, entry: &OfxEntry) -> Result<(), ParseError>;
    fn statement(&mut self, frame: StatementFrame) -> Result<(), ParseError>;
    fn message(&mut self, _message: &str) {}
    fn warn(&mut self, _place: RowPlace, _what: &str) {}
}

/// The results of the first pass.
#[derive(Debug, Default)]
struct OfxSurvey {
    statements: u64,
    entries: u64,
    numbers: NumberEvidence,
    negative: u64,
    /// Number of amounts that are not negative, of transactions of kind `DEBIT`.
    debits: u64,
    message: Option<String>,
}

struct FirstPass<'s, 'o, 'a> {
    survey: &'s mut OfxSurvey,
    out: &'o mut RowOutput<'a>,
}

impl Receiver for FirstPass<'_, '_, '_> {
    fn entry(&mut self, _: &AccountContext, entry: &OfxEntry) -> Result<(), ParseError> {
        self.survey.entries += 1;
        if self.survey.entries > self.out.limits.rows {
            return Err(Reject::too_large("transactions", self.out.limits.rows));
        }
        if let Some(amount) = Scanned::of(&entry.amount) {
            self.survey.numbers.add(&amount);
            self.survey.negative += u64::from(amount.negative);
            self.survey.debits += u64::from(!amount.negative && entry.kind.eq_ignore_ascii_case("DEBIT"));
        }
        self.out.note(entry.key());
        Ok(())
    }

    fn statement(&mut self, _: StatementFrame) -> Result<(), ParseError> {
        self.survey.statements += 1;
        Ok(())
    }

    fn message(&mut self, message: &str) {
        self.survey.message = Some(message.chars().take(200).collect());
    }
}

struct SecondPass<'o, 'a> {
    out: &'o mut RowOutput<'a>,
    mark: DecimalMark,
    by_kind: bool,
    entries: u64,
}

impl Receiver for SecondPass<'_, '_> {
    fn entry(&mut self, owner: &AccountContext, entry: &OfxEntry) -> Result<(), ParseError> {
        self.entries += 1;
        match entry.row(owner, self.mark, self.by_kind) {
            Ok((row, odd)) => {
                if odd {
                    let what = format!(
                        "the amount {:?} has a different decimal mark from the rest of the file",
                        entry.amount
                    );
                    self.out.warn(entry.place, what);
                }
                self.out.row(entry.key(), row)
            }
            Err(what) => {
                self.out.warn(entry.place, what);
                Ok(())
            }
        }
    }

    fn statement(&mut self, frame: StatementFrame) -> Result<(), ParseError> {
        let mut stated = Stated { from: frame.from, to: frame.to, ..Stated::default() };
        if let Some((place, text)) = frame.ledger {
            stated.closing = self.amount(&text);
            if stated.closing.is_none() {
                self.out.warn(place, format!("the balance {text:?} is not an amount"));
            }
        }
        self.out.stated(frame.owner.account.as_deref(), frame.owner.currency.as_deref(), stated)
    }

    fn warn(&mut self, place: RowPlace, what: &str) {
        self.out.warn(place, what);
    }
}

impl SecondPass<'_, '_> {
    fn amount(&self, text: &str) -> Option<Decimal> {
        Scanned::of(text)?.value(self.mark).ok().map(|value| value.amount)
    }
}

/// Aggregates that change the meaning of the values within them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Account,
    OtherAccount,
    Ledger,
    /// A balance other than the closing balance, and other aggregates that are skipped.
    Aside,
    Currency,
    Payee,
}

/// One pass.
struct OfxPass<'r> {
    header: OfxHeader,
    receiver: &'r mut dyn Receiver,
    frame: Option<StatementFrame>,
    entry: Option<OfxEntry>,
    inside: Option<(Inside, String)>,
    numbered: u64,
}

impl<'r> OfxPass<'r> {
    fn new(header: OfxHeader, receiver: &'r mut dyn Receiver) -> Self {
        Self { header, receiver, frame: None, entry: None, inside: None, numbered: 0 }
    }

    fn read(mut self, source: impl Read) -> Result<(), ParseError> {
        let mut tags = Tags::new(source);
        while let Some(tag) = tags.next()? {
            if tag.cut {
                self.receiver.warn(RowPlace::Line(tag.line), "a value was too long and was truncated");
            }
            if tag.closes {
                self.close(tag.name)?;
            } else {
                self.open(&tag)?;
            }
        }
        self.end_statement()
    }

    fn open(&mut self, tag: &OfxTag<'_>) -> Result<(), ParseError> {
        let inside = match tag.name {
            "STMTRS" | "CCSTMTRS" | "INVSTMTRS" => {
                self.end_statement()?;
                self.frame = Some(StatementFrame::default());
                return Ok(());
            }
            "STMTTRN" => {
                self.end_entry()?;
                self.inside = None;
                self.numbered += 1;
                // Transactions outside a statement are kept too.
                self.frame.get_or_insert_default();
                self.entry = Some(OfxEntry::new(RowPlace::Entry { line: tag.line, number: self.numbered }));
                return Ok(());
            }
            "BANKACCTFROM" | "CCACCTFROM" | "INVACCTFROM" => Inside::Account,
            "BANKACCTTO" | "CCACCTTO" => Inside::OtherAccount,
            "LEDGERBAL" => Inside::Ledger,
            "AVAILBAL" | "ORIGCURRENCY" | "BAL" | "IMAGEDATA" => Inside::Aside,
            "CURRENCY" => Inside::Currency,
            "PAYEE" => Inside::Payee,
            _ if tag.value.is_empty() => return Ok(()),
            _ => {
                self.value(tag);
                return Ok(());
            }
        };
        self.inside = Some((inside, tag.name.to_owned()));
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), ParseError> {
        if self.inside.as_ref().is_some_and(|(_, opened)| opened == name) {
            self.inside = None;
        }
        match name {
            "STMTTRN" | "BANKTRANLIST" => self.end_entry(),
            "STMTRS" | "CCSTMTRS" | "INVSTMTRS" => self.end_statement(),
            _ => Ok(()),
        }
    }

    fn value(&mut self, tag: &OfxTag<'_>) {
        let text = self.header.text(tag.value);
        let text = text.trim();
        let inside = self.inside.as_ref().map(|(inside, _)| *inside);
        if tag.name == "MESSAGE" {
            self.receiver.message(text);
        }
        if let Some(entry) = &mut self.entry {
            entry.value(inside, tag.name, text);
            return;
        }
        let Some(frame) = &mut self.frame else { return };
        match (inside, tag.name) {
            (Some(Inside::Account), "ACCTID") => frame.owner.account = account(text),
            (Some(Inside::Ledger), "BALAMT") => {
                frame.ledger = Some((RowPlace::Line(tag.line), text.to_owned()));
            }
            (None, "CURDEF") => frame.owner.currency = currency(text),
            (None, "DTSTART") => frame.from = day(text),
            (None, "DTEND") => frame.to = day(text),
            _ => {}
        }
    }

    fn end_entry(&mut self) -> Result<(), ParseError> {
        let Some(entry) = self.entry.take() else { return Ok(()) };
        self.inside = None;
        let nobody = AccountContext::default();
        let owner = self.frame.as_ref().map_or(&nobody, |frame| &frame.owner);
        self.receiver.entry(owner, &entry)
    }

    fn end_statement(&mut self) -> Result<(), ParseError> {
        self.end_entry()?;
        self.inside = None;
        self.frame.take().map_or(Ok(()), |frame| self.receiver.statement(frame))
    }
}

/// Removes blanks, with which IBANs are often printed.
fn account(text: &str) -> Option<String> {
    let account: String = text.chars().filter(|char| !char.is_whitespace()).collect();
    (!account.is_empty()).then_some(account)
}

fn currency(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    code(&upper).map(|_| upper)
}

/// Parses a date such as `20240105120000.000[-5:EST]`: it is a day in the bank's own time zone and is not converted.
fn day(text: &str) -> Option<NaiveDate> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let day = if digits >= 8 { text.get(..8)? } else { text };
    match date::DateCell::of(day)? {
        date::DateCell::Exact(day) => Some(day),
        date::DateCell::Open { .. } => None,
    }
}
