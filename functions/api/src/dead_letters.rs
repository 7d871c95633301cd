//! Dead letters of all flows: messages that failed too often.

use riffle_contracts::http_statements::{DeadLetterItem, DeadLetters, RedriveRequest, Redriven};
use riffle_runtime::ClassifiedDeadLetter;
use serde::Deserialize;

use crate::answer::{Answer, Caller, Json, Query};
use crate::{ApiDeps, Refusal};

/// The maximum number of dead letters to list or to redrive in one request.
const MOST: u32 = 200;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeadLetterQuery {
    /// Only dead letters of this flow, one that `/api/config` names.
    #[param(pattern = "^[a-z]{1,32}$")]
    flow: Option<String>,
    /// The maximum number to list; 200 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Lists the tenant's dead letters: messages that failed too often.
#[utoipa::path(
    get,
    path = "/api/dead-letters",
    operation_id = "list_dead_letters",
    tag = "platform",
    params(DeadLetterQuery),
    responses((status = 200, body = DeadLetters), (status = 404, description = "This flow does not exist."))
)]
pub async fn list(caller: Caller, Query(query): Query<DeadLetterQuery>) -> Answer<Json<DeadLetters>> {
    caller.deps.knows(query.flow.as_deref())?;
    let limit = query.limit.unwrap_or(MOST);
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::bad_request(format!("The limit must be between 1 and {MOST}.")));
    }
    let (dead_letters, more) =
        caller.deps.dead_letters.of(&caller.tenant, query.flow.as_deref(), limit).await?;
    Ok(Json(DeadLetters { letters: dead_letters.into_iter().map(item).collect(), more }))
}

fn item(
    ClassifiedDeadLetter { dead_letter, message_info, record_info }: ClassifiedDeadLetter,
) -> DeadLetterItem {
    DeadLetterItem {
        id: dead_letter.id,
        flow: dead_letter.flow,
        stage: dead_letter.function,
        event_type: message_info.as_ref().map(|message_info| message_info.kind.clone()),
        subject: message_info.map(|message_info| message_info.subject).filter(|subject| !subject.is_empty()),
        subject_name: record_info.name,
        sent_at: dead_letter.sent_at,
        reason: record_info.reason,
    }
}

/// Sends dead letters back to the queues where they failed, up to 200 in one request.
#[utoipa::path(
    post,
    path = "/api/dead-letters/redrive",
    operation_id = "redrive_dead_letters",
    tag = "platform",
    request_body = RedriveRequest,
    responses((status = 200, body = Redriven), (status = 404, description = "This flow does not exist."))
)]
pub async fn redrive(caller: Caller, Json(which): Json<RedriveRequest>) -> Answer<Json<Redriven>> {
    if which.ids.as_ref().is_some_and(|ids| ids.len() > MOST as usize) {
        return Err(Refusal::invalid(format!("At most {MOST} failed items can be retried at a time.")));
    }
    if which.flow.as_deref().is_some_and(|flow| !is_name(flow)) {
        return Err(Refusal::invalid("The name of a flow must have 1 to 32 lower-case letters."));
    }
    caller.deps.knows(which.flow.as_deref())?;
    let count =
        caller.deps.dead_letters.redrive(&caller.tenant, which.flow.as_deref(), which.ids.as_deref()).await?;
    Ok(Json(Redriven { count }))
}

fn is_name(flow: &str) -> bool {
    (1..=32).contains(&flow.len()) && flow.bytes().all(|byte| byte.is_ascii_lowercase())
}

impl ApiDeps {
    /// Refuses a flow that this deployment does not have.
    fn knows(&self, flow: Option<&str>) -> Answer<()> {
        match flow {
            Some(flow) if !self.config.flows.iter().any(|known| known == flow) => {
                Err(Refusal::not_found("This flow does not exist: /api/config lists the flows."))
            }
            _ => Ok(()),
        }
    }
}
