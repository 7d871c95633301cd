//! The keys of a file's transactions, in objects (parts) of a limited number of rows, written before the rows
//! themselves.

use bytes::Bytes;
use chrono::NaiveDate;
use riffle_ports::{Failure, FileId, TransactionKey};
use serde::{Deserialize, Serialize};

use crate::Statements;
use crate::state::keys;

/// The stored form of the keys. Each account's name is stored once, because a file may have millions of rows.
#[derive(Serialize, Deserialize)]
struct PartKeys {
    accounts: Vec<String>,
    /// Index in `accounts`, date, identity, occurrence.
    rows: Vec<(usize, NaiveDate, String, u32)>,
}

/// Encodes the keys as an object.
fn encode(rows: &[TransactionKey]) -> Bytes {
    let mut part = PartKeys { accounts: Vec::new(), rows: Vec::with_capacity(rows.len()) };
    for key in rows {
        // There are few accounts, and rows of one account mostly follow each other.
        let known = part.accounts.iter().rposition(|account| *account == key.account);
        let account = known.unwrap_or_else(|| {
            part.accounts.push(key.account.clone());
            part.accounts.len() - 1
        });
        part.rows.push((account, key.date, key.identity.clone(), key.occurrence));
    }
    serde_json::to_vec(&part).expect("keys are plain data").into()
}

/// Decodes the keys in an object. `None`: the object is not valid.
pub fn decode(json: &[u8]) -> Option<Vec<TransactionKey>> {
    let part: PartKeys = serde_json::from_slice(json).ok()?;
    let key = |(account, date, identity, occurrence): (usize, NaiveDate, String, u32)| {
        Some(TransactionKey { account: part.accounts.get(account)?.clone(), date, identity, occurrence })
    };
    part.rows.into_iter().map(key).collect()
}

impl Statements {
    pub(crate) async fn put_part(
        &self,
        tenant: &str,
        file: &FileId,
        part: u32,
        rows: &[TransactionKey],
    ) -> Result<(), Failure> {
        Ok(self.objects.put(&keys::part(tenant, file, part), encode(rows)).await?)
    }

    /// Returns the keys of a part, or `None` if there is no such part.
    pub(crate) async fn part(
        &self,
        tenant: &str,
        file: &FileId,
        part: u32,
    ) -> Result<Option<Vec<TransactionKey>>, Failure> {
        let Some(json) = self.objects.get(&keys::part(tenant, file, part)).await? else { return Ok(None) };
        match decode(&json) {
            Some(keys) => Ok(Some(keys)),
            None => Err(Failure::Reject(format!("part {part} of file {file} cannot be read"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_as_they_were() {
        let key = |account: &str, occurrence| TransactionKey {
            account: account.into(),
            date: NaiveDate::default(),
            identity: "00ff".into(),
            occurrence,
        };
        let keys = [key("a", 1), key("b", 1), key("a", 2)];
        assert_eq!(decode(&encode(&keys)), Some(keys.to_vec()));
        assert_eq!(decode(b"{\"accounts\":[],\"rows\":[[0,\"2026-01-01\",\"00\",1]]}"), None);
        assert_eq!(decode(b"[]"), None);
    }
}
