//! Checks of a deployed stack: whether each of its resources can be reached and is as `infra/` defines it.
//! docs/runbook.md also says what to do about problems.

use std::time::Duration;

use reqwest::header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use reqwest::{Client, StatusCode};
use riffle_contracts::http::{Config, Health};
use riffle_stack_adapter::{CallError, KeyFacts, QueueFacts, TableFacts, TopicFacts};
use riffle_topology::{Consumed, RIFFLE, url_output};
use serde::de::DeserializeOwned;

use crate::cloud::Deployed;
use crate::doctor::check::Checks;
use crate::error::CommandError;
use crate::words;

/// A Lambda function takes about a second for a cold start.
const ANSWER: Duration = Duration::from_secs(15);
/// Any value will do, because no ticket is sent with it.
const KEY: &str = "cmlmZmxlIGRvY3RvciBpcw==";

const DEPLOY: &str = "deploy the stack again (scripts/deploy): it was changed manually";

pub async fn check(deployed: &Deployed, checks: &mut Checks) -> Result<(), CommandError> {
    if !credentials(deployed, checks).await {
        return Ok(());
    }
    for name in ["ScanTable", "RecordsTable", "ConnectionsTable", "TicketsTable", "TokensTable"] {
        if let Some(table) = output(deployed, name, checks) {
            judge_table(name, table, &deployed.stack.look.table(table).await, checks);
        }
    }
    for name in ["ObjectsBucket", "UploadsBucket", "PageBucket"] {
        let Some(bucket) = output(deployed, name, checks) else { continue };
        match deployed.stack.look.bucket(bucket).await {
            Ok(()) => checks.ok(name, bucket),
            Err(error) => unreached(name, bucket, &error, checks),
        }
    }
    for queue in RIFFLE.queue_names() {
        let name = url_output(&queue);
        if let Some(url) = output(deployed, &name, checks) {
            judge_queue(&name, RIFFLE.queue(&queue), url, &deployed.stack.look.queue(url).await, checks);
        }
    }
    if let Some(key) = output(deployed, "TokenKeyId", checks) {
        judge_key(key, &deployed.stack.look.key(key).await, checks);
    }
    for name in ["AlarmsTopic", "NoticesTopic"] {
        if let Some(topic) = output(deployed, name, checks) {
            judge_topic(name, topic, &deployed.stack.look.topic(topic).await, checks);
        }
    }
    answers(deployed, checks).await
}

/// Checks the credentials. Returns whether the other checks can continue.
async fn credentials(deployed: &Deployed, checks: &mut Checks) -> bool {
    let region = deployed.stack.region().unwrap_or_default();
    let at = deployed.stack.endpoint().map_or_else(String::new, |endpoint| format!(", at {endpoint}"));
    match deployed.stack.identity().await {
        Ok((account, arn)) => checks.ok("credentials", format!("account {account} in {region}{at}, {arn}")),
        Err(error) => {
            checks.problem(
                "credentials",
                format!("{error}{at}"),
                "sign in (aws sso login, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY); nothing else was checked",
            );
            return false;
        }
    }
    true
}

fn output<'d>(deployed: &'d Deployed, name: &str, checks: &mut Checks) -> Option<&'d str> {
    let found = deployed.outputs.get(name);
    if found.is_none() {
        checks.problem(
            name,
            "the stack does not have this output",
            "deploy this version of the stack (scripts/deploy)",
        );
    }
    found
}

fn unreached(name: &str, what: &str, error: &CallError, checks: &mut Checks) {
    let advice = if error.is_denied() {
        "use credentials that are allowed to read it; infra/ defines the permissions of the functions"
    } else {
        "if it no longer exists, deploy the stack again (scripts/deploy) and restore tables from their \
         backups"
    };
    checks.problem(name, format!("{what}: {error}"), advice);
}

fn judge_table(name: &str, table: &str, facts: &Result<TableFacts, CallError>, checks: &mut Checks) {
    match facts {
        Err(error) => unreached(name, table, error, checks),
        Ok(TableFacts { active: false, .. }) => {
            checks.problem(
                name,
                format!("{table} is not active"),
                "wait; if this continues, check it in the AWS console",
            );
        }
        Ok(facts) => {
            let lacks: Vec<&str> =
                [(facts.expires, "TTL on expires_at"), (facts.recovers, "point-in-time recovery")]
                    .into_iter()
                    .filter_map(|(has, what)| (!has).then_some(what))
                    .collect();
            if lacks.is_empty() {
                checks.ok(name, format!("{table}: TTL and point-in-time recovery are on"));
            } else {
                checks.warning(name, format!("{table} lacks {}", lacks.join(" and ")), DEPLOY);
            }
        }
    }
}

