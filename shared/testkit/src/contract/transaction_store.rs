//! The contract suite for transaction stores.

use chrono::NaiveDate;
use futures::future::join_all;
use riffle_ports::{
    Category, FileId, Ids, Month, Record, RecordStore, StoredRows, Subject, Transaction, TransactionKey,
    TransactionStore,
};
use rust_decimal::Decimal;

use super::ok;
use super::record_store::{create, held, moved, new_record, next, replace};

/// The two stores that hold a file's record and its rows, with a tenant that only this suite uses.
pub(super) struct StatementStores<'a> {
    pub records: &'a dyn RecordStore,
    pub store: &'a dyn TransactionStore,
    pub ids: &'a dyn Ids,
    pub tenant: String,
}

/// A file, and its record as last stored.
pub(super) struct RecordedFile {
    pub id: FileId,
    record: Record,
}

impl RecordedFile {
    fn of(record: Record) -> Self {
        Self { id: FileId(record.subject.id.clone()), record }
    }
}

impl StatementStores<'_> {
    /// Creates a file that is being processed under the token `token`.
    pub async fn file(&self) -> RecordedFile {
        let record = new_record(self.ids, &self.tenant);
        create(self.records, &record).await;
        RecordedFile::of(replace(self.records, &record, held(&record, 2, "token"), &[]).await)
    }

    /// Replaces the file's record with the changed one.
    async fn becomes(&self, file: &RecordedFile, change: impl FnOnce(&Record) -> Record) {
        replace(self.records, &file.record, change(&file.record), &[]).await;
    }

    pub async fn store(&self, file: &RecordedFile, rows: &[Transaction]) -> Vec<bool> {
        let stored = self.store.store(&self.tenant, &file.id, "token", rows).await;
        match ok(stored, "store") {
            StoredRows::Done(first) => first,
            StoredRows::NotYours => panic!("the file is leased with this token"),
        }
    }

    pub async fn get(&self, rows: &[Transaction]) -> Vec<Option<Transaction>> {
        ok(self.store.get(&self.tenant, &keys(rows)).await, "get")
    }

    pub async fn remove(&self, file: &RecordedFile, rows: &[Transaction]) {
        ok(self.store.remove(&self.tenant, &file.id, &keys(rows)).await, "remove");
    }

    async fn assert_gone(&self, rows: &[Transaction], what: &str) {
        let found = self.get(rows).await;
        assert!(found.iter().all(Option::is_none), "{what}: {found:?}");
    }

    async fn assert_there(&self, rows: &[Transaction], what: &str) {
        let expected: Vec<Option<Transaction>> = rows.iter().cloned().map(Some).collect();
        assert_eq!(self.get(rows).await, expected, "{what}");
    }
}

pub(super) fn keys(rows: &[Transaction]) -> Vec<TransactionKey> {
    rows.iter().map(|row| row.key.clone()).collect()
}

pub(super) fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a valid date")
}

pub(super) fn row(
    file: &FileId,
    account: &str,
    date: NaiveDate,
    identity: &str,
    occurrence: u32,
) -> Transaction {
    Transaction {
        key: TransactionKey { account: account.to_owned(), date, identity: identity.to_owned(), occurrence },
        value_date: None,
        amount: Decimal::new(-1_250, 2),
        currency: "EUR".to_owned(),
        description: format!("brought by {file}"),
        clean: "Coffee".to_owned(),
        counterparty: None,
        balance: None,
        kind: None,
        reference: None,
        file: file.clone(),
        place: "line 12".to_owned(),
        category: None,
    }
}

pub(super) fn category(name: &str) -> Category {
    Category { name: name.to_owned(), source: "rule 3".to_owned(), confidence: 100 }
}

