//! Statements: files in progress, their transactions, and figures.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use riffle_contracts::PageCursor;
use riffle_contracts::http_statements::{
    Facets, FiguresAnswer, FileForm, NewFile, Rules, StatementFile, StatementFilePage, Timeline,
    TransactionPage,
};
use riffle_ports::{CountedUse, FileId, Month};
use riffle_statements::{ApiError, Filter, Queries, TransactionCursor};
use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error};
use utoipa::IntoParams;

use crate::answer::{Answer, Caller, Id, Json, List, Paging, Path, Query};
use crate::{ApiDeps, Refusal};

pub struct FilePaging;

impl List for FilePaging {
    const USUAL: u32 = 100;
    const MOST: u32 = 200;
    const CURSOR: &str = PageCursor::PATTERN;
}

pub struct TransactionPaging;

impl List for TransactionPaging {
    const USUAL: u32 = 100;
    const MOST: u32 = 1_000;
    const CURSOR: &str = TransactionCursor::PATTERN;
}

/// Lists the tenant's files, newest first.
#[utoipa::path(
    get,
    path = "/api/statements/files",
    operation_id = "list_statement_files",
    tag = "statements",
    params(Paging<FilePaging>),
    responses((status = 200, body = StatementFilePage))
)]
pub async fn files(
    caller: Caller,
    Query(paging): Query<Paging<FilePaging>>,
) -> Answer<Json<StatementFilePage>> {
    Ok(Json(caller.deps.queries()?.files(&caller.tenant, paging.cursor(), paging.limit()?).await?))
}

/// Announces a statement and returns the form to upload it with. The file is listed once it has arrived.
#[utoipa::path(
    post,
    path = "/api/statements/files",
    operation_id = "announce_statement_file",
    tag = "statements",
    request_body = NewFile,
    responses((status = 201, body = FileForm))
)]
pub async fn announce(caller: Caller, Json(new): Json<NewFile>) -> Answer<(StatusCode, Json<FileForm>)> {
    let size = new.size;
    let form = caller.deps.queries()?.announce(&caller.tenant, new).await?;
    caller.deps.quotas.take(&caller.tenant, CountedUse::UploadBytes, size).await??;
    Ok((StatusCode::CREATED, Json(form)))
}

/// Returns one file with its result.
#[utoipa::path(
    get,
    path = "/api/statements/files/{id}",
    operation_id = "get_statement_file",
    tag = "statements",
    params(("id" = inline(Id), Path)),
    responses((status = 200, body = StatementFile))
)]
pub async fn one_file(caller: Caller, Path(Id(id)): Path<Id>) -> Answer<Json<StatementFile>> {
    Ok(Json(caller.deps.queries()?.file(&caller.tenant, &FileId(id)).await?))
}

/// Deletes a file and everything derived from it alone: its transactions that appear in no other file, figures, events,
/// and the file itself. This response means that the deletion has begun; the file's state shows when it is done.
/// Idempotent.
#[utoipa::path(
    delete,
    path = "/api/statements/files/{id}",
    operation_id = "delete_statement_file",
    tag = "statements",
    params(("id" = inline(Id), Path)),
    responses((status = 202))
)]
pub async fn delete(caller: Caller, Path(Id(id)): Path<Id>) -> Answer<StatusCode> {
    caller.deps.queries()?.delete(&caller.tenant, &FileId(id)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Lists what happened to a file, oldest first.
#[utoipa::path(
    get,
    path = "/api/statements/files/{id}/timeline",
    operation_id = "get_timeline",
    tag = "statements",
    params(("id" = inline(Id), Path)),
    responses((status = 200, body = Timeline))
)]
pub async fn timeline(caller: Caller, Path(Id(id)): Path<Id>) -> Answer<Json<Timeline>> {
    Ok(Json(caller.deps.queries()?.timeline(&caller.tenant, &FileId(id)).await?))
}

/// The filter for transactions. All given conditions must hold.
#[derive(Debug, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TransactionQuery {
    account: Option<String>,
    category: Option<String>,
    /// Only transactions that no rule matches.
    #[serde(default)]
    uncategorised: bool,
    /// Text that the description, the counterparty's name or the reference contains, ignoring case.
    text: Option<String>,
    /// First day, `YYYY-MM-DD`, inclusive; `to` is the last day, also inclusive.
    #[serde(default, deserialize_with = "day")]
    from: Option<NaiveDate>,
    #[serde(default, deserialize_with = "day")]
    to: Option<NaiveDate>,
    /// Minimum of the signed amount, inclusive; `max` is the maximum, also inclusive.
    #[param(pattern = r"^-?[0-9]{1,16}(\.[0-9]{1,8})?$")]
    min: Option<String>,
    #[param(pattern = r"^-?[0-9]{1,16}(\.[0-9]{1,8})?$")]
    max: Option<String>,
    /// Only transactions in this file, in its order.
    #[param(value_type = Option<String>, pattern = "^[0-9a-f]{32}$")]
    file: Option<Id>,
}

/// Parses a day as `YYYY-MM-DD` only: chrono accepts more forms.
fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let written = |day: &NaiveDate| day.to_string() == text;
    let day = text.parse().ok().filter(written);
    day.map(Some).ok_or_else(|| D::Error::custom("a day must have the form YYYY-MM-DD"))
}

/// Parses an amount: up to 16 digits, and up to 8 after the decimal point.
fn amount(text: &str) -> Option<Decimal> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let digits =
        |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let written = digits(whole.strip_prefix('-').unwrap_or(whole), 16)
        && fraction.is_none_or(|fraction| digits(fraction, 8));
    text.parse().ok().filter(|_| written)
}

