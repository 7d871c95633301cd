//! The part of the transaction store's contract suite about lists.

use riffle_ports::{Booked, Month, Transaction, TransactionKey};

use super::ok;
use super::transaction_store::{StatementStores, category, day, row};

/// Checks the list of one account's month: by key, in pages of any size, in both directions.
pub(super) async fn month(place: &StatementStores<'_>) {
    let file = place.file().await;
    let of = |date, identity: &str, occurrence| row(&file.id, "months", date, identity, occurrence);
    let mut january = vec![
        of(day(2026, 1, 1), "ffff", 1),
        of(day(2026, 1, 2), "aa", 2),
        of(day(2026, 1, 2), "aa", 10),
        of(day(2026, 1, 2), "aa", 1),
        // A longer identity sorts after all occurrences of the shorter one.
        of(day(2026, 1, 2), "aa0", 1),
        of(day(2026, 1, 2), "a", 9),
        of(day(2026, 1, 10), "00", 1),
        of(day(2026, 1, 31), "f", 1),
    ];
    let others = [
        of(day(2025, 12, 31), "f", 1),
        of(day(2026, 2, 1), "0", 1),
        of(day(2025, 1, 2), "aa", 1),
        row(&file.id, "month", day(2026, 1, 2), "aa", 1),
        row(&file.id, "months#2026-01", day(2026, 1, 2), "aa", 1),
        row(&file.id, "months2", day(2026, 1, 2), "aa", 1),
    ];
    let all: Vec<Transaction> = january.iter().chain(&others).cloned().collect();
    for rows in all.chunks(place.store.batch().min(5)) {
        place.store(&file, rows).await;
    }
    january.sort_by(|one, two| one.key.cmp(&two.key));
    let mut newest_first = january.clone();
    newest_first.reverse();
    for (turned, expected) in [(false, &january), (true, &newest_first)] {
        for limit in [1, 2, 3, 8, 100] {
            assert_eq!(
                &pages(place, turned, limit).await,
                expected,
                "all transactions are listed in pages of {limit}, newest first: {turned}"
            );
        }
        // A cursor need not be the key of an existing row.
        let nobody = TransactionKey { occurrence: 5, ..january[2].key.clone() };
        let beyond = ok(list(place, turned, Some(&nobody), 100).await, "month");
        let fits = |row: &&Transaction| if turned { row.key < nobody } else { row.key > nobody };
        let rest: Vec<Transaction> = expected.iter().filter(fits).cloned().collect();
        assert_eq!(
            beyond, rest,
            "a page begins after the cursor, even if no transaction has its key, newest first: {turned}"
        );
    }
    booked(place, &january).await;
    let nothing = place.store.month("contract nobody", "months", january_2026(), false, None, 10).await;
    assert_eq!(ok(nothing, "month"), [], "another tenant has no transactions");
    let nothing = place.store.month(&place.tenant, "", january_2026(), false, None, 10).await;
    assert_eq!(ok(nothing, "month"), [], "an account without transactions has an empty list");
}

/// Checks that what figures need of a month is that of its transactions, in pages of any size.
async fn booked(place: &StatementStores<'_>, january: &[Transaction]) {
    let rent = [(january[1].key.clone(), Some(category("rent")))];
    ok(place.store.categorize(&place.tenant, &rent).await, "categorize");
    let of = |(nth, row): (usize, &Transaction)| Booked {
        amount: row.amount,
        currency: row.currency.clone(),
        category: (nth == 1).then(|| "rent".to_owned()),
    };
    let expected: Vec<Booked> = january.iter().enumerate().map(of).collect();
    for limit in [1, 3, 8, 100] {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page =
                place.store.booked(&place.tenant, "months", january_2026(), after.as_ref(), limit).await;
            let (page, last) = ok(page, "booked");
            assert!(
                page.len() <= limit as usize,
                "a page of at most {limit} transactions has {}",
                page.len()
            );
            assert!(all.len() <= 20, "pages repeat transactions: {all:?}");
            assert!(!page.is_empty() || last.is_none(), "only the last page can be empty");
            all.extend(page);
            after = last;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(all, expected, "all transactions are listed in pages of {limit}");
    }
}

fn january_2026() -> Month {
    Month::of(day(2026, 1, 1))
}

async fn list(
    place: &StatementStores<'_>,
    newest_first: bool,
    after: Option<&TransactionKey>,
    limit: u32,
) -> Result<Vec<Transaction>, riffle_ports::PortError> {
    place.store.month(&place.tenant, "months", january_2026(), newest_first, after, limit).await
}

async fn pages(place: &StatementStores<'_>, newest_first: bool, limit: u32) -> Vec<Transaction> {
    let mut all: Vec<Transaction> = Vec::new();
    loop {
        let after = all.last().map(|row| row.key.clone());
        let page = ok(list(place, newest_first, after.as_ref(), limit).await, "month");
        assert!(page.len() <= limit as usize, "a page of at most {limit} transactions has {}", page.len());
        assert!(all.len() <= 20, "pages repeat transactions: {all:?}");
        let last = page.len() < limit as usize;
        all.extend(page);
        if last {
            return all;
        }
    }
}

/// Proves that each account and month with rows is listed once, ascending.
pub(super) async fn months(place: &StatementStores<'_>) {
    let own = StatementStores { tenant: format!("tenant {}", place.ids.fresh()), ..*place };
    let none = ok(own.store.months(&own.tenant).await, "months");
    assert_eq!(none, [], "a tenant without transactions has no months");
    let file = own.file().await;
    let rows = [
        row(&file.id, "b", day(2026, 2, 1), "1", 1),
        row(&file.id, "b", day(2026, 2, 28), "2", 1),
        row(&file.id, "b", day(2025, 12, 31), "3", 1),
        row(&file.id, "a", day(2026, 10, 1), "4", 1),
        row(&file.id, "a", day(2026, 9, 1), "5", 1),
        row(&file.id, "a#b", day(2026, 1, 1), "6", 1),
        row(&file.id, "", day(2026, 1, 1), "7", 1),
    ];
    for rows in rows.chunks(own.store.batch().min(5)) {
        own.store(&file, rows).await;
        own.store(&file, rows).await;
    }
    let month = |year, month| Month::of(day(year, month, 1));
    let expected = [
        (String::new(), month(2026, 1)),
        ("a".to_owned(), month(2026, 9)),
        ("a".to_owned(), month(2026, 10)),
        ("a#b".to_owned(), month(2026, 1)),
        ("b".to_owned(), month(2025, 12)),
        ("b".to_owned(), month(2026, 2)),
    ];
    assert_eq!(
        ok(own.store.months(&own.tenant).await, "months"),
        expected,
        "months are listed once each, in ascending order"
    );
    // A store may still list months that have become empty.
    own.remove(&file, &rows[2..3]).await;
    let left = ok(own.store.months(&own.tenant).await, "months");
    let still = |entry: &&(String, Month)| **entry != expected[4];
    let left: Vec<_> = left.iter().filter(still).collect();
    assert_eq!(left, expected.iter().filter(still).collect::<Vec<_>>(), "the other months stay listed");
    let rest: Vec<Transaction> = rows[..2].to_vec();
    own.remove(&file, &rest[..1]).await;
    let left = ok(own.store.months(&own.tenant).await, "months");
    assert!(left.contains(&expected[5]), "a month that still has a transaction stays listed");
}
