//! The contract suite for the months shared by the stores of transactions and figures.

use futures::future::{join, join_all};
use riffle_ports::{FigureStore, Ids, Month, RecordStore, StoredFigures, Transaction, TransactionStore};

use super::ok;
use super::transaction_store::{StatementStores, day, row};

/// The number of repetitions of each race.
const ROUNDS: u32 = 16;
const ACCOUNT: &str = "a";

/// Checks everything that [`FigureStore::forget_month`] promises about months that hold transactions. `records`,
/// `store` and `figures` must belong to one installation.
///
/// # Panics
/// If a promise is broken.
pub async fn forgotten_months(
    records: &dyn RecordStore,
    store: &dyn TransactionStore,
    figures: &dyn FigureStore,
    ids: &dyn Ids,
) {
    let both = || Both {
        place: StatementStores { records, store, ids, tenant: format!("tenant {}", ids.fresh()) },
        figures,
        month: Month::of(day(2026, 1, 1)),
    };
    in_turn(&both()).await;
    stored_meanwhile(&both()).await;
    derived_meanwhile(&both()).await;
    derived_first_meanwhile(&both()).await;
}

struct Both<'a> {
    place: StatementStores<'a>,
    figures: &'a dyn FigureStore,
    month: Month,
}

impl Both<'_> {
    async fn forget(&self, seen: u64) -> bool {
        let forgotten = self.figures.forget_month(&self.place.tenant, ACCOUNT, self.month, seen).await;
        ok(forgotten, "forget_month")
    }

    async fn put(&self, body: &str, seen: u64) -> bool {
        let put = self.figures.put_figures(&self.place.tenant, ACCOUNT, self.month, body, seen).await;
        ok(put, "put_figures")
    }

    /// Returns the version of the stored figures, 0 if there are none.
    async fn version(&self) -> u64 {
        let stored = self.figures.figures(&self.place.tenant, ACCOUNT, self.month).await;
        ok(stored, "figures").map_or(0, |figures| figures.version)
    }

    async fn is_known(&self) -> bool {
        let months = ok(self.place.store.months(&self.place.tenant).await, "months");
        months.contains(&(ACCOUNT.to_owned(), self.month))
    }

    async fn rows(&self) -> Vec<Transaction> {
        let rows = self.place.store.month(&self.place.tenant, ACCOUNT, self.month, false, None, 10).await;
        ok(rows, "month")
    }
}

async fn in_turn(both: &Both<'_>) {
    let file = both.place.file().await;
    let row = [row(&file.id, ACCOUNT, day(2026, 1, 31), "1", 1)];
    both.place.store(&file, &row).await;
    assert!(both.put("of one", 0).await, "the first figures of a month can be stored");
    let seen = both.version().await;
    for wrong in [seen, 0] {
        assert!(!both.forget(wrong).await, "a month with a transaction cannot be forgotten");
        assert_eq!(both.version().await, seen, "a refused call leaves the figures unchanged");
        assert!(both.is_known().await, "a refused call leaves the month known");
    }
    both.place.remove(&file, &row).await;
    for wrong in [0, seen - 1, seen + 1] {
        assert!(
            !both.forget(wrong).await,
            "a month cannot be forgotten with version {wrong}, which is not the current one"
        );
        assert_eq!(both.version().await, seen, "a refused call leaves the figures unchanged");
    }
    assert!(
        both.forget(seen).await,
        "an empty month can be forgotten with the current version of its figures"
    );
    assert_eq!(
        (both.version().await, both.is_known().await),
        (0, false),
        "a forgotten month has no figures and is not known"
    );
    assert!(both.forget(0).await, "forgetting a forgotten month again succeeds");
    assert!(
        !both.put("late", seen).await,
        "a caller that has seen the forgotten figures cannot store figures"
    );
    assert!(
        !both.put("late", 0).await,
        "a caller that has seen the removed transactions cannot store figures"
    );
    assert_eq!(
        (both.version().await, both.is_known().await),
        (0, false),
        "a refused put leaves the month forgotten"
    );
    both.place.store(&file, &row).await;
    assert!(both.is_known().await, "storing a transaction makes a forgotten month known again");
    assert!(both.put("again", 0).await, "the first figures of the new transactions can be stored");
    assert_eq!(both.version().await, StoredFigures::first_version("again"), "versions start again");
}

/// Proves that the month of a stored row is known, in whatever order storing and forgetting happen.
async fn stored_meanwhile(both: &Both<'_>) {
    let file = both.place.file().await;
    for round in 0..ROUNDS {
        let row = [row(&file.id, ACCOUNT, day(2026, 1, 1), &round.to_string(), 1)];
        // In every second round there are figures to forget, too.
        let seen = if round % 2 == 0 { 0 } else { both.version().await };
        let (forgets, again) = ((0..3).map(|_| both.forget(seen)), (0..2).map(|_| both.forget(seen)));
        join(join(join_all(forgets), both.place.store(&file, &row)), join_all(again)).await;
        assert_eq!(both.rows().await.len(), 1, "the stored transaction is kept, round {round}");
        assert!(both.is_known().await, "the month of the stored transaction is known, round {round}");
        let left = both.version().await;
        assert!(
            both.put(&format!("round {round}"), left).await,
            "without concurrent callers figures can be stored"
        );
        both.place.remove(&file, &row).await;
    }
}

/// Proves that if one caller forgets a month and another derives its figures again, both from the same version, only
/// one succeeds.
async fn derived_meanwhile(both: &Both<'_>) {
    let file = both.place.file().await;
    let row = [row(&file.id, ACCOUNT, day(2026, 1, 1), "1", 1)];
    for round in 0..ROUNDS {
        both.place.store(&file, &row).await;
        let left = both.version().await;
        assert!(
            both.put(&format!("round {round}"), left).await,
            "without concurrent callers figures can be stored"
        );
        let seen = both.version().await;
        both.place.remove(&file, &row).await;
        let ((first, put), second) =
            join(join(both.forget(seen), both.put("anew", seen)), both.forget(seen)).await;
        let version = both.version().await;
        if put {
            assert!(
                !first && !second,
                "the month was forgotten with an older version of its figures, round {round}"
            );
            assert_eq!(version, seen + 1, "the new figures are stored, round {round}");
        } else {
            assert_eq!((version, both.is_known().await), (0, false), "the month is forgotten, round {round}");
        }
    }
}

/// Proves that first figures derived from rows removed meanwhile do not remain in a forgotten month.
async fn derived_first_meanwhile(both: &Both<'_>) {
    let file = both.place.file().await;
    for round in 0..ROUNDS {
        let row = [row(&file.id, ACCOUNT, day(2026, 1, 1), &round.to_string(), 1)];
        both.place.store(&file, &row).await;
        both.place.remove(&file, &row).await;
        let ((first, _), second) =
            join(join(both.forget(0), both.put(&format!("round {round}"), 0)), both.forget(0)).await;
        let left = both.version().await;
        assert!(left == 0 || both.is_known().await, "a month that is not known has figures, round {round}");
        assert!(
            left == 0 || !(first && second),
            "a month that both calls have forgotten has figures, round {round}"
        );
        if left > 0 {
            assert!(both.forget(left).await, "an empty month can be forgotten");
        }
    }
}
