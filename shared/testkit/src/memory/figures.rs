//! Figures, replaced by version, in memory.

use async_trait::async_trait;
use riffle_ports::{FigureStore, Month, PortError, StoredFigures};

use super::statements::{MemoryStatements, StatementsChange};

#[async_trait]
impl FigureStore for MemoryStatements {
    async fn figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
    ) -> Result<Option<StoredFigures>, PortError> {
        let key = (tenant.to_owned(), account.to_owned(), month);
        Ok(self.inspect(|data| data.figures.get(&key).cloned()))
    }

    async fn put_figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        body: &str,
        seen: u64,
    ) -> Result<bool, PortError> {
        let key = (tenant.to_owned(), account.to_owned(), month);
        self.inspect(|data| {
            let present = data.figures.get(&key).map_or(0, |figures| figures.version);
            let put = present == seen && (seen > 0 || data.months.contains(&key));
            if put {
                let account = account.to_owned();
                let version = if seen == 0 { StoredFigures::first_version(body) } else { seen + 1 };
                let figures = StoredFigures { account, month, version, body: body.to_owned() };
                data.figures.insert(key, figures);
            }
            let (tenant, account) = (tenant.to_owned(), account.to_owned());
            data.note(StatementsChange::Figures { tenant, account, month, put });
            Ok(put)
        })
    }

    async fn forget_month(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        seen: u64,
    ) -> Result<bool, PortError> {
        let key = (tenant.to_owned(), account.to_owned(), month);
        self.inspect(|data| {
            let present = data.figures.get(&key).map_or(0, |figures| figures.version);
            let forgotten = present == seen && data.month(tenant, account, month).next().is_none();
            if forgotten {
                data.figures.remove(&key);
                data.months.remove(&key);
            }
            let (tenant, account) = (tenant.to_owned(), account.to_owned());
            data.note(StatementsChange::Figures { tenant, account, month, put: forgotten });
            Ok(forgotten)
        })
    }

    async fn all_figures(
        &self,
        tenant: &str,
        from: Month,
        to: Month,
    ) -> Result<Vec<StoredFigures>, PortError> {
        self.inspect(|data| {
            let own = data
                .figures
                .iter()
                .filter(|((of, _, month), _)| of == tenant && from <= *month && *month <= to);
            let mut figures: Vec<StoredFigures> = own.map(|(_, figures)| figures.clone()).collect();
            figures.sort_by(|one, two| (one.month, &one.account).cmp(&(two.month, &two.account)));
            Ok(figures)
        })
    }
}
