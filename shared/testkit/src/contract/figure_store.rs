//! The contract suite for stores of figures.

use futures::future::join_all;
use riffle_ports::{FigureStore, Ids, Month, RecordStore, StoredFigures, TransactionStore};

use super::ok;
use super::transaction_store::{StatementStores, day, row};

/// The maximum number of attempts to read an eventually consistent index.
const PATIENCE: usize = 200;

/// Checks everything that [`FigureStore`] promises, except forgetting months. `records`, `rows` and `store` must belong
/// to one installation.
///
/// # Panics
/// If a promise is broken.
pub async fn figure_store(
    records: &dyn RecordStore,
    rows: &dyn TransactionStore,
    store: &dyn FigureStore,
    ids: &dyn Ids,
) {
    let place = || StatementStores { records, store: rows, ids, tenant: format!("tenant {}", ids.fresh()) };
    versions(&place(), store).await;
    race(&place(), store).await;
    lists(&place(), &place(), store).await;
}

/// Stores a row in each of these months, because figures are accepted only in months that have had rows.
async fn known(place: &StatementStores<'_>, months: &[(&str, &str)]) {
    let file = place.file().await;
    for (at, account) in months {
        let (year, number) = at.split_once('-').expect("a month");
        let date = day(year.parse().expect("a year"), number.parse().expect("a month"), 1);
        place.store(&file, &[row(&file.id, account, date, "1", 1)]).await;
    }
}

fn month(text: &str) -> Month {
    text.parse().expect("a month")
}

/// Proves that only a caller that has seen the current version can replace it.
async fn versions(place: &StatementStores<'_>, store: &dyn FigureStore) {
    let tenant = place.tenant.clone();
    let at = month("2026-01");
    let assert_is = async |version: u64, body: &str, what: &str| {
        let stored = ok(store.figures(&tenant, "a", at).await, "figures");
        let body = body.to_owned();
        let expected = StoredFigures { account: "a".to_owned(), month: at, version, body };
        assert_eq!(stored, (version > 0).then_some(expected), "{what}");
    };
    let put = async |body: &str, seen: u64| {
        ok(store.put_figures(&tenant, "a", at, body, seen).await, "put_figures")
    };
    assert_is(0, "", "a month without transactions has no figures").await;
    assert!(!put("unknown", 0).await, "figures cannot be stored for a month without transactions");
    assert_is(0, "", "a refused put stores nothing").await;
    known(place, &[("2026-01", "a")]).await;
    assert!(!put("early", 1).await, "figures cannot be replaced before the first version is stored");
    assert_is(0, "", "a refused put stores nothing").await;
    assert!(put("first", 0).await, "the first figures of a month can be stored");
    let first = StoredFigures::first_version("first");
    assert_is(first, "first", "the first version number follows from the content").await;
    assert!(!put("second", 0).await, "figures cannot be stored as the first version when there are figures");
    assert!(
        !put("second", first + 1).await,
        "figures cannot be replaced with a version number that does not exist yet"
    );
    assert_is(first, "first", "a refused put leaves the figures unchanged").await;
    let large = format!("{{\"Ä 漢字 🦀 \\\"\":\"{}\"}}", "x".repeat(60_000));
    assert!(put(&large, first).await, "a caller that has seen the current version can replace the figures");
    assert_is(first + 1, &large, "each replacement increases the version").await;
    assert!(!put("late", first).await, "a caller that has seen an older version cannot replace the figures");
    assert!(put("", first + 1).await, "a caller that has seen the current version can replace the figures");
    assert_is(first + 2, "", "empty figures are valid").await;
    for (tenant, account, at) in
        [("contract nobody", "a", at), (tenant.as_str(), "A", at), (tenant.as_str(), "a", month("2026-02"))]
    {
        assert_eq!(
            ok(store.figures(tenant, account, at).await, "figures"),
            None,
            "figures of other tenants, accounts and months are separate"
        );
    }
}

async fn race(place: &StatementStores<'_>, store: &dyn FigureStore) {
    let tenant = place.tenant.clone();
    let at = month("2026-01");
    known(place, &[("2026-01", "a")]).await;
    let mut seen = 0;
    for _ in 0..3 {
        let bodies: Vec<String> = (0..16).map(|caller| format!("{seen} of {caller}")).collect();
        let puts = bodies.iter().map(|body| store.put_figures(&tenant, "a", at, body, seen));
        let puts: Vec<bool> = join_all(puts).await.into_iter().map(|put| ok(put, "put_figures")).collect();
        let winners: Vec<&String> =
            bodies.iter().zip(&puts).filter(|(_, put)| **put).map(|(body, _)| body).collect();
        assert_eq!(
            winners.len(),
            1,
            "of 16 concurrent callers that have seen version {seen} exactly one can store figures"
        );
        let stored = ok(store.figures(&tenant, "a", at).await, "figures").expect("one caller stored figures");
        let next = if seen == 0 { StoredFigures::first_version(winners[0]) } else { seen + 1 };
        assert_eq!(
            (stored.version, &stored.body),
            (next, winners[0]),
            "the stored figures are those of the successful caller"
        );
        seen = next;
    }
}

/// Checks the list of a tenant's figures in a range of months, by month, then account.
async fn lists(own: &StatementStores<'_>, others: &StatementStores<'_>, store: &dyn FigureStore) {
    let (tenant, other) = (own.tenant.clone(), others.tenant.clone());
    let places = [
        ("2026-01", "b"),
        ("2026-01", "a"),
        ("2025-12", "a"),
        ("2025-12", "z"),
        ("2026-10", "a#b"),
        ("2026-09", ""),
        ("2026-10", "a"),
    ];
    known(own, &places).await;
    known(others, &places).await;
    let mut expected = Vec::new();
    for (at, account) in places {
        let first = StoredFigures::first_version("old");
        for (seen, body) in [(0, "old"), (first, account)] {
            let put = store.put_figures(&tenant, account, month(at), body, seen).await;
            assert!(ok(put, "put_figures"), "without concurrent callers figures can be stored");
        }
        ok(store.put_figures(&other, account, month(at), "other", 0).await, "put_figures");
        let (account, body) = (account.to_owned(), account.to_owned());
        expected.push(StoredFigures { account, month: month(at), version: first + 1, body });
    }
    expected.sort_by(|one, two| (one.month, &one.account).cmp(&(two.month, &two.account)));
    for (from, to) in [
        ("2025-12", "2026-10"),
        ("2000-01", "2100-12"),
        ("2026-01", "2026-09"),
        ("2026-10", "2026-10"),
        ("2026-02", "2026-08"),
    ] {
        let (from, to) = (month(from), month(to));
        let fits = |figures: &&StoredFigures| from <= figures.month && figures.month <= to;
        let expected: Vec<StoredFigures> = expected.iter().filter(fits).cloned().collect();
        let mut listed = Vec::new();
        for _ in 0..PATIENCE {
            listed = ok(store.all_figures(&tenant, from, to).await, "all_figures");
            if listed == expected {
                break;
            }
        }
        assert_eq!(listed, expected, "the figures of the months from {from} to {to}, inclusive");
    }
    let none =
        store.all_figures(&format!("nobody {}", own.ids.fresh()), month("2000-01"), month("2100-12")).await;
    assert_eq!(ok(none, "all_figures"), [], "a tenant without figures has an empty list");
}
