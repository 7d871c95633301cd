//! `$connect` → admit a client with a valid ticket, for the ticket's tenant.
//!
//! A browser cannot send custom headers with a WebSocket, so the ticket is in the address. It is consumed here: an
//! address that was logged or seen by a bystander opens nothing.

use aws_lambda_events::apigw::{
    ApiGatewayCustomAuthorizerRequestTypeRequest, ApiGatewayCustomAuthorizerResponse,
};
use aws_lambda_events::http::HeaderMap;
use aws_lambda_events::iam::{IamPolicyEffect, IamPolicyStatement};
use riffle_runtime::{Failure, FunctionEvent};
use riffle_scan::Tickets;
use serde_json::{Value, json};

/// The tenant of refused clients.
const NOBODY: &str = "nobody";

#[expect(missing_debug_implementations, reason = "it holds trait objects without Debug")]
pub struct AuthorizerDeps {
    pub tickets: Tickets,
    /// Origins of pages that may connect, such as `https://riffle.example.com`. Empty: any. A program other than a
    /// browser sends no origin and may connect.
    pub origins: Vec<String>,
}

/// # Errors
/// The tickets cannot be looked up: the gateway answers 500, and the client retries with another ticket.
pub async fn handle(
    deps: &AuthorizerDeps,
    event: FunctionEvent<ApiGatewayCustomAuthorizerRequestTypeRequest>,
) -> Result<ApiGatewayCustomAuthorizerResponse, Failure> {
    let request = event.payload;
    let resource = request.method_arn.unwrap_or_default();
    if !deps.origins.is_empty() && !is_from(&request.headers, &deps.origins) {
        tracing::warn!(request_id = event.request_id, "a page of another origin was refused");
        return Ok(answer(IamPolicyEffect::Deny, resource, json!({ "tenant": NOBODY, "refused": "origin" })));
    }
    let tenant = match request.query_string_parameters.first("ticket") {
        Some(ticket) => deps.tickets.redeem(ticket).await?,
        None => None,
    };
    Ok(match tenant {
        Some(tenant) => answer(IamPolicyEffect::Allow, resource, json!({ "tenant": tenant })),
        None => answer(IamPolicyEffect::Deny, resource, json!({ "tenant": NOBODY, "refused": "ticket" })),
    })
}

/// Whether a request comes from a page of one of `origins`, or from a program: a browser sends the page's origin, a
/// program sends none.
pub fn is_from(headers: &HeaderMap, origins: &[String]) -> bool {
    headers.get("origin").is_none_or(|origin| origins.iter().any(|known| origin == known))
}

fn answer(effect: IamPolicyEffect, resource: String, context: Value) -> ApiGatewayCustomAuthorizerResponse {
    let mut statement = IamPolicyStatement::default();
    statement.action = vec!["execute-api:Invoke".to_owned()];
    statement.resource = vec![resource];
    statement.effect = effect;
    let mut answer = ApiGatewayCustomAuthorizerResponse::<Value>::default();
    answer.principal_id = context["tenant"].as_str().map(str::to_owned);
    answer.policy_document.version = Some("2012-10-17".to_owned());
    answer.policy_document.statement = vec![statement];
    answer.context = context;
    answer
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::executor::block_on;
    use riffle_testkit::memory::{ManualClock, MemoryTickets, SeededIds};

    use super::*;

    fn deps(origins: &[&str]) -> AuthorizerDeps {
        let tickets = Tickets {
            store: Arc::new(MemoryTickets::default()),
            clock: Arc::new(ManualClock::new()),
            ids: Arc::new(SeededIds::new(7)),
        };
        AuthorizerDeps { tickets, origins: origins.iter().map(|origin| (*origin).to_owned()).collect() }
    }

    fn asks(deps: &AuthorizerDeps, ticket: Option<&str>, origin: Option<&str>) -> (IamPolicyEffect, String) {
        let (effect, context) = answered(deps, ticket, origin);
        (effect, context["tenant"].as_str().expect("a tenant").to_owned())
    }

    fn answered(
        deps: &AuthorizerDeps,
        ticket: Option<&str>,
        origin: Option<&str>,
    ) -> (IamPolicyEffect, Value) {
        let query = ticket.map_or(json!({}), |ticket| json!({ "ticket": ticket }));
        let headers = origin.map_or(json!({}), |origin| json!({ "Origin": origin }));
        let event = json!({
            "type": "REQUEST",
            "methodArn": "arn:aws:execute-api:eu-west-1:1:api/prod/$connect",
            "headers": headers,
            "queryStringParameters": query,
            "requestContext": { "routeKey": "$connect", "connectionId": "c" },
        });
        let event = FunctionEvent::new(serde_json::from_value(event).expect("an event"), "r");
        let answer = block_on(handle(deps, event)).expect("an answer");
        let statement = answer.policy_document.statement[0].clone();
        assert_eq!(statement.resource, ["arn:aws:execute-api:eu-west-1:1:api/prod/$connect"]);
        (statement.effect, answer.context)
    }

    #[test]
    fn who_is_turned_away_is_nobody_and_the_log_says_why() {
        let deps = deps(&["https://riffle.example.com"]);
        for (origin, refused) in [
            (Some("https://evil.example.com"), "origin"),
            (Some("null"), "origin"),
            (Some("https://riffle.example.com"), "ticket"),
            (None, "ticket"),
        ] {
            let (effect, context) = answered(&deps, Some("0"), origin);
            assert_eq!(effect, IamPolicyEffect::Deny);
            assert_eq!(context, json!({ "tenant": "nobody", "refused": refused }), "{origin:?}");
        }
    }

    #[test]
    fn a_ticket_lets_one_connection_in() {
        let deps = deps(&["https://riffle.example.com"]);
        let ticket = block_on(deps.tickets.issue("acme")).expect("a ticket").ticket;
        assert_eq!(asks(&deps, None, None).0, IamPolicyEffect::Deny);
        assert_eq!(asks(&deps, Some("0"), None).0, IamPolicyEffect::Deny);
        assert_eq!(asks(&deps, Some(&ticket), Some("https://evil.example.com")).0, IamPolicyEffect::Deny);
        // It was refused before the ticket was redeemed: the ticket is still valid.
        let page = Some("https://riffle.example.com");
        assert_eq!(asks(&deps, Some(&ticket), page), (IamPolicyEffect::Allow, "acme".to_owned()));
        assert_eq!(asks(&deps, Some(&ticket), page).0, IamPolicyEffect::Deny);
    }
}