/// Checks unusual texts, amounts of every scale, and absent optional fields.
pub(super) async fn content(place: &StatementStores<'_>) {
    let file = place.file().await;
    let odd = "Ünïcode \"quoted\" \\ 漢字 🦀\u{202e}'; --\n\t<&>";
    let full = Transaction {
        value_date: Some(day(2026, 2, 1)),
        amount: Decimal::from_str_exact("123456789012345678.9012345").expect("a decimal"),
        description: odd.repeat(20),
        clean: odd.to_owned(),
        counterparty: Some(odd.to_owned()),
        balance: Some(Decimal::new(-100, 2)),
        kind: Some("DIRECT DEBIT".to_owned()),
        reference: Some("2026-01/7".to_owned()),
        ..row(&file.id, &"Ä".repeat(TransactionKey::MAX_ACCOUNT / 2), day(2026, 1, 31), &"f".repeat(64), 1)
    };
    let bare = Transaction {
        currency: String::new(),
        description: String::new(),
        clean: String::new(),
        place: String::new(),
        ..row(&file.id, "", day(1999, 12, 31), "0", u32::MAX)
    };
    let scales =
        ["0", "0.00", "-0.10", "1E-10", "12.500"].iter().enumerate().map(|(nth, amount)| Transaction {
            amount: Decimal::from_scientific(amount)
                .or_else(|_| Decimal::from_str_exact(amount))
                .expect("a decimal"),
            ..row(&file.id, "scales", day(2026, 1, 1), &format!("{nth}"), 1)
        });
    let rows: Vec<Transaction> = [full, bare].into_iter().chain(scales).collect();
    assert_eq!(place.store(&file, &rows).await, vec![true; rows.len()], "all transactions are new");
    place.assert_there(&rows, "transactions are kept unchanged").await;
    for (found, stored) in place.get(&rows).await.iter().flatten().zip(&rows) {
        assert_eq!(found.amount.to_string(), stored.amount.to_string(), "an amount keeps its scale");
    }
    let mut turned = rows.clone();
    turned.reverse();
    turned.insert(1, row(&file.id, "nowhere", day(2026, 1, 1), "0", 1));
    let found = place.get(&turned).await;
    assert_eq!(found[1], None, "an unknown key has no transaction");
    assert_eq!(found[0].as_ref(), rows.last(), "transactions are returned in the order of the keys");
    assert_eq!(ok(place.store.get(&place.tenant, &[]).await, "get"), [], "get without keys returns nothing");
    let foreign = ok(place.store.get("contract nobody", &keys(&rows)).await, "get");
    assert!(foreign.iter().all(Option::is_none), "another tenant has none of the transactions");
}

/// Checks the largest batch, and keys that differ in one part only.
pub(super) async fn batches(place: &StatementStores<'_>) {
    let file = place.file().await;
    let most = place.store.batch();
    assert!(most >= 10, "a call accepts {most} rows, but the suite needs at least ten");
    let account = "ä".repeat(TransactionKey::MAX_ACCOUNT / 2);
    let rows: Vec<Transaction> = (1..=most)
        .map(|nth| {
            let occurrence = u32::try_from(nth).unwrap_or_default();
            Transaction {
                description: "x".repeat(1_000),
                ..row(&file.id, &account, day(2026, 3, 1), &"a".repeat(64), occurrence)
            }
        })
        .collect();
    assert_eq!(place.store(&file, &rows).await, vec![true; most], "all transactions of a full batch are new");
    place.assert_there(&rows, "a full batch is stored").await;
    let categories: Vec<_> = keys(&rows).into_iter().map(|key| (key, Some(category("full")))).collect();
    ok(place.store.categorize(&place.tenant, &categories).await, "categorize");
    let found = place.get(&rows).await;
    let named = found.iter().flatten().filter(|row| row.category == Some(category("full"))).count();
    assert_eq!(named, most, "a full batch is categorised");
    place.remove(&file, &rows).await;
    place.assert_gone(&rows, "a full batch is removed").await;
    assert_eq!(place.store(&file, &[]).await, Vec::<bool>::new(), "storing an empty batch returns nothing");

    let date = day(2026, 3, 1);
    let alike = [
        row(&file.id, "a", date, "b", 1),
        row(&file.id, "a", date, "b", 2),
        row(&file.id, "a", date, "b", 12),
        row(&file.id, "a", date, "c", 1),
        row(&file.id, "a", day(2026, 3, 2), "b", 1),
        row(&file.id, "ab", date, "b", 1),
        row(&file.id, "A", date, "b", 1),
        row(&file.id, "a#b", date, "b", 1),
        row(&file.id, "a/b", date, "b", 1),
        row(&file.id, "a ", date, "b", 1),
    ];
    for row in &alike {
        let first = place.store(&file, std::slice::from_ref(row)).await;
        assert_eq!(first, [true], "{:?} must be a key of its own", row.key);
    }
    place.assert_there(&alike, "transactions with similar keys are separate").await;
}

