//! Statements: files on their way, the transactions that came of them, figures, and what failed.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use riffle_contracts::http_ingest::{
    DeadLetterItem, DeadLetters, Facets, FiguresAnswer, FileForm, FileItem, FilePage, NewFile,
    RedriveRequest, Redriven, Rules, Timeline, TransactionPage,
};
use riffle_ingest::{ApiError, Books, Filter};
use riffle_ports::{FileId, Month};
use riffle_runtime::Letter;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::answer::{Answer, Json, Path, Query};
use crate::{Deps, Refusal, Tenant};

/// Transactions of a page, and at most.
const PAGE: usize = 100;
const PAGE_MAX: usize = 1_000;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct After {
    /// As the page before had it in `next`; none for the first page.
    #[serde(default)]
    after: Option<String>,
}

/// The tenant's files, newest first.
#[utoipa::path(get, path = "/api/files", tag = "statements", params(After), responses((status = 200, body = FilePage)))]
pub async fn files(
    tenant: Tenant,
    State(deps): State<Deps>,
    Query(page): Query<After>,
) -> Answer<Json<FilePage>> {
    Ok(Json(deps.books()?.files(&tenant.0, page.after.as_deref()).await?))
}

/// Announces a statement, and tells where to send it. It shows among the files when it has come.
#[utoipa::path(
    post,
    path = "/api/files",
    tag = "statements",
    request_body = NewFile,
    responses((status = 201, body = FileForm))
)]
pub async fn announce(
    tenant: Tenant,
    State(deps): State<Deps>,
    Json(new): Json<NewFile>,
) -> Answer<(StatusCode, Json<FileForm>)> {
    Ok((StatusCode::CREATED, Json(deps.books()?.announce(&tenant.0, new).await?)))
}

/// One file, and what came of it.
#[utoipa::path(
    get,
    path = "/api/files/{id}",
    tag = "statements",
    params(("id" = String, Path)),
    responses((status = 200, body = FileItem))
)]
pub async fn one_file(
    tenant: Tenant,
    State(deps): State<Deps>,
    Path(id): Path<String>,
) -> Answer<Json<FileItem>> {
    Ok(Json(deps.books()?.file(&tenant.0, &FileId(id)).await?))
}

/// Removes a file and all that came of it alone: its transactions that no other file shows, figures, events, and the
/// file itself. Begun when this is answered; the file's state tells when it is done. The same again is harmless.
#[utoipa::path(
    delete,
    path = "/api/files/{id}",
    tag = "statements",
    params(("id" = String, Path)),
    responses((status = 202))
)]
pub async fn delete(tenant: Tenant, State(deps): State<Deps>, Path(id): Path<String>) -> Answer<StatusCode> {
    deps.books()?.delete(&tenant.0, &FileId(id)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What happened to a file, oldest first.
#[utoipa::path(
    get,
    path = "/api/files/{id}/timeline",
    tag = "statements",
    params(("id" = String, Path)),
    responses((status = 200, body = Timeline))
)]
pub async fn timeline(
    tenant: Tenant,
    State(deps): State<Deps>,
    Path(id): Path<String>,
) -> Answer<Json<Timeline>> {
    Ok(Json(deps.books()?.timeline(&tenant.0, &FileId(id)).await?))
}

/// Which transactions. All that is said must hold.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    category: Option<String>,
    /// Only those for which no rule fits.
    #[serde(default)]
    uncategorised: bool,
    /// Stands in the description, the other side's name or the reference, whatever the case.
    #[serde(default)]
    text: Option<String>,
    /// `YYYY-MM-DD`, as `to` is; both included.
    #[serde(default)]
    from: Option<NaiveDate>,
    #[serde(default)]
    to: Option<NaiveDate>,
    /// Of the amount with its sign, as `max` is; both included.
    #[serde(default)]
    min: Option<String>,
    #[serde(default)]
    max: Option<String>,
    /// Only those that this file shows, in its order.
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    after: Option<String>,
    /// At most 1,000; 100 if left out.
    #[serde(default)]
    limit: Option<usize>,
}

impl Asked {
    fn filter(&self) -> Answer<Filter> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let amount = |text: &Option<String>, name: &str| {
            given(text)
                .map(|text| text.trim().parse())
                .transpose()
                .map_err(|_| invalid(format!("{name} is an amount such as 19.99.")))
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
            file: given(&self.file).map(FileId),
        })
    }
}

/// Transactions, newest first. A page may be short, even empty, and yet not the last: `next` tells.
#[utoipa::path(
    get,
    path = "/api/transactions",
    tag = "statements",
    params(Asked),
    responses((status = 200, body = TransactionPage))
)]
pub async fn transactions(
    tenant: Tenant,
    State(deps): State<Deps>,
    Query(asked): Query<Asked>,
) -> Answer<Json<TransactionPage>> {
    let filter = asked.filter()?;
    let limit = asked.limit.unwrap_or(PAGE).clamp(1, PAGE_MAX);
    Ok(Json(deps.books()?.transactions(&tenant.0, &filter, asked.after.as_deref(), limit).await?))
}

