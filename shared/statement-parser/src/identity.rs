//! Identifies the same transaction in different files.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// The version of the fingerprint algorithm. A change needs a new version, because existing identities must not change.
const VERSION: u8 = 1;

/// A fingerprint of 128 bits that is the same for the same transaction in every statement of the same bank's dialect.
///
/// **By reference**: if the bank gives its transactions ids, the identity is a hash of the account, the id, and the
/// parsed date, amount and currency. Everything else the bank may rewrite without effect. Date and amount are included
/// because some banks give the same id to different transactions, such as the parts of one payment.
///
/// **By fields**: otherwise the identity is a hash of the account and of the row's own fields *as raw bytes of the
/// file*: dates, amount, currency, kind, other side and description. The bytes are raw because parsed values may differ
/// between files: a short file may not show whether 02/03 is in February, or its encoding may be detected differently.
/// Fields that may change without a change of the transaction are excluded: balance, place, category, notes, status.
///
/// Two genuine transactions may have the same identity, for example two coffees on one day. They are numbered within a
/// file ([`crate::Row::occurrence`]), so that account, identity and occurrence form a key. A statement that is read
/// again, or overlaps another one, yields the same keys, and both coffees are kept.
///
/// The text form is `r1-` or `f1-`, followed by 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    pub basis: Basis,
    pub version: u8,
    pub hash: u128,
}

/// The source of an [`Identity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The bank's own id.
    Reference,
    /// The row's own fields.
    Fields,
}

impl Identity {
    pub(crate) fn of_reference(
        account: Option<&str>,
        reference: &str,
        date: NaiveDate,
        amount: Decimal,
        currency: Option<&str>,
    ) -> Self {
        let mut hash = Hash::new(b'r', account);
        hash.field(reference.as_bytes());
        hash.field(date.to_string().as_bytes());
        hash.field(amount.normalize().to_string().as_bytes());
        hash.optional(currency);
        hash.finish(Basis::Reference)
    }

    pub(crate) fn of_fields(
        account: Option<&str>,
        fields: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Self {
        let mut hash = Hash::new(b'f', account);
        for field in fields {
            hash.field(field.as_ref());
        }
        hash.finish(Basis::Fields)
    }
}

struct Hash(Sha256);

impl Hash {
    fn new(basis: u8, account: Option<&str>) -> Self {
        let mut hash = Self(Sha256::new());
        hash.0.update([basis, VERSION]);
        hash.optional(account);
        hash
    }

    /// Adds a field, prefixed with its length, so that different lists of fields are always different bytes.
    fn field(&mut self, field: &[u8]) {
        self.0.update((field.len() as u64).to_le_bytes());
        self.0.update(field);
    }

    fn optional(&mut self, field: Option<&str>) {
        self.0.update([u8::from(field.is_some())]);
        self.field(field.unwrap_or_default().as_bytes());
    }

    fn finish(self, basis: Basis) -> Identity {
        let digest: [u8; 32] = self.0.finalize().into();
        let (half, _) = digest.split_at(16);
        let hash = half.iter().fold(0, |hash, byte| hash << 8 | u128::from(*byte));
        Identity { basis, version: VERSION, hash }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let basis = match self.basis {
            Basis::Reference => 'r',
            Basis::Fields => 'f',
        };
        write!(f, "{basis}{}-{:032x}", self.version, self.hash)
    }
}

/// The error for a text that is not an identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid transaction identity")]
pub struct NoIdentity;

impl FromStr for Identity {
    type Err = NoIdentity;

    fn from_str(text: &str) -> Result<Self, NoIdentity> {
        let (head, hash) = text.split_once('-').ok_or(NoIdentity)?;
        let basis = match head.as_bytes().first() {
            Some(b'r') => Basis::Reference,
            Some(b'f') => Basis::Fields,
            _ => return Err(NoIdentity),
        };
        let version = head[1..].parse().map_err(|_| NoIdentity)?;
        if hash.len() != 32 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NoIdentity);
        }
        let hash = u128::from_str_radix(hash, 16).map_err(|_| NoIdentity)?;
        Ok(Self { basis, version, hash })
    }
}

impl Serialize for Identity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Identity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_written_and_read_again() {
        let identity = Identity::of_fields(Some("DE1"), [&b"a"[..], b"b"]);
        let text = identity.to_string();
        assert!(text.starts_with("f1-"), "{text}");
        assert_eq!(text.parse(), Ok(identity));
        assert_eq!(serde_json::from_str::<Identity>(&format!("\"{text}\"")).ok(), Some(identity));
        for wrong in [
            "",
            "f1",
            "x1-00",
            "f1-+0000000000000000000000000000000",
            "f300-00000000000000000000000000000000",
        ] {
            assert_eq!(wrong.parse::<Identity>(), Err(NoIdentity), "{wrong}");
        }
    }

    /// Identities are stored: the algorithm must never change under version 1.
    #[test]
    fn version_1_stays_what_it_is() {
        let date = NaiveDate::from_ymd_opt(2024, 1, 31).expect("a day");
        let by_reference =
            Identity::of_reference(Some("DE1"), "T1", date, Decimal::new(-1250, 2), Some("EUR"));
        assert_eq!(by_reference.to_string(), "r1-78ce55cabc618a4c4d7165a9fdec9cbf");
        assert_eq!(
            Identity::of_fields(None, [&b"31.01.2024"[..], b"-12,50"]).to_string(),
            "f1-62285dcba5f7483d2ecbff131566b985"
        );
        let more_decimals = Decimal::new(-12500, 3);
        assert_eq!(Identity::of_reference(Some("DE1"), "T1", date, more_decimals, Some("EUR")), by_reference);
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        assert_ne!(
            Identity::of_fields(None, [&b"ab"[..], b""]),
            Identity::of_fields(None, [&b"a"[..], b"b"])
        );
        assert_ne!(Identity::of_fields(None, [&b"a"[..]]), Identity::of_fields(Some(""), [&b"a"[..]]));
    }
}