impl TransactionQuery {
    fn filter(&self) -> Answer<Filter> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let amount = |text: &Option<String>, name: &str| match text {
            None => Ok(None),
            Some(text) => amount(text)
                .map(Some)
                .ok_or_else(|| Refusal::bad_request(format!("{name} must be an amount such as 19.99."))),
        };
        Ok(Filter {
            account: given(&self.account),
            category: given(&self.category),
            uncategorised: self.uncategorised,
            text: given(&self.text),
            from: self.from,
            to: self.to,
            min: amount(&self.min, "min")?,
            max: amount(&self.max, "max")?,
            file: self.file.clone().map(|Id(id)| FileId(id)),
        })
    }
}

/// Lists transactions, newest first. A page may be short or even empty without being the last: only a `null`
/// `next_cursor` marks the last page. Send a cursor with the filter it was issued for; a cursor of another kind of list
/// is a conflict (409).
#[utoipa::path(
    get,
    path = "/api/statements/transactions",
    operation_id = "list_transactions",
    tag = "statements",
    params(TransactionQuery, Paging<TransactionPaging>),
    responses(
        (status = 200, body = TransactionPage),
        (status = 409, description = "The cursor belongs to another list: with a file filter, or without \
                                      one.")
    )
)]
pub async fn transactions(
    caller: Caller,
    Query(asked): Query<TransactionQuery>,
    Query(paging): Query<Paging<TransactionPaging>>,
) -> Answer<Json<TransactionPage>> {
    let (filter, limit) = (asked.filter()?, paging.limit()? as usize);
    Ok(Json(caller.deps.queries()?.transactions(&caller.tenant, &filter, paging.cursor(), limit).await?))
}

/// Exports the same transactions as a CSV file for spreadsheets. More than 20,000 transactions, or more than 4 MB, are
/// refused (422): export them in parts.
#[utoipa::path(
    get,
    path = "/api/statements/transactions.csv",
    operation_id = "export_transactions",
    tag = "statements",
    params(TransactionQuery),
    responses(
        (status = 200, body = String, content_type = "text/csv"),
        (status = 422, description = "There are too many transactions.")
    )
)]
pub async fn export(caller: Caller, Query(asked): Query<TransactionQuery>) -> Answer<Response> {
    let csv = caller.deps.queries()?.export(&caller.tenant, &asked.filter()?).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"transactions.csv\""),
    ];
    Ok((headers, csv).into_response())
}

/// Returns the values that transactions can be filtered by.
#[utoipa::path(
    get,
    path = "/api/statements/facets",
    operation_id = "get_facets",
    tag = "statements",
    responses((status = 200, body = Facets))
)]
pub async fn facets(caller: Caller) -> Answer<Json<Facets>> {
    Ok(Json(caller.deps.queries()?.facets(&caller.tenant).await?))
}

#[derive(Debug, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Period {
    /// First month, `YYYY-MM`, inclusive; `to` is the last month, also inclusive.
    #[param(pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$")]
    from: Option<String>,
    #[param(pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$")]
    to: Option<String>,
    account: Option<String>,
}

/// Returns sums by month, account and currency, newest first.
#[utoipa::path(
    get,
    path = "/api/statements/figures",
    operation_id = "get_figures",
    tag = "statements",
    params(Period),
    responses((status = 200, body = FiguresAnswer))
)]
pub async fn figures(caller: Caller, Query(period): Query<Period>) -> Answer<Json<FiguresAnswer>> {
    let month = |text: Option<String>| {
        text.map(|text| text.parse::<Month>())
            .transpose()
            .map_err(|error| Refusal::bad_request(format!("{error}.")))
    };
    let (from, to) = (month(period.from)?, month(period.to)?);
    let account = period.account.filter(|account| !account.is_empty());
    Ok(Json(caller.deps.queries()?.figures(&caller.tenant, from, to, account.as_deref()).await?))
}

/// Returns the rules that assign categories to transactions.
#[utoipa::path(
    get,
    path = "/api/statements/rules",
    operation_id = "get_rules",
    tag = "statements",
    responses((status = 200, body = Rules))
)]
pub async fn rules(caller: Caller) -> Answer<Json<Rules>> {
    let yaml = caller.deps.queries()?.statements.rules(&caller.tenant).await.map_err(ApiError::from)?;
    Ok(Json(Rules { yaml: yaml.unwrap_or_default() }))
}

/// Replaces the rules for future files; `riffle replay` applies them to earlier files. Text that is not a valid list of
/// rules is refused (422), and the error says where it is wrong.
#[utoipa::path(
    put,
    path = "/api/statements/rules",
    operation_id = "put_rules",
    tag = "statements",
    request_body = Rules,
    responses((status = 200, body = Rules))
)]
pub async fn put_rules(caller: Caller, Json(rules): Json<Rules>) -> Answer<Json<Rules>> {
    let put = caller
        .deps
        .queries()?
        .statements
        .put_rules(&caller.tenant, &rules.yaml)
        .await
        .map_err(ApiError::from)?;
    put.map_err(|error| Refusal::invalid(format!("{error}.")))?;
    Ok(Json(rules))
}

impl ApiDeps {
    fn queries(&self) -> Answer<&Queries> {
        self.statements
            .as_ref()
            .ok_or_else(|| Refusal::not_found("This deployment does not accept statements."))
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::NotFound => Self::not_found("This file does not exist."),
            ApiError::Invalid(why) => Self::invalid(why),
            ApiError::Cursor => {
                Self::bad_request("This cursor does not belong to this list. Start without a cursor.")
            }
            ApiError::OtherList => {
                let detail = "This cursor belongs to another list. Start without a cursor.";
                Self::new(StatusCode::CONFLICT, detail)
            }
            ApiError::Failed(failure) => failure.into(),
        }
    }
}
