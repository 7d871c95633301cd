//! The dependencies of the function on AWS.

use std::sync::Arc;

use api::Api;
use riffle_contracts::http::{Config, DeployedAt, Limits, OcrConfig, SignIn, SocketConfig, SourceKind};
use riffle_lambda::{Cloud, ConfigError};
use riffle_runtime::{DeadLetterService, RecordClassifier};
use riffle_topology::{scan, statements};

/// The gateway closes a connection at this age, and after this idle time, both in seconds.
const SOCKET: (u64, u64) = (2 * 60 * 60, 10 * 60);

/// The gateway passes a binary body on as base64, which makes it a third larger, and an invocation has at most 6 MB.
const CODES_FILE_BYTES: u64 = 4_000_000;

pub fn deps(cloud: &Cloud) -> Result<Api, ConfigError> {
    let limits = Limits { codes_file_bytes: CODES_FILE_BYTES, ..riffle_scan::limits() };
    let sources = cloud.sources()?;
    let queries = cloud.queries()?;
    let scan = cloud.scan_without_clients(&[scan::DISPATCH])?;
    Ok(Api::new(api::ApiDeps {
        tickets: cloud.tickets()?,
        pages: Some(cloud.page_views(&scan, sources.clone())),
        uploads: sources.uploads.clone(),
        dead_letters: DeadLetterService {
            dead: cloud.dead_letters()?,
            classifiers: vec![
                (scan::NAME, Arc::new(scan.clone())),
                (statements::NAME, Arc::new(queries.statements.clone())),
            ],
            fallback: Arc::new(RecordClassifier { records: cloud.records()? }),
            single_tenant: false,
        },
        statements: Some(queries),
        files: sources,
        scan,
        probe: None,
        links: Some(cloud.links()?),
        folders: None,
        quotas: cloud.quotas()?,
        config: config(cloud, limits)?,
        started_at: cloud.clock.now(),
        clock: Arc::clone(&cloud.clock),
    }))
}

fn config(cloud: &Cloud, limits: Limits) -> Result<Config, ConfigError> {
    let (max_age_seconds, idle_seconds) = SOCKET;
    let mut sources = vec![SourceKind::Upload, SourceKind::Prefix];
    if cloud.env.is_on("GOOGLE_DRIVE")? {
        sources.push(SourceKind::Drive);
    }
    let path = cloud.env.url("SOCKET_URL", &["wss", "ws"])?;
    Ok(Config {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        place: DeployedAt::Aws,
        sources,
        ocr: OcrConfig { available: cloud.has_ocr()? },
        limits,
        socket: SocketConfig { path, max_age_seconds, idle_seconds },
        flows: riffle_topology::FLOWS.iter().map(|flow| flow.name.to_owned()).collect(),
        sign_in: Some(sign_in(cloud)?),
    })
}

/// Returns the addresses of the Cognito domain.
fn sign_in(cloud: &Cloud) -> Result<SignIn, ConfigError> {
    let domain = cloud.env.url("AUTH_DOMAIN", &["https", "http"])?;
    Ok(SignIn {
        authorize_url: format!("{domain}/oauth2/authorize"),
        token_url: format!("{domain}/oauth2/token"),
        revoke_url: Some(format!("{domain}/oauth2/revoke")),
        logout_url: format!("{domain}/logout"),
        client_id: cloud.env.text("AUTH_CLIENT_ID")?,
        scope: "openid email profile".to_owned(),
    })
}
