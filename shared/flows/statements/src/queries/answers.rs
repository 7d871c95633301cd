//! The API's answers about statements, in the types of the wire format.

use riffle_contracts::http::WorkState;
use riffle_contracts::http_statements::{
    CategoryFigures, Facets, FiguresAnswer, FileAccount, FileError, FileForm, FileWarning, MonthFigures,
    NewFile, ProcessingOf, ProcessingState, ProcessingStatus, StatementFile, StatementFileInfo,
    StatementFilePage, StatementPhase, StatementStatus, Timeline, TimelineEvent, TransactionItem,
    TransactionPage,
};
use riffle_contracts::{Event, EventData, EventType, PageCursor, without_formulas};
use riffle_ports::{
    Announced, AuditEntry, Failure, FileId, FlowState as _, Month, RecordCursor, Transaction,
};

use crate::queries::transactions::{Filter, OtherList, PAGE_BYTES, in_answer};
use crate::state::file::{ALL_FILES, FLOW, FileRecord, FileState as State};
use crate::state::ids::transaction_id;
use crate::{Figures, Statements};

/// Bytes of a statement, at most.
pub const MAX_BYTES: u64 = 4 << 30;
/// Bytes of a file's name, at most.
const NAME_MAX: usize = 255;
/// Rows of one export, at most.
const EXPORT_MAX: usize = 20_000;
/// Bytes of one export, at most: a Lambda function's response is limited to 6 MB, in which each quote counts twice.
const EXPORT_BYTES: usize = 4_000_000;

/// Why a query has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    #[error("this file does not exist")]
    NotFound,
    /// The text says what to do.
    #[error("{0}")]
    Invalid(String),
    /// The cursor was not made by this list.
    #[error("this cursor does not belong to this list")]
    Cursor,
    /// The cursor was made for the transactions of a file and is sent without one, or the other way round.
    #[error("this cursor belongs to another list")]
    OtherList,
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// The queries about statements.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct Queries {
    pub statements: Statements,
}

