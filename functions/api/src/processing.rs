//! How work on one file stands, whichever flow it belongs to.

use riffle_contracts::http_statements::ProcessingStatus;
use riffle_ports::FileId;

use crate::Refusal;
use crate::answer::{Answer, Caller, Id, Json, Path};

/// How the work stands that this processing id names, with the fields of its flow. For programs that wait for it.
#[utoipa::path(
    get,
    path = "/api/status/{processing_id}",
    operation_id = "get_status",
    tag = "platform",
    params(("processing_id" = inline(Id), Path)),
    responses((status = 200, body = ProcessingStatus))
)]
pub async fn status(caller: Caller, Path(Id(id)): Path<Id>) -> Answer<Json<ProcessingStatus>> {
    let unknown = || Refusal::not_found("There is no work with this processing id.");
    let books = caller.deps.statements.as_ref().ok_or_else(unknown)?;
    books.status(&caller.tenant, &FileId(id)).await?.map(Json).ok_or_else(unknown)
}
