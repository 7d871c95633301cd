//! The calls of the Google Drive API.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Response, Url};
use riffle_ports::{PortError, TokenVault};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::DriveSettings;
use crate::error::{CallRefusal, DriveError, refused};
use crate::resource::{FIELDS, Resource};
use crate::token_source::{AtHand, Lender};

const CONNECT: Duration = Duration::from_secs(10);
/// Timeout for a server that sends nothing.
const SILENCE: Duration = Duration::from_secs(30);
/// A page of 1,000 files has some 500 KB.
const JSON_BYTES: u64 = 16 << 20;
const ERROR_BYTES: u64 = 64 << 10;
/// The most files that Google puts on a page.
const PAGE: &str = "1000";

pub struct DriveClient {
    pub settings: DriveSettings,
    base: Url,
    vault: Arc<dyn TokenVault>,
    at_hand: AtHand,
    /// Built on first use: a process that never reads Google Drive needs no certificates.
    http: OnceLock<Result<reqwest::Client, String>>,
}

/// A page of a folder's content.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourcePage {
    #[serde(default)]
    pub files: Vec<Resource>,
    pub next_page_token: Option<String>,
    #[serde(default)]
    incomplete_search: bool,
}

type QueryPairs<'a> = &'a [(&'a str, &'a str)];

impl DriveClient {
    pub fn new(settings: DriveSettings, vault: Arc<dyn TokenVault>) -> Result<Self, String> {
        let endpoint = &settings.endpoint;
        let base =
            Url::parse(endpoint).map_err(|error| format!("{endpoint} is not a valid address: {error}"))?;
        let safe = base.scheme() == "https" || (base.scheme() == "http" && is_this_machine(&base));
        if !safe || !base.username().is_empty() || base.password().is_some() || base.path() != "/" {
            return Err(format!(
                "{endpoint} is not an address of Google Drive: use https and only a host (http on this \
                 machine)"
            ));
        }
        Ok(Self { settings, base, vault, at_hand: AtHand::default(), http: OnceLock::new() })
    }

    /// Returns one file's description.
    pub async fn metadata(&self, lender: &Lender, id: &str) -> Result<Resource, DriveError> {
        let query = [("fields", FIELDS), ("supportsAllDrives", "true")];
        self.json(lender, &[id], &query).await
    }

    /// Returns a page of the direct content of a folder. `drive` is the shared drive that contains it.
    pub async fn children(
        &self,
        lender: &Lender,
        folder: &str,
        drive: Option<&str>,
        page: Option<&str>,
    ) -> Result<ResourcePage, DriveError> {
        let q = format!("'{folder}' in parents and trashed = false");
        let fields = format!("nextPageToken,incompleteSearch,files({FIELDS})");
        let mut query = vec![
            ("q", q.as_str()),
            ("fields", &fields),
            ("pageSize", PAGE),
            ("orderBy", "name"),
            ("supportsAllDrives", "true"),
            ("includeItemsFromAllDrives", "true"),
        ];
        match drive {
            Some(drive) => query.extend([("corpora", "drive"), ("driveId", drive)]),
            None => query.push(("corpora", "user")),
        }
        query.extend(page.map(|page| ("pageToken", page)));
        let page: ResourcePage = self.json(lender, &[], &query).await?;
        if page.incomplete_search {
            let text = "Google Drive searched only a part of the files";
            return Err(PortError::Unavailable(text.to_owned()).into());
        }
        Ok(page)
    }

    /// Returns the bytes of a file.
    pub async fn media(&self, lender: &Lender, id: &str) -> Result<Bytes, DriveError> {
        let query = [("alt", "media"), ("supportsAllDrives", "true")];
        self.fetch(lender, &[id], &query, self.settings.bytes).await
    }

    /// Returns Google's export of a document.
    pub async fn export(&self, lender: &Lender, id: &str, mime: &str) -> Result<Bytes, DriveError> {
        self.fetch(lender, &[id, "export"], &[("mimeType", mime)], self.settings.bytes).await
    }

    async fn json<T: DeserializeOwned>(
        &self,
        lender: &Lender,
        path: &[&str],
        query: QueryPairs<'_>,
    ) -> Result<T, DriveError> {
        let body = self.fetch(lender, path, query, JSON_BYTES).await?;
        serde_json::from_slice(&body).map_err(|error| {
            PortError::Broken(format!("a response of Google Drive cannot be read: {error}")).into()
        })
    }