/// Checks one queue. `consumed` is `None` for a queue of dead letters.
fn judge_queue(
    name: &str,
    consumed: Option<Consumed>,
    url: &str,
    facts: &Result<QueueFacts, CallError>,
    checks: &mut Checks,
) {
    let QueueFacts { ready, in_flight, waiting } = match facts {
        Ok(facts) => *facts,
        Err(error) => return unreached(name, url, error, checks),
    };
    let all = ready + in_flight + waiting;
    let found = format!("{ready} ready, {in_flight} in flight, {waiting} waiting");
    match consumed {
        None if all > 0 => checks.warning(
            name,
            words::count(all, "dead letter"),
            "riffle redrive --stack … --list shows them; once the cause is fixed, run it without --list to \
             retry them (docs/runbook.md#dead-letters)",
        ),
        Some(consumed) if consumed.queue.alone && all > 0 => {
            checks.hint(
                name,
                found,
                "files that made workers crash; the reports will list them (docs/runbook.md#queue-depth)",
            );
        }
        // No consumer takes them.
        _ if ready > 0 && in_flight == 0 => {
            checks.hint(
                name,
                found,
                "if this continues, no consumer is taking messages (docs/runbook.md#queue-age)",
            );
        }
        _ => checks.ok(name, found),
    }
}

fn judge_key(key: &str, facts: &Result<KeyFacts, CallError>, checks: &mut Checks) {
    match facts {
        Ok(KeyFacts { enabled: true, .. }) => checks.ok("TokenKeyId", format!("{key} is enabled")),
        Ok(KeyFacts { state, .. }) => checks.problem(
            "TokenKeyId",
            format!("{key} is {state}: scans of Google Drive cannot read their tokens"),
            "enable it, or cancel its deletion, in KMS",
        ),
        Err(error) => unreached("TokenKeyId", key, error, checks),
    }
}

fn judge_topic(name: &str, topic: &str, facts: &Result<TopicFacts, CallError>, checks: &mut Checks) {
    match facts {
        Err(error) => unreached(name, topic, error, checks),
        Ok(TopicFacts { confirmed: 0, pending }) if name == "AlarmsTopic" => checks.warning(
            name,
            format!(
                "the alarms have no confirmed subscribers ({} not confirmed)",
                words::count(*pending, "subscription")
            ),
            "deploy with -c alarmEmail=…, or subscribe to the topic, and confirm the subscription by e-mail",
        ),
        Ok(facts) => checks.ok(name, words::count(facts.confirmed, "subscriber")),
    }
}

async fn answers(deployed: &Deployed, checks: &mut Checks) -> Result<(), CommandError> {
    let client = riffle_drive_adapter::http().timeout(ANSWER).build();
    let client =
        client.map_err(|error| CommandError::new(format!("cannot create an HTTP client: {error}")))?;
    if let Some(base) = output(deployed, "HttpApiUrl", checks) {
        judge_health(&get::<Health>(&client, base, "/api/health").await, checks);
        judge_config(&get::<Config>(&client, base, "/api/config").await, checks);
    }
    if let Some(url) = output(deployed, "SocketUrl", checks) {
        judge_socket(url, &knock(&client, url).await, checks);
    }
    Ok(())
}

/// Sends a request and parses the JSON response. The error says what came instead.
async fn get<T: DeserializeOwned>(client: &Client, base: &str, path: &str) -> Result<T, String> {
    let url = format!("{}{path}", base.trim_end_matches('/'));
    let answer = client.get(&url).send().await.map_err(|error| chain(&error))?;
    let status = answer.status();
    if !status.is_success() {
        return Err(format!("{url} returned {status}"));
    }
    answer.json().await.map_err(|error| format!("{url}: {}", chain(&error)))
}

/// Opens a WebSocket without a ticket, as an unauthenticated client would, and returns the status.
async fn knock(client: &Client, url: &str) -> Result<StatusCode, String> {
    let request = client
        .get(url.replacen("ws", "http", 1))
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, KEY);
    request.send().await.map(|answer| answer.status()).map_err(|error| chain(&error))
}

fn judge_health(health: &Result<Health, String>, checks: &mut Checks) {
    match health {
        Ok(_) => checks.ok("HTTP API", "answers"),
        Err(why) => checks.problem(
            "HTTP API",
            why,
            "check its access log and the log of api (docs/runbook.md#api-5xx)",
        ),
    }
}

fn judge_config(config: &Result<Config, String>, checks: &mut Checks) {
    let config = match config {
        Ok(config) => config,
        Err(why) => {
            let advice = "check the log of api: a variable may be missing (docs/runbook.md#api-5xx)";
            return checks.problem("configuration", why, advice);
        }
    };
    let found = format!("version {}", config.version);
    if config.version == env!("CARGO_PKG_VERSION") {
        checks.ok("configuration", found);
    } else {
        checks.hint("configuration", found, format!("this riffle is version {}", env!("CARGO_PKG_VERSION")));
    }
    match &config.sign_in {
        Some(sign_in) => checks.ok("sign-in", &sign_in.authorize_url),
        None => checks.problem(
            "sign-in",
            "anyone who can reach the page can use it",
            "deploy the stack again: it sets AUTH_AUTHORITY, AUTH_CLIENT_ID and AUTH_DOMAIN of api",
        ),
    }
    if config.ocr.available {
        checks.ok("OCR", "on");
    } else {
        checks.hint(
            "OCR",
            "off: pictures and scanned pages are listed as unread",
            "deploy with -c ocr=textract, which is charged per page",
        );
    }
}

