//! Which transactions a file shows: their keys, as objects of so many rows, written before the rows themselves.

use bytes::Bytes;
use chrono::NaiveDate;
use riffle_ports::{Failure, FileId, TransactionKey};
use serde::{Deserialize, Serialize};

use crate::Statements;
use crate::state::keys;

/// Keys as they are written: accounts once, as there may be millions of rows.
#[derive(Serialize, Deserialize)]
struct Part {
    accounts: Vec<String>,
    /// Account by its place in `accounts`, date, identity, occurrence.
    rows: Vec<(usize, NaiveDate, String, u32)>,
}

/// The keys as an object.
fn encode(rows: &[TransactionKey]) -> Bytes {
    let mut part = Part { accounts: Vec::new(), rows: Vec::with_capacity(rows.len()) };
    for key in rows {
        // Rows of an account mostly follow one another, and there are few.
        let known = part.accounts.iter().rposition(|account| *account == key.account);
        let account = known.unwrap_or_else(|| {
            part.accounts.push(key.account.clone());
            part.accounts.len() - 1
        });
        part.rows.push((account, key.date, key.identity.clone(), key.occurrence));
    }
    serde_json::to_vec(&part).expect("keys are plain data").into()
}

/// The keys in an object. `None`: it is no such object.
pub fn decode(json: &[u8]) -> Option<Vec<TransactionKey>> {
    let part: Part = serde_json::from_slice(json).ok()?;
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

    /// `None`: there is no such part.
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
