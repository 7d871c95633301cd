//! The progress of work on one file, of any flow.

use riffle_contracts::http_statements::ProcessingStatus;
use riffle_ports::FileId;

use crate::Refusal;
use crate::answer::{Answer, Caller, Id, Json, Path};

/// Returns the status of the work with this processing id, including the fields of its flow. For programs that poll
/// until the work is done.
#[utoipa::path(
    get,
    path = "/api/status/{processing_id}",
    operation_id = "get_status",
    tag = "platform",
    params(("processing_id" = inline(Id), Path)),
    responses((status = 200, body = ProcessingStatus))
)]
pub async fn status(caller: Caller, Path(Id(id)): Path<Id>) -> Answer<Json<ProcessingStatus>> {
    let unknown = || Refusal::not_found("This processing id does not exist.");
    let statements = caller.deps.statements.as_ref().ok_or_else(unknown)?;
    statements.status(&caller.tenant, &FileId(id)).await?.map(Json).ok_or_else(unknown)
}