impl Queries {
    /// Returns a page of at most `limit` files, newest first. A page of files with many findings may be shorter.
    pub async fn files(
        &self,
        tenant: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<StatementFilePage, ApiError> {
        let after = cursor.map(|cursor| cursor.parse().map_err(|_| ApiError::Cursor)).transpose()?;
        let after = after.map(|PageCursor { at, id }| RecordCursor { created_at: at, id });
        let listed = self.statements.records.list(FLOW, tenant, ALL_FILES, after.as_ref(), limit).await;
        let listed = listed.map_err(Failure::from)?;
        let (mut files, mut bytes, mut last) = (Vec::new(), 0, None);
        for record in &listed {
            let file = item(FileRecord::from_record(record).map_err(Failure::from)?);
            bytes += in_answer(&serde_json::to_string(&file).expect("findings are plain data"));
            // The first file always fits, because a record is smaller than a page.
            if bytes > PAGE_BYTES && !files.is_empty() {
                break;
            }
            files.push(file);
            last = Some(RecordCursor::from(record));
        }
        let more = files.len() < listed.len() || listed.len() >= limit as usize;
        let last = last.filter(|_| more);
        let next_cursor = last.map(|RecordCursor { created_at: at, id }| PageCursor { at, id }.to_string());
        Ok(StatementFilePage { files, next_cursor })
    }

    pub async fn file(&self, tenant: &str, id: &FileId) -> Result<StatementFile, ApiError> {
        Ok(item(self.statements.file(tenant, id).await?.ok_or(ApiError::NotFound)?))
    }

    /// Returns the progress of the work on a file. `None`: there is no such file, or it is being deleted.
    pub async fn status(&self, tenant: &str, id: &FileId) -> Result<Option<ProcessingStatus>, ApiError> {
        let Some(file) = self.statements.file(tenant, id).await? else { return Ok(None) };
        let (Some(status), ..) = standing(file.state) else { return Ok(None) };
        let item = item(file);
        let completed_at = (status != ProcessingState::Processing).then_some(item.changed_at);
        let of = ProcessingOf::Statements(StatementStatus {
            created_at: item.received_at,
            completed_at,
            file_info: StatementFileInfo { filename: item.name, size_bytes: item.size, format: item.format },
            rows: item.rows,
            new: item.new,
            duplicates: item.duplicates,
            accounts: item.accounts,
            review: item.review,
            error: item.reason,
        });
        Ok(Some(ProcessingStatus { processing_id: item.id, status, of }))
    }

    pub async fn announce(&self, tenant: &str, new: NewFile) -> Result<FileForm, ApiError> {
        let name = new.name.trim();
        let invalid = |what: &str| Err(ApiError::Invalid(what.to_owned()));
        if name.is_empty() || new.name.len() > NAME_MAX || new.name.contains(char::is_control) {
            return invalid("A file name must have 1 to 255 bytes and no control characters.");
        }
        if new.size == 0 {
            return invalid("The file is empty.");
        }
        if new.size > MAX_BYTES {
            return invalid("A statement can have at most 4 GiB: split it, for example by year.");
        }
        if new.account.as_ref().is_some_and(|account| {
            account.len() > riffle_ports::TransactionKey::MAX_ACCOUNT || account.contains(char::is_control)
        }) {
            return invalid("An account name can have at most 128 bytes and no control characters.");
        }
        let account = new.account.as_deref().map(str::trim).filter(|account| !account.is_empty());
        let upload = Announced {
            tenant: tenant.to_owned(),
            name: name.to_owned(),
            account: account.map(str::to_owned),
            size: new.size,
        };
        let form = self.statements.inbox.form(&upload).await.map_err(Failure::from)?;
        Ok(FileForm { url: form.url, fields: form.fields })
    }

    pub async fn delete(&self, tenant: &str, id: &FileId) -> Result<(), ApiError> {
        if self.statements.request_deletion(tenant, id).await? { Ok(()) } else { Err(ApiError::NotFound) }
    }

    pub async fn timeline(&self, tenant: &str, id: &FileId) -> Result<Timeline, ApiError> {
        if self.statements.file(tenant, id).await?.is_none() {
            return Err(ApiError::NotFound);
        }
        let mut trail =
            self.statements.audit.of_subject(tenant, &id.subject()).await.map_err(Failure::from)?;
        // An event may have the same time as the one it follows from; the order of the event types decides then.
        let rank =
            |entry: &AuditEntry| EventType::ALL.iter().position(|kind| kind.as_str() == entry.event_type);
        trail.sort_by_key(|entry| (entry.at, rank(entry)));
        Ok(Timeline { events: trail.iter().map(timeline_event).collect() })
    }

    pub async fn transactions(
        &self,
        tenant: &str,
        filter: &Filter,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<TransactionPage, ApiError> {
        let after = cursor.map(|cursor| cursor.parse().map_err(|_| ApiError::Cursor)).transpose()?;
        let listed = self.statements.list(tenant, filter, after, limit).await?;
        let listed = listed.map_err(|OtherList| ApiError::OtherList)?;
        Ok(TransactionPage {
            transactions: listed.transactions.into_iter().map(transaction).collect(),
            next_cursor: listed.next.map(|next| next.to_string()),
        })
    }

    /// Returns all transactions that match a filter, as CSV for a spreadsheet.
    pub async fn export(&self, tenant: &str, filter: &Filter) -> Result<Vec<u8>, ApiError> {
        let mut rows: Vec<TransactionItem> = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page =
                self.transactions(tenant, filter, cursor.as_deref(), EXPORT_MAX + 1 - rows.len()).await?;
            rows.extend(page.transactions);
            if rows.len() > EXPORT_MAX {
                let what =
                    format!("There are more than {EXPORT_MAX} transactions: export them year by year.");
                return Err(ApiError::Invalid(what));
            }
            match page.next_cursor {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        let csv = csv(&rows);
        if csv.len() > EXPORT_BYTES {
            let (rows, megabytes) = (rows.len(), EXPORT_BYTES / 1_000_000);
            let what = format!(
                "These {rows} transactions are more than {megabytes} MB of CSV: export them in parts, month by month."
            );
            return Err(ApiError::Invalid(what));
        }
        Ok(csv)
    }

    pub async fn facets(&self, tenant: &str) -> Result<Facets, ApiError> {
        let months = self.statements.transactions.months(tenant).await.map_err(Failure::from)?;
        let mut accounts: Vec<String> = months.into_iter().map(|(account, _)| account).collect();
        accounts.sort();
        accounts.dedup();
        let categories = self.statements.understood(tenant).await?.unwrap_or_default().categories();
        Ok(Facets { accounts, categories })
    }

    pub async fn figures(
        &self,
        tenant: &str,
        from: Option<Month>,
        to: Option<Month>,
        account: Option<&str>,
    ) -> Result<FiguresAnswer, ApiError> {
        let bound = |text: &str| text.parse::<Month>().expect("this is a month");
        let (from, to) = (from.unwrap_or_else(|| bound("0000-01")), to.unwrap_or_else(|| bound("9999-12")));
        let stored = self.statements.figures.all_figures(tenant, from, to).await.map_err(Failure::from)?;
        let mut months = Vec::new();
        for stored in
            stored.into_iter().rev().filter(|stored| account.is_none_or(|name| stored.account == name))
        {
            let sums = Figures::read(&stored.body)?.sums;
            months.extend(sums.0.into_iter().map(|(currency, sums)| {
                MonthFigures {
                    month: stored.month.to_string(),
                    account: stored.account.clone(),
                    currency,
                    count: sums.count,
                    money_in: sums.money_in.to_string(),
                    money_out: sums.money_out.to_string(),
                    categories: sums
                        .categories
                        .into_iter()
                        .map(|(name, of)| CategoryFigures {
                            category: (!name.is_empty()).then_some(name),
                            count: of.count,
                            sum: of.sum.to_string(),
                        })
                        .collect(),
                }
            }));
        }
        Ok(FiguresAnswer { months })
    }
}

/// Maps a statement file's own state to the state for programs that wait (`None`: it is gone), to the state that all
/// flows share, and to the state that is shown. The only such mapping.
fn standing(state: State) -> (Option<ProcessingState>, WorkState, StatementPhase) {
    use ProcessingState::{Completed, Failed, Processing, Review};
    match state {
        State::Received => (Some(Processing), WorkState::Queued, StatementPhase::Received),
        State::Processing => (Some(Processing), WorkState::Running, StatementPhase::Processing),
        State::Processed => (Some(Completed), WorkState::Done, StatementPhase::Processed),
        State::Review => (Some(Review), WorkState::Review, StatementPhase::Review),
        State::Rejected => (Some(Failed), WorkState::Failed, StatementPhase::Rejected),
        State::Failed => (Some(Failed), WorkState::Failed, StatementPhase::Failed),
        State::Deleting => (None, WorkState::Running, StatementPhase::Deleting),
        State::Deleted => (None, WorkState::Done, StatementPhase::Deleted),
    }
}

fn item(file: FileRecord) -> StatementFile {
    let findings = file.findings;
    let (_, state, detail) = standing(file.state);
    StatementFile {
        id: file.id.0,
        name: file.name,
        size: file.size,
        state,
        detail,
        received_at: file.received_at,
        changed_at: file.changed_at,
        format: findings.format,
        rows: findings.rows,
        new: findings.new,
        duplicates: findings.duplicates,
        accounts: findings
            .accounts
            .into_iter()
            .map(|found| FileAccount {
                account: found.account,
                currency: found.currency,
                from: found.from,
                to: found.to,
                rows: found.rows,
                opening: found.opening,
                closing: found.closing,
                balanced: found.balanced,
            })
            .collect(),
        warnings: findings
            .warnings
            .into_iter()
            .map(|remark| FileWarning { place: remark.place, what: remark.what })
            .collect(),
        more_warnings: findings.more_warnings,
        review: findings.review,
        reason: findings.reason,
        errors: findings
            .errors
            .into_iter()
            .map(|failed| FileError { stage: failed.stage, reason: failed.reason, at: failed.at })
            .collect(),
    }
}

fn transaction(found: Transaction) -> TransactionItem {
    TransactionItem {
        id: transaction_id(&found.key),
        account: found.key.account,
        date: found.key.date,
        value_date: found.value_date,
        amount: found.amount.to_string(),
        currency: found.currency,
        description: found.description,
        clean: found.clean,
        counterparty: found.counterparty,
        balance: found.balance.map(|amount| amount.to_string()),
        kind: found.kind,
        reference: found.reference,
        category_source: found.category.as_ref().map(|category| category.source.clone()),
        category: found.category.map(|category| category.name),
        file: found.file.0,
        place: found.place,
    }
}

fn timeline_event(entry: &AuditEntry) -> TimelineEvent {
    let text = match serde_json::from_str::<Event>(&entry.event).map(|event| event.data) {
        Ok(EventData::FileUploaded(data)) => format!("Uploaded, {} bytes.", data.size),
        Ok(EventData::FileProcessed(data)) => format!(
            "Processed: {} transactions, of which {} are new and {} are duplicates{}.",
            data.rows,
            data.new,
            data.duplicates,
            if data.review { "; needs review" } else { "" }
        ),
        Ok(EventData::TransactionsCreated(data)) => format!("{} new transactions were stored.", data.new),
        Ok(EventData::TransactionsCategorized(_)) => "Its transactions were categorised.".to_owned(),
        Ok(EventData::DeletionRequested(_)) => "Its deletion was requested.".to_owned(),
        Ok(EventData::FileDeleted(_)) => {
            "The file and everything derived only from it were deleted.".to_owned()
        }
        Ok(EventData::ErrorOccurred(data)) => format!("Failed in {}: {}", data.stage, data.reason),
        // The event is of a version that this code does not know.
        Err(_) => format!("{}.", entry.event_type),
    };
    TimelineEvent {
        event_id: entry.event_id.clone(),
        event_type: entry.event_type.clone(),
        at: entry.at,
        text,
    }
}

/// Returns rows as CSV for a spreadsheet. No text in it can be taken for a formula.
fn csv(rows: &[TransactionItem]) -> Vec<u8> {
    const HEADER: [&str; 13] = [
        "date",
        "value date",
        "account",
        "amount",
        "currency",
        "description",
        "counterparty",
        "category",
        "kind",
        "reference",
        "balance",
        "file",
        "place",
    ];
    // Without the byte order mark, spreadsheets assume another encoding.
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    let in_memory = "writing to memory does not fail";
    writer.write_record(HEADER).expect(in_memory);
    for row in rows {
        let text = |text: Option<&str>| without_formulas(text.unwrap_or_default());
        writer
            .write_record([
                row.date.to_string(),
                row.value_date.map(|date| date.to_string()).unwrap_or_default(),
                text(Some(&row.account)),
                row.amount.clone(),
                text(Some(&row.currency)),
                text(Some(&row.clean)),
                text(row.counterparty.as_deref()),
                text(row.category.as_deref()),
                text(row.kind.as_deref()),
                text(row.reference.as_deref()),
                row.balance.clone().unwrap_or_default(),
                row.file.clone(),
                row.place.clone(),
            ])
            .expect(in_memory);
    }
    writer.into_inner().expect(in_memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_in_the_states_that_all_flows_share() {
        use ProcessingState as For;
        use StatementPhase as Word;
        use WorkState as Listed;
        for (state, expected) in [
            (State::Received, (Some(For::Processing), Listed::Queued, Word::Received)),
            (State::Processing, (Some(For::Processing), Listed::Running, Word::Processing)),
            (State::Processed, (Some(For::Completed), Listed::Done, Word::Processed)),
            (State::Review, (Some(For::Review), Listed::Review, Word::Review)),
            (State::Rejected, (Some(For::Failed), Listed::Failed, Word::Rejected)),
            (State::Failed, (Some(For::Failed), Listed::Failed, Word::Failed)),
            (State::Deleting, (None, Listed::Running, Word::Deleting)),
            (State::Deleted, (None, Listed::Done, Word::Deleted)),
        ] {
            assert_eq!(standing(state), expected);
        }
    }
}
