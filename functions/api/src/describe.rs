//! The parts of the OpenAPI description that the routes themselves do not state: its frame, how each operation may
//! fail, which operations need a sign-in, and the links from one response to the next operation.

use riffle_contracts::http::Problem;
use riffle_contracts::{Action, Frame};
use utoipa::OpenApi as _;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{OpenApi, Ref, RefOr};

use crate::routes::PUBLIC;

/// The frame of the description. Its schemas include the WebSocket messages, although no route uses them.
#[derive(Debug, utoipa::OpenApi)]
#[openapi(
    info(
        title = "Riffle",
        description = "Searches files for codes. A scan is started and followed over the WebSocket (`/ws`): \
                       a client sends an Action and receives Frames, each one JSON text. Everything else is \
                       described here. Lists are returned in pages: send the `next_cursor` of one page as \
                       the `cursor` of the next. Errors are `application/problem+json` (RFC 9457).",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Action, Frame, Problem)),
    tags(
        (name = "platform", description = "The deployment and its failed items"),
        (name = "websocket", description = "Access to the WebSocket"),
        (name = "sources", description = "Files to read and codes to look for"),
        (name = "scans", description = "Scans and their results"),
        (name = "statements", description = "Bank statements and their transactions"),
        (name = "downloads", description = "Permanent addresses that reports link to")
    )
)]
struct Description;

/// Parameters of a link by name.
type LinkParameters = &'static [(&'static str, &'static str)];

/// Links from a response to an operation that uses it: operation and status, name of the link, linked operation, and
/// its parameters as runtime expressions.
const LINKS: [(&str, &str, &str, &str, LinkParameters); 17] = [
    ("create_upload", "201", "upload", "get_upload", &[("id", "$response.body#/upload_id")]),
    ("create_upload", "201", "declare", "declare_files", &[("id", "$response.body#/upload_id")]),
    ("declare_files", "200", "upload", "get_upload", &[("id", "$request.path.id")]),
    (
        "declare_files",
        "200",
        "complete",
        "complete_file",
        &[("id", "$request.path.id"), ("number", "$response.body#/files/0/number")],
    ),
    ("list_scans", "200", "next", "list_scans", &[("cursor", "$response.body#/next_cursor")]),
    ("list_scans", "200", "newest", "get_scan", &[("id", "$response.body#/scans/0/session_id")]),
    ("get_scan", "200", "matches", "list_matches", &[("id", "$response.body#/session_id")]),
    ("get_scan", "200", "failures", "list_failures", &[("id", "$response.body#/session_id")]),
    ("get_scan", "200", "codes", "list_codes", &[("id", "$response.body#/session_id")]),
    ("get_scan", "200", "report", "create_report_link", &[("id", "$response.body#/session_id")]),
    (
        "list_matches",
        "200",
        "evidence",
        "get_evidence",
        &[("id", "$request.path.id"), ("match", "$response.body#/matches/0/match_id")],
    ),
    ("list_statement_files", "200", "newest", "get_statement_file", &[("id", "$response.body#/files/0/id")]),
    (
        "list_statement_files",
        "200",
        "next",
        "list_statement_files",
        &[("cursor", "$response.body#/next_cursor")],
    ),
    ("get_statement_file", "200", "timeline", "get_timeline", &[("id", "$response.body#/id")]),
    ("get_statement_file", "200", "transactions", "list_transactions", &[("file", "$response.body#/id")]),
    ("get_statement_file", "200", "status", "get_status", &[("processing_id", "$response.body#/id")]),
    ("list_transactions", "200", "next", "list_transactions", &[("cursor", "$response.body#/next_cursor")]),
];

pub fn frame() -> OpenApi {
    let mut description = Description::openapi();
    // The server that returned the description is the server to use.
    description.servers = None;
    description
}

/// Returns the whole description as JSON.
pub fn json(description: &OpenApi) -> String {
    description.clone().to_pretty_json().expect("a description is plain data")
}

/// Adds the possible failures of each operation, the links of its responses, and whether it needs a sign-in.
pub fn complete(mut description: OpenApi, sign_in: bool) -> OpenApi {
    for (path, item) in &mut description.paths.paths {
        let open = PUBLIC.contains(&path.as_str());
        let methods = [&mut item.get, &mut item.post, &mut item.put, &mut item.delete];
        for operation in methods.into_iter().flatten() {
            if sign_in && !open {
                fail(operation, 401, "Not signed in, or the sign-in has expired.");
                fail(
                    operation,
                    429,
                    "Your organisation has used up its quota: Retry-After says when to try again.",
                );
                operation.security = Some(vec![SecurityRequirement::new("sign_in", [""; 0])]);
            }
            may_fail(operation);
            lead_on(operation);
        }
    }
    if sign_in {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("The ID token of the signed-in user: `/api/config` says where to sign in."))
            .build();
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("sign_in", SecurityScheme::Http(bearer));
    }
    description
}