/// Proves that the first file to bring a row stays the first, and that storing a row again does not change it.
pub(super) async fn first_wins(place: &StatementStores<'_>) {
    let (one, two) = (place.file().await, place.file().await);
    let of = |file: &RecordedFile, identity: &str| row(&file.id, "shared", day(2026, 1, 5), identity, 1);
    let ones = [of(&one, "1"), of(&one, "2")];
    assert_eq!(place.store(&one, &ones).await, [true, true], "all transactions of the first file are new");
    let twos = [of(&two, "2"), of(&two, "3")];
    for again in ["", ", again"] {
        assert_eq!(
            place.store(&two, &twos).await,
            [false, true],
            "a transaction that an earlier file has stored is not new{again}"
        );
        assert_eq!(
            place.store(&one, &ones).await,
            [true, true],
            "storing the first file again returns the same{again}"
        );
    }
    let stored = [ones[0].clone(), ones[1].clone(), twos[1].clone()];
    place.assert_there(&stored, "the content of the first file is kept").await;
    let named = [(stored[1].key.clone(), Some(category("coffee")))];
    ok(place.store.categorize(&place.tenant, &named).await, "categorize");
    place.store(&two, &twos).await;
    let found = place.get(&stored[1..2]).await;
    let found = found[0].as_ref().and_then(|row| row.category.clone());
    assert_eq!(found, Some(category("coffee")), "storing a transaction again keeps its category");

    // Many concurrent calls: each row gets one first file, and all calls agree on which.
    let mut files = Vec::new();
    for _ in 0..8 {
        files.push(place.file().await);
    }
    let rows = |file: &RecordedFile| -> Vec<Transaction> {
        (0..10).map(|nth| row(&file.id, "race", day(2026, 1, 5), &format!("{nth}"), 1)).collect()
    };
    let batches: Vec<Vec<Transaction>> = files.iter().map(rows).collect();
    // Some in order and some in reverse, so that they meet in the middle.
    let batches: Vec<Vec<Transaction>> = batches
        .into_iter()
        .enumerate()
        .map(|(nth, mut rows)| {
            if nth % 2 == 1 {
                rows.reverse();
            }
            rows
        })
        .collect();
    let raced = join_all(files.iter().zip(&batches).map(|(file, rows)| place.store(file, rows))).await;
    let found = place.get(&batches[0]).await;
    for (nth, found) in found.iter().enumerate() {
        let found = found.as_ref().expect("eight files stored the transaction");
        for ((file, rows), first) in files.iter().zip(&batches).zip(&raced) {
            let at = rows.iter().position(|row| row.key == found.key).expect("each file has the transaction");
            assert_eq!(
                first[at],
                found.file == file.id,
                "row {nth}: the transaction is new for the file that stored it first, and only for that file"
            );
            assert_eq!(
                found.description,
                format!("brought by {}", found.file),
                "row {nth}: the content is that of the first file"
            );
        }
    }
    for (file, (rows, first)) in files.iter().zip(batches.iter().zip(&raced)) {
        assert_eq!(&place.store(file, rows).await, first, "repeated calls return the same");
    }
}