    /// Returns the body of the answer, with retries where they may help.
    async fn fetch(
        &self,
        lender: &Lender,
        path: &[&str],
        query: QueryPairs<'_>,
        limit: u64,
    ) -> Result<Bytes, DriveError> {
        let url = self.url(path);
        let (mut token, mut is_fresh) = self.at_hand.token(&*self.vault, lender).await?;
        let mut tries = 0;
        loop {
            let (why, asked) = match self.attempt(&url, query, &token, limit).await {
                Ok(body) => return Ok(body),
                Err(TryFailure::Busy(why, asked)) => (why, asked),
                // The token may have been replaced since it was read from the vault.
                Err(TryFailure::Refused(DriveError::TokenExpired)) if !is_fresh => {
                    let before =
                        std::mem::replace(&mut token, self.at_hand.fresh(&*self.vault, lender).await?);
                    is_fresh = true;
                    if before == token {
                        self.at_hand.forget(lender);
                        return Err(DriveError::TokenExpired);
                    }
                    continue;
                }
                Err(TryFailure::Refused(trouble)) => {
                    if matches!(trouble, DriveError::TokenExpired | DriveError::Token(_)) {
                        self.at_hand.forget(lender);
                    }
                    return Err(trouble);
                }
            };
            let Some(wait) = self.settings.backoff.after(tries, asked) else {
                return Err(PortError::Unavailable(why).into());
            };
            tracing::debug!(%why, ?wait, "retrying a request to Google Drive");
            tokio::time::sleep(wait).await;
            tries += 1;
        }
    }

    async fn attempt(
        &self,
        url: &Url,
        query: QueryPairs<'_>,
        token: &str,
        limit: u64,
    ) -> Result<Bytes, TryFailure> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| TryFailure::Refused(DriveError::TokenExpired))?;
        bearer.set_sensitive(true);
        let request = self.http()?.get(url.clone()).query(query).header(AUTHORIZATION, bearer);
        let response = request.send().await.map_err(unreached)?;
        let status = response.status().as_u16();
        if status == 200 {
            return body(response, limit).await;
        }
        let asked = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        // Ignore a failure to read the body: the status alone is enough.
        let error_body = body(response, ERROR_BYTES).await.unwrap_or_default();
        Err(match refused(status, &error_body) {
            CallRefusal::Busy(why) => TryFailure::Busy(why, asked.map(Duration::from_secs)),
            CallRefusal::For(trouble) => TryFailure::Refused(trouble),
        })
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        // A base with a host has a path; segments added to it are escaped.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(["drive", "v3", "files"]).extend(path);
        }
        url
    }

    fn http(&self) -> Result<&reqwest::Client, TryFailure> {
        let build = || {
            let builder = crate::http()
                .redirect(Policy::none())
                .connect_timeout(CONNECT)
                .read_timeout(SILENCE)
                .user_agent("riffle");
            let builder =
                if self.base.scheme() == "http" { builder.no_proxy() } else { builder.https_only(true) };
            builder.build().map_err(|error| format!("cannot connect to Google Drive: {}", chain(&error)))
        };
        let broken = |why: &String| TryFailure::Refused(PortError::Broken(why.clone()).into());
        self.http.get_or_init(build).as_ref().map_err(broken)
    }
}

/// The failure of a try.
enum TryFailure {
    Refused(DriveError),
    /// A temporary failure, and the wait that the server requested, if any.
    Busy(String, Option<Duration>),
}

async fn body(mut response: Response, limit: u64) -> Result<Bytes, TryFailure> {
    let too_large = |size| TryFailure::Refused(DriveError::TooLarge { size, limit });
    let announced = response.content_length().unwrap_or(0);
    if announced > limit {
        return Err(too_large(announced));
    }
    let mut content = Vec::with_capacity(usize::try_from(announced).unwrap_or(0));
    while let Some(piece) = response.chunk().await.map_err(unreached)? {
        let size = (content.len() + piece.len()) as u64;
        if size > limit {
            return Err(too_large(size));
        }
        content.extend_from_slice(&piece);
    }
    Ok(content.into())
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that map_err expects")]
fn unreached(error: reqwest::Error) -> TryFailure {
    TryFailure::Busy(format!("Google Drive cannot be reached: {}", chain(&error)), None)
}

/// Returns an error with its causes, without the address, which would reveal the requested file.
fn chain(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() { "it took too long" } else { "the connection failed" }.to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
