//! Lent tokens: in a table, encrypted by a KMS key that decrypts each only for its own tenant and session.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use riffle_ports::{Clock, Meter, PortError, SessionId, Token, TokenVault, Usage};

use crate::change::ItemChange;
use crate::error::failure;
use crate::item::{Item, ItemReader, bytes, number, text, time};
use crate::table::{EXPIRES_AT, Table, key};

/// The most bytes that a KMS key encrypts at once. Google's tokens have at most 2,048.
const MAX_SECRET: usize = 4_096;

const TENANT: &str = "tenant";
const SEALED: &str = "sealed";
/// When the token expires, to the nanosecond. [`EXPIRES_AT`] only makes DynamoDB remove the item, which can take days.
const UNTIL: &str = "until";

/// The tokens in `TOKENS_TABLE`, under `TOKEN_KEY_ID`.
#[derive(Debug, Clone)]
pub struct KmsTokens {
    table: Table,
    kms: Client,
    key: String,
    clock: Arc<dyn Clock>,
    meter: Arc<Meter>,
}

impl KmsTokens {
    pub(crate) fn new(
        table: Table,
        kms: Client,
        key: String,
        clock: Arc<dyn Clock>,
        meter: Arc<Meter>,
    ) -> Self {
        Self { table, kms, key, clock, meter }
    }

    fn note(&self) {
        self.meter.note(Usage { key_requests: 1, ..Usage::default() });
    }
}

fn token_key(session: &SessionId) -> Item {
    key(format!("K#{session}"), "TOKEN")
}

/// Returns the encryption context. It appears in the log of the key's uses, so it names no files.
fn context(tenant: &str, session: &SessionId) -> HashMap<String, String> {
    HashMap::from([("tenant".to_owned(), tenant.to_owned()), ("session".to_owned(), session.0.clone())])
}

#[async_trait]
impl TokenVault for KmsTokens {
    async fn put(&self, tenant: &str, session: &SessionId, token: Token) -> Result<(), PortError> {
        if token.secret.is_empty() || token.secret.len() > MAX_SECRET {
            let len = token.secret.len();
            return Err(PortError::Broken(format!("a token of {len} bytes; 1 to {MAX_SECRET} are kept")));
        }
        let encrypted = self
            .kms
            .encrypt()
            .key_id(&self.key)
            .plaintext(Blob::new(token.secret))
            .set_encryption_context(Some(context(tenant, session)))
            .send()
            .await
            .map_err(|error| failure("Encrypt", &self.key, &error))?;
        self.note();
        let sealed = encrypted.ciphertext_blob.ok_or_else(|| {
            PortError::Broken(format!("Encrypt on {}: the response has no ciphertext", self.key))
        })?;
        let mut item = token_key(session);
        item.insert(TENANT.to_owned(), text(tenant));
        item.insert(SEALED.to_owned(), bytes(sealed.into_inner()));
        item.insert(UNTIL.to_owned(), time(token.expires_at));
        item.insert(EXPIRES_AT.to_owned(), number(token.expires_at.timestamp() + 1));
        self.table.put(item).await
    }

    async fn get(&self, tenant: &str, session: &SessionId) -> Result<Option<Token>, PortError> {
        let Some(item) = self.table.get(token_key(session)).await? else {
            return Ok(None);
        };
        let what = format!("the token of session {session}");
        let reading = ItemReader { item: &item, what: &what };
        let expires_at = reading.time(UNTIL)?;
        if reading.text(TENANT)? != tenant || expires_at <= self.clock.now() {
            return Ok(None);
        }
        let decrypted = self
            .kms
            .decrypt()
            .key_id(&self.key)
            .ciphertext_blob(Blob::new(reading.bytes(SEALED)?))
            .set_encryption_context(Some(context(tenant, session)))
            .send()
            .await
            .map_err(|error| failure("Decrypt", &self.key, &error))?;
        self.note();
        let secret = decrypted.plaintext.and_then(|secret| String::from_utf8(secret.into_inner()).ok());
        let secret = secret.ok_or_else(|| PortError::Broken(format!("{what} is not text")))?;
        Ok(Some(Token { secret, expires_at }))
    }

    async fn delete(&self, tenant: &str, session: &SessionId) -> Result<(), PortError> {
        let own = ItemChange::if_equal(TENANT, text(tenant));
        self.table.delete(token_key(session), own).await.map(drop)
    }
}