/// Proves that only the worker that holds the file's record can store rows.
pub(super) async fn guard(place: &StatementStores<'_>) {
    let new = || RecordedFile::of(new_record(place.ids, &place.tenant));
    let (waiting, unknown, elsewhere) = (new(), new(), new());
    create(place.records, &waiting.record).await;
    let other_flow = Subject::new("workbook", &*elsewhere.record.subject.id);
    let other_flow = Record { subject: other_flow, ..elsewhere.record.clone() };
    create(place.records, &other_flow).await;
    replace(place.records, &other_flow, held(&other_flow, 2, "token"), &[]).await;
    let [released, deleting, done, failed, taken, other] = [
        place.file().await,
        place.file().await,
        place.file().await,
        place.file().await,
        place.file().await,
        place.file().await,
    ];
    place.becomes(&released, |seen| Record { lease: None, ..next(seen, 3) }).await;
    // The lease remains while the file is being deleted.
    place.becomes(&deleting, |seen| Record { state: "deleting".to_owned(), ..next(seen, 3) }).await;
    place.becomes(&done, |seen| moved(seen, 3, "processed", false)).await;
    place.becomes(&failed, |seen| moved(seen, 3, "failed", false)).await;
    place.becomes(&taken, |seen| held(seen, 2_000_000, "another")).await;
    let shared = row(&other.id, "guard", day(2026, 1, 5), "shared", 1);
    place.store(&other, std::slice::from_ref(&shared)).await;

    for (file, why) in [
        (&waiting, "a file that is not being processed"),
        (&unknown, "an unknown file"),
        (&elsewhere, "a file that only another flow has"),
        (&released, "a file whose lease was released"),
        (&deleting, "a file that is being deleted"),
        (&done, "a processed file"),
        (&failed, "a failed file"),
        (&taken, "a file that another worker has leased since"),
    ] {
        let rows = [shared.clone(), row(&file.id, "guard", day(2026, 1, 5), file.id.as_ref(), 1)];
        let stored = place.store.store(&place.tenant, &file.id, "token", &rows).await;
        assert_eq!(ok(stored, "store"), StoredRows::NotYours, "{why}");
        place.assert_gone(&rows[1..], why).await;
    }
    let rows = [row(&other.id, "guard", day(2026, 1, 5), "other", 1)];
    let stored = place.store.store("contract nobody", &other.id, "token", &rows).await;
    assert_eq!(ok(stored, "store"), StoredRows::NotYours, "another tenant's file");
    let stored = place.store.store(&place.tenant, &other.id, "", &rows).await;
    assert_eq!(ok(stored, "store"), StoredRows::NotYours, "no token");
    place.assert_gone(&rows, "calls for another tenant's file or without a token store nothing").await;
    // The refused files do not count as showing the row: it is deleted with the only file that does.
    place.remove(&other, std::slice::from_ref(&shared)).await;
    place
        .assert_gone(&[shared], "a refused call does not record the file as an owner of the transaction")
        .await;
    let anew = [row(&taken.id, "guard", day(2026, 1, 5), "anew", 1)];
    let stored = place.store.store(&place.tenant, &taken.id, "another", &anew).await;
    assert_eq!(
        ok(stored, "store"),
        StoredRows::Done(vec![true]),
        "the worker with the current lease can store transactions"
    );
}

/// Proves that only the worker that holds the file can withdraw its rows.
pub(super) async fn withdrawal(place: &StatementStores<'_>) {
    let [one, two, done] = [place.file().await, place.file().await, place.file().await];
    let of = |file: &RecordedFile, identity: &str| row(&file.id, "withdrawal", day(2026, 1, 5), identity, 1);
    let ones = [of(&one, "own"), of(&one, "shared")];
    let dones = [of(&done, "done")];
    place.store(&one, &ones).await;
    place.store(&two, &[of(&two, "shared")]).await;
    place.store(&done, &dones).await;
    place
        .becomes(&done, |seen| Record { lease: seen.lease.clone(), ..moved(seen, 3, "processed", false) })
        .await;
    let withdraw = async |tenant: &str, file: &RecordedFile, token: &str, rows: &[Transaction]| {
        ok(place.store.withdraw(tenant, &file.id, token, &keys(rows)).await, "withdraw")
    };
    assert!(!withdraw(&place.tenant, &one, "another", &ones).await, "another worker has the lease");
    assert!(!withdraw(&place.tenant, &one, "", &ones).await, "an empty token is not a lease");
    assert!(!withdraw("contract nobody", &one, "token", &ones).await, "the file belongs to another tenant");
    place.assert_there(&ones, "a call without the lease removes nothing").await;
    assert!(!withdraw(&place.tenant, &done, "token", &dones).await, "the file is processed already");
    place.assert_there(&dones, "the transactions of a processed file are kept").await;
    for _ in 0..2 {
        assert!(
            withdraw(&place.tenant, &one, "token", &ones).await,
            "a worker with the lease can withdraw transactions"
        );
        place.assert_gone(&ones[..1], "a transaction of this file alone is removed").await;
        place.assert_there(&ones[1..], "a transaction of another file is kept").await;
    }
    assert!(withdraw(&place.tenant, &one, "token", &[]).await, "withdrawing no transactions succeeds");
    assert_eq!(place.store(&one, &ones).await, [true, true], "withdrawn transactions can be stored again");
    place.remove(&one, &ones).await;
    place.becomes(&two, |seen| held(seen, 2_000_000, "since")).await;
    assert!(!withdraw(&place.tenant, &two, "token", &ones).await, "another worker has leased the file since");
    place.assert_there(&ones[1..], "a call without the lease removes nothing").await;
    assert!(
        withdraw(&place.tenant, &two, "since", &ones).await,
        "the worker with the current lease can withdraw transactions"
    );
    place.assert_gone(&ones, "transactions without a file are removed").await;
}

