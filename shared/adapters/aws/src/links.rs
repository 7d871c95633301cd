//! Addresses from which a browser downloads an object directly.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use riffle_ports::{Clock, DownloadLinks, Entry, Link, PortError, Source};

use crate::error::failure;
use crate::objects::check;
use crate::prefixes::root;
use crate::signing::{credentials, validity};

/// Characters that may be in `filename*` unescaped (RFC 8187, `attr-char`), as far as it matters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// The buckets of linked objects and the lifetime of links.
#[derive(Debug, Clone)]
pub struct LinkSettings {
    pub objects_bucket: String,
    pub uploads_bucket: String,
    /// At most seven days, and never longer than the credentials that sign.
    pub lifetime: Duration,
    /// Returns the key of a file of an upload, by its number: the flow defines keys, this adapter only signs them.
    pub upload_key: fn(upload: &str, number: u32) -> String,
}

/// Presigned addresses of S3. A link downloads the current object: a file replaced since it was listed is downloaded as
/// it is now.
#[derive(Debug, Clone)]
pub struct S3Links {
    client: Client,
    config: SdkConfig,
    settings: LinkSettings,
    clock: Arc<dyn Clock>,
}

impl S3Links {
    pub(crate) fn new(
        client: Client,
        config: SdkConfig,
        settings: LinkSettings,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { client, config, settings, clock }
    }

    async fn link(&self, bucket: &str, key: &str, name: &str) -> Result<Link, PortError> {
        let now = self.clock.now();
        let (validity, expires_at) =
            validity(&credentials(&self.config).await?, now, self.settings.lifetime)?;
        let get = self.client.get_object().bucket(bucket).key(key);
        // The content is never shown in the page's own window, whatever it is.
        let get = get.response_content_disposition(attachment(name));
        let signed = get.response_content_type(content_type(name)).presigned(validity).await;
        let signed = signed.map_err(|error| failure("signing for", bucket, &error))?;
        Ok(Link { url: signed.uri().to_owned(), expires_at })
    }
}

#[async_trait]
impl DownloadLinks for S3Links {
    async fn object(&self, key: &str, name: &str) -> Result<Link, PortError> {
        check(key)?;
        self.link(&self.settings.objects_bucket, key, name).await
    }

    async fn file(&self, source: &Source, entry: &Entry) -> Result<Option<Link>, PortError> {
        let key = match source {
            Source::Prefix { .. } => format!("{}{}", root(source)?, entry.locator),
            Source::Upload(upload) => {
                let number = entry.locator.parse().map_err(|_| {
                    PortError::Broken(format!("{:?} is not the locator of an upload", entry.locator))
                })?;
                let key = (self.settings.upload_key)(upload, number);
                check(&key)?;
                key
            }
            Source::Folders(_) | Source::Drive { .. } => return Ok(None),
        };
        let name = entry.name.rsplit('/').next().unwrap_or_default();
        self.link(&self.settings.uploads_bucket, &key, name).await.map(Some)
    }
}

/// Returns the header for saving under `name` (RFC 6266): clients that do not read `filename*` get `_` for each special
/// character.
fn attachment(name: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || " -._()+".contains(char);
    let fallback: String = name.chars().map(|char| if plain(char) { char } else { '_' }).collect();
    format!("attachment; filename=\"{fallback}\"; filename*=UTF-8''{}", utf8_percent_encode(name, ESCAPED))
}

/// Returns the type by the file's extension, for the kinds that their own program opens after saving; everything else
/// is bytes.
fn content_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Some("pdf") => "application/pdf",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_data_in_headers_too() {
        assert_eq!(
            attachment("Plan Ä \"1\"\r\n;.pdf"),
            "attachment; filename=\"Plan _ _1____.pdf\"; filename*=UTF-8''Plan%20%C3%84%20%221%22%0D%0A%3B.pdf"
        );
        assert_eq!(content_type("REPORT.XLSX"), content_type("a.xlsx"));
        assert_eq!(content_type("page.html"), "application/octet-stream");
    }
}