/// Adds the failures that follow from an operation's parameters and body. Routes state their other failures themselves.
fn may_fail(operation: &mut Operation) {
    let places: Vec<ParameterIn> = operation
        .parameters
        .iter()
        .flatten()
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter.parameter_in.clone()),
            RefOr::Ref(_) => None,
        })
        .collect();
    let json = operation.request_body.as_ref().and_then(|body| match body {
        RefOr::T(body) => Some(body.content.contains_key("application/json")),
        RefOr::Ref(_) => None,
    });
    if places.contains(&ParameterIn::Query) || json == Some(true) {
        fail(operation, 400, "The request is not valid.");
    }
    if places.contains(&ParameterIn::Path) || is_of_a_flow(operation) {
        fail(operation, 404, "It does not exist, or it is not yours.");
    }
    if json.is_some() {
        fail(operation, 413, "The request body is larger than this address accepts.");
        fail(operation, 422, "The request body is well-formed, but not valid.");
    }
    if json == Some(true) {
        fail(operation, 415, "The Content-Type of the request body is not JSON.");
    }
    fail(operation, 503, "A service that the platform depends on did not answer. Try again.");
    let failures = operation.responses.responses.iter_mut();
    for (_, failure) in failures.filter(|(status, _)| status.starts_with(['4', '5'])) {
        if let RefOr::T(failure) = failure {
            let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            failure.content.insert("application/problem+json".to_owned(), problem.into());
        }
    }
}

/// Whether the operation belongs to a flow and is refused where that flow is not deployed.
fn is_of_a_flow(operation: &Operation) -> bool {
    operation.tags.iter().flatten().any(|tag| tag == "statements")
}

/// Adds a failure response, unless the route itself describes that status.
fn fail(operation: &mut Operation, status: u16, why: &str) {
    let failure = || ResponseBuilder::new().description(why).build().into();
    operation.responses.responses.entry(status.to_string()).or_insert_with(failure);
}

fn lead_on(operation: &mut Operation) {
    let Some(id) = operation.operation_id.clone() else { return };
    for (_, status, name, to, parameters) in LINKS.iter().filter(|(from, ..)| *from == id) {
        let link = parameters
            .iter()
            .fold(LinkBuilder::new().operation_id(*to), |link, (name, value)| link.parameter(*name, *value));
        if let Some(RefOr::T(answer)) = operation.responses.responses.get_mut(*status) {
            answer.links.insert((*name).to_owned(), link.build().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn described(sign_in: bool) -> Value {
        let complete = complete(crate::routes::table().1, sign_in);
        serde_json::from_str(&json(&complete)).expect("a description is JSON")
    }

    fn operations(description: &Value) -> Vec<(&String, &Value)> {
        let paths = description["paths"].as_object().expect("paths").iter();
        paths
            .flat_map(|(path, item)| item.as_object().expect("methods").values().map(move |it| (path, it)))
            .collect()
    }

    #[test]
    fn every_link_leads_from_an_answer_to_an_operation_with_such_parameters() {
        let description = described(false);
        let operations = operations(&description);
        let named = |id: &str| operations.iter().find(|(_, it)| it["operationId"] == id).expect(id).1;
        assert_eq!(
            operations.iter().map(|(_, it)| it["operationId"].as_str()).collect::<BTreeSet<_>>().len(),
            operations.len()
        );
        for (from, status, name, to, parameters) in LINKS {
            assert_eq!(named(from)["responses"][status]["links"][name]["operationId"], to);
            for (parameter, _) in parameters {
                let mut taken = named(to)["parameters"].as_array().expect("parameters").iter();
                assert!(taken.any(|it| it["name"] == *parameter), "{to} takes {parameter}");
            }
        }
    }

    #[test]
    fn failures_are_problems_and_a_token_is_asked_for_where_people_sign_in() {
        for sign_in in [false, true] {
            let description = described(sign_in);
            for (path, operation) in operations(&description) {
                let answers = operation["responses"].as_object().expect("responses");
                for (_, answer) in answers.iter().filter(|(status, _)| status.starts_with(['4', '5'])) {
                    assert!(answer["content"]["application/problem+json"].is_object(), "{path}: {answer}");
                }
                let closed = sign_in && !PUBLIC.contains(&path.as_str());
                assert_eq!(operation["security"].is_array(), closed, "{path}");
                assert_eq!(answers.contains_key("401"), closed, "{path}");
                assert_eq!(answers.contains_key("429"), closed, "{path}");
            }
            assert_eq!(description["components"]["securitySchemes"]["sign_in"].is_object(), sign_in);
        }
    }

    /// The numbers in the description equal those in `/api/config`, which are enforced.
    #[test]
    fn limits_are_those_that_are_enforced() {
        let (description, limits) = (described(false), riffle_scan::limits());
        let schemas = &description["components"]["schemas"];
        let declare = &schemas["DeclareFiles"]["properties"];
        assert_eq!(declare["files"]["maxItems"], limits.upload_batch);
        assert_eq!(declare["first"]["multipleOf"], limits.upload_batch);
        assert_eq!(declare["first"]["maximum"], limits.upload_files - limits.upload_batch);
        assert_eq!(schemas["DeclaredFile"]["properties"]["size"]["maximum"], limits.upload_file_bytes);
    }
}