/// Proves that a transaction is deleted with the last file that shows it.
pub(super) async fn removal(place: &StatementStores<'_>) {
    let [one, two, stranger] = [place.file().await, place.file().await, place.file().await];
    let of = |file: &RecordedFile, identity: &str| row(&file.id, "removal", day(2026, 1, 5), identity, 1);
    let ones = [of(&one, "own"), of(&one, "shared")];
    let twos = [of(&two, "shared"), of(&two, "other")];
    place.store(&one, &ones).await;
    place.store(&two, &twos).await;
    let all = [ones[0].clone(), ones[1].clone(), twos[1].clone()];
    place.remove(&stranger, &all).await;
    place.assert_there(&all, "a file cannot remove transactions that it does not have").await;
    ok(place.store.remove("contract nobody", &one.id, &keys(&all)).await, "remove");
    place.assert_there(&all, "another tenant cannot remove transactions").await;
    for again in ["", ", again"] {
        place.remove(&one, &all).await;
        place.assert_gone(&ones[..1], &format!("a transaction of this file alone is removed{again}")).await;
        place.assert_there(&all[1..], &format!("a transaction of another file is kept{again}")).await;
    }
    assert_eq!(
        place.store(&two, &twos).await,
        [false, true],
        "the first file of a transaction stays recorded after its removal"
    );
    let month = Month::of(day(2026, 1, 5));
    let left = place.store.month(&place.tenant, "removal", month, false, None, 10).await;
    assert_eq!(ok(left, "month").len(), 2, "removed transactions are not listed");
    place.remove(&two, &all).await;
    place.assert_gone(&all, "transactions without a file are removed").await;
    ok(place.store.remove(&place.tenant, &two.id, &[]).await, "remove nothing");
    let third = [of(&stranger, "shared")];
    assert_eq!(place.store(&stranger, &third).await, [true], "a removed transaction can be stored again");
    place.assert_there(&third, "a transaction stored again has the new content").await;
}

/// Proves that categories can be set and cleared, and that setting one creates no row.
pub(super) async fn categories(place: &StatementStores<'_>) {
    let file = place.file().await;
    let rows: Vec<Transaction> =
        (0..3).map(|nth| row(&file.id, "categories", day(2026, 1, 5), &format!("{nth}"), 1)).collect();
    place.store(&file, &rows[..2]).await;
    let odd = Category { name: "Ä \"odd\" 漢字".to_owned(), source: "rule 12".to_owned(), confidence: 7 };
    let named = [
        (rows[0].key.clone(), Some(odd.clone())),
        (rows[1].key.clone(), Some(category("coffee"))),
        (rows[2].key.clone(), Some(category("nothing"))),
    ];
    ok(place.store.categorize(&place.tenant, &named).await, "categorize");
    let expected = |first: Option<Category>| {
        [
            Some(Transaction { category: first, ..rows[0].clone() }),
            Some(Transaction { category: Some(category("coffee")), ..rows[1].clone() }),
            None,
        ]
    };
    assert_eq!(place.get(&rows).await, expected(Some(odd.clone())), "unknown transactions are skipped");
    let foreign = [(rows[0].key.clone(), Some(category("foreign")))];
    ok(place.store.categorize("contract nobody", &foreign).await, "categorize");
    assert_eq!(place.get(&rows).await, expected(Some(odd)), "another tenant cannot change categories");
    let cleared = [(rows[0].key.clone(), None)];
    ok(place.store.categorize(&place.tenant, &cleared).await, "categorize");
    assert_eq!(place.get(&rows).await, expected(None), "a category can be removed");
    ok(place.store.categorize(&place.tenant, &[]).await, "categorize nothing");
    let month = Month::of(day(2026, 1, 5));
    let listed = place.store.month(&place.tenant, "categories", month, false, None, 10).await;
    let listed: Vec<Option<Category>> = ok(listed, "month").into_iter().map(|row| row.category).collect();
    assert_eq!(listed, [None, Some(category("coffee"))], "lists have the categories");
}