fn judge_socket(url: &str, knocked: &Result<StatusCode, String>, checks: &mut Checks) {
    match knocked {
        Ok(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            checks.ok("WebSocket API", "answers, and refuses connections without a ticket");
        }
        Ok(StatusCode::SWITCHING_PROTOCOLS) => checks.problem(
            "WebSocket API",
            format!("{url} accepts connections without a ticket"),
            "deploy the stack again: its $connect has no authorizer",
        ),
        Ok(status) => checks.problem(
            "WebSocket API",
            format!("{url} returned {status}"),
            "check its access log and the log of websocket-authorizer (docs/runbook.md#api-5xx)",
        ),
        Err(why) => {
            checks.problem("WebSocket API", format!("{url}: {why}"), "check the address and the network");
        }
    }
}

/// Returns the text of an error with its causes, such as a certificate, a name or a refused connection.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Level::{self, Ok as Well, Problem as Bad, Warning};

    fn levels(judge: impl FnOnce(&mut Checks)) -> Vec<Level> {
        let mut checks = Checks::default();
        judge(&mut checks);
        checks.0.iter().map(|check| check.level).collect()
    }

    fn denied() -> CallError {
        CallError {
            operation: "DescribeTable",
            code: Some("AccessDeniedException".to_owned()),
            why: "no".to_owned(),
        }
    }

    #[test]
    fn tables_are_held_to_what_the_stack_makes() {
        let facts = |active, expires, recovers| Ok(TableFacts { active, expires, recovers });
        for (facts, level) in [
            (facts(true, true, true), Well),
            (facts(true, false, true), Warning),
            (facts(true, true, false), Warning),
            (facts(false, true, true), Bad),
            (Err(denied()), Bad),
        ] {
            assert_eq!(levels(|checks| judge_table("ScanTable", "t", &facts, checks)), [level], "{facts:?}");
        }
    }

    #[test]
    fn dead_letters_and_silent_alarms_are_warnings() {
        let facts = Ok(QueueFacts { ready: 1, ..QueueFacts::default() });
        let judged = |queue| levels(|checks| judge_queue("Url", RIFFLE.queue(queue), "u", &facts, checks));
        assert_eq!(judged("scan-finish-dead-letters"), [Warning]);
        assert_eq!(judged("statements-audit-dead-letters"), [Warning]);
        assert_eq!(judged("scan-work"), [Well]);
        let nobody = Ok(TopicFacts { confirmed: 0, pending: 1 });
        assert_eq!(levels(|checks| judge_topic("AlarmsTopic", "t", &nobody, checks)), [Warning]);
        assert_eq!(levels(|checks| judge_topic("NoticesTopic", "t", &nobody, checks)), [Well]);
        let key = Ok(KeyFacts { enabled: false, state: "PendingDeletion".to_owned() });
        assert_eq!(levels(|checks| judge_key("k", &key, checks)), [Bad]);
    }

    #[test]
    fn a_socket_without_a_ticket_must_be_refused() {
        for (status, level) in [(401, Well), (403, Well), (101, Bad), (500, Bad), (404, Bad)] {
            let knocked = Ok(StatusCode::from_u16(status).expect("a status"));
            assert_eq!(levels(|checks| judge_socket("wss://x", &knocked, checks)), [level], "{status}");
        }
        assert_eq!(levels(|checks| judge_socket("wss://x", &Err("refused".to_owned()), checks)), [Bad]);
    }

    #[tokio::test]
    async fn the_page_s_addresses_are_asked() -> Result<(), Box<dyn std::error::Error>> {
        use axum::routing::get as route;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}/", listener.local_addr()?);
        let health = || async { axum::Json(serde_json::json!({"status": "ok", "queues": {}})) };
        let routes = axum::Router::new()
            .route("/api/health", route(health))
            .route("/live", route(|| async { StatusCode::FORBIDDEN }));
        let server = tokio::spawn(axum::serve(listener, routes).into_future());
        let client = riffle_drive_adapter::http().no_proxy().build()?;
        assert!(get::<Health>(&client, &base, "/api/health").await.is_ok());
        let missing = get::<Config>(&client, &base, "/api/config").await.expect_err("is not there");
        assert!(missing.ends_with("/api/config returned 404 Not Found"), "{missing}");
        let live = format!("{}live", base.replacen("http", "ws", 1));
        assert_eq!(knock(&client, &live).await, Ok(StatusCode::FORBIDDEN));
        server.abort();
        Ok(())
    }
}
