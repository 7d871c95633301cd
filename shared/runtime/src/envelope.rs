//! Builds the envelopes that AWS would send. The local platform and the simulator pass them to the handlers, so that
//! decoding is the same code everywhere.

use std::collections::HashMap;

use aws_lambda_events::apigw::{
    ApiGatewayCustomAuthorizerRequestTypeRequest, ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest,
};
use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::http::HeaderMap;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Builds a batch in the form of a queue's event source. Each message is an id, receive count, time of sending and
/// body.
pub fn queue_event<'a>(
    queue: &str,
    messages: impl IntoIterator<Item = (&'a str, u32, DateTime<Utc>, &'a str)>,
) -> SqsEvent {
    let mut event = SqsEvent::default();
    event.records = messages
        .into_iter()
        .map(|(id, receive_count, sent_at, body)| {
            let mut message = SqsMessage::default();
            message.message_id = Some(id.to_owned());
            message.receipt_handle = Some(id.to_owned());
            message.body = Some(body.to_owned());
            message.attributes.insert("ApproximateReceiveCount".to_owned(), receive_count.to_string());
            message.attributes.insert("SentTimestamp".to_owned(), sent_at.timestamp_millis().to_string());
            message.event_source = Some("aws:sqs".to_owned());
            message.event_source_arn = Some(format!("arn:aws:sqs:local:000000000000:{queue}"));
            message
        })
        .collect();
    event
}

/// Builds the request to the authorizer of a WebSocket.
#[expect(clippy::implicit_hasher, reason = "the type of the envelope")]
pub fn authorizer_event(
    headers: HeaderMap,
    query: HashMap<String, String>,
) -> ApiGatewayCustomAuthorizerRequestTypeRequest {
    let mut event = ApiGatewayCustomAuthorizerRequestTypeRequest::default();
    event.type_ = Some("REQUEST".to_owned());
    event.method_arn = Some("arn:aws:execute-api:local:000000000000:ws/local/$connect".to_owned());
    event.headers = headers;
    event.query_string_parameters = query.into();
    event
}

/// Builds the event of a WebSocket route. `route` is `$connect`, `$disconnect` or `$default`; `tenant` is the result of
/// the authorizer.
pub fn socket_event(
    route: &str,
    connection: &str,
    tenant: &str,
    body: Option<&str>,
) -> ApiGatewayWebsocketProxyRequest {
    let mut event = ApiGatewayWebsocketProxyRequest::default();
    event.request_context.route_key = Some(route.to_owned());
    event.request_context.connection_id = Some(connection.to_owned());
    event.request_context.authorizer.fields.insert("tenant".to_owned(), Value::from(tenant));
    event.body = body.map(str::to_owned);
    event
}

/// Builds the event of a schedule.
pub fn tick_event() -> EventBridgeEvent<Value> {
    let mut event = EventBridgeEvent::default();
    "Scheduled Event".clone_into(&mut event.detail_type);
    "aws.scheduler".clone_into(&mut event.source);
    event.detail = json!({});
    event
}

/// Builds a route's response, which has no body: clients receive their answers as frames.
pub fn status(code: i64) -> ApiGatewayProxyResponse {
    let mut response = ApiGatewayProxyResponse::default();
    response.status_code = code;
    response
}