/// The same as a file for spreadsheets. More than 20,000, or 4 MB, are refused (422): export them in parts.
#[utoipa::path(
    get,
    path = "/api/transactions.csv",
    tag = "statements",
    params(Asked),
    responses((status = 200, body = String, content_type = "text/csv"))
)]
pub async fn export(
    tenant: Tenant,
    State(deps): State<Deps>,
    Query(asked): Query<Asked>,
) -> Answer<Response> {
    let csv = deps.books()?.export(&tenant.0, &asked.filter()?).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"transactions.csv\""),
    ];
    Ok((headers, csv).into_response())
}

/// What transactions can be filtered by.
#[utoipa::path(get, path = "/api/facets", tag = "statements", responses((status = 200, body = Facets)))]
pub async fn facets(tenant: Tenant, State(deps): State<Deps>) -> Answer<Json<Facets>> {
    Ok(Json(deps.books()?.facets(&tenant.0).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Period {
    /// `YYYY-MM`, as `to` is; both included.
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    account: Option<String>,
}

/// Sums by month, account and currency, newest first.
#[utoipa::path(
    get,
    path = "/api/figures",
    tag = "statements",
    params(Period),
    responses((status = 200, body = FiguresAnswer))
)]
pub async fn figures(
    tenant: Tenant,
    State(deps): State<Deps>,
    Query(period): Query<Period>,
) -> Answer<Json<FiguresAnswer>> {
    let month = |text: Option<String>| {
        text.filter(|text| !text.is_empty())
            .map(|text| text.parse::<Month>())
            .transpose()
            .map_err(|error| invalid(format!("{error}.")))
    };
    let (from, to) = (month(period.from)?, month(period.to)?);
    let account = period.account.filter(|account| !account.is_empty());
    Ok(Json(deps.books()?.figures(&tenant.0, from, to, account.as_deref()).await?))
}

/// The rules by which transactions get their categories.
#[utoipa::path(get, path = "/api/rules", tag = "statements", responses((status = 200, body = Rules)))]
pub async fn rules(tenant: Tenant, State(deps): State<Deps>) -> Answer<Json<Rules>> {
    let yaml = deps.books()?.ingest.rules(&tenant.0).await.map_err(ApiError::from)?;
    Ok(Json(Rules { yaml: yaml.unwrap_or_default() }))
}

/// Other rules, for files to come; `riffle replay` applies them to those that have been. What is no list of rules is
/// refused (422) and says where.
#[utoipa::path(
    put,
    path = "/api/rules",
    tag = "statements",
    request_body = Rules,
    responses((status = 200, body = Rules))
)]
pub async fn put_rules(
    tenant: Tenant,
    State(deps): State<Deps>,
    Json(rules): Json<Rules>,
) -> Answer<Json<Rules>> {
    let put = deps.books()?.ingest.put_rules(&tenant.0, &rules.yaml).await.map_err(ApiError::from)?;
    put.map_err(|error| invalid(format!("{error}.")))?;
    Ok(Json(rules))
}

/// The tenant's messages that failed too often.
#[utoipa::path(get, path = "/api/dead-letters", tag = "statements", responses((status = 200, body = DeadLetters)))]
pub async fn dead_letters(tenant: Tenant, State(deps): State<Deps>) -> Answer<Json<DeadLetters>> {
    let (letters, more) = deps.letters.of(&tenant.0, None, u32::MAX).await.map_err(ApiError::from)?;
    Ok(Json(DeadLetters { letters: letters.into_iter().map(item).collect(), more }))
}

/// Hands them out again to where they failed.
#[utoipa::path(
    post,
    path = "/api/dead-letters/redrive",
    tag = "statements",
    request_body = RedriveRequest,
    responses((status = 200, body = Redriven))
)]
pub async fn redrive(
    tenant: Tenant,
    State(deps): State<Deps>,
    Json(which): Json<RedriveRequest>,
) -> Answer<Json<Redriven>> {
    let redriven = deps.letters.redrive(&tenant.0, None, which.ids.as_deref()).await;
    Ok(Json(Redriven { count: redriven.map_err(ApiError::from)? }))
}

fn item(Letter { letter, about, told }: Letter) -> DeadLetterItem {
    DeadLetterItem {
        id: letter.id,
        stage: letter.function,
        event_type: about.as_ref().map(|about| about.kind.clone()),
        file: about.map(|about| about.subject).filter(|subject| !subject.is_empty()),
        file_name: told.name,
        sent_at: letter.sent_at,
        reason: told.reason,
    }
}

impl Deps {
    fn books(&self) -> Answer<&Books> {
        self.statements.as_ref().ok_or_else(|| Refusal::not_found("No statements are taken here."))
    }
}

fn invalid(detail: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::NotFound => Self::not_found("There is no such file."),
            ApiError::Invalid(why) => invalid(why),
            ApiError::Failed(failure) => failure.into(),
        }
    }
}
