//! Reads the amount and the balance of a record: from one column or two, with all notations of signs.

use std::io::Read;

use rust_decimal::Decimal;

use super::columns::side;
use super::record_splitter::RecordSplitter;
use super::rows::CsvRows;
use crate::number::{Absurd, CashDirection, Scanned};
use crate::{RowPlace, Signs};

/// An amount, and the currency given in the same cell.
type Money = (Decimal, Option<[u8; 3]>);

impl CsvRows<'_, '_, '_> {
    /// Returns the amount, positive if money comes in, and the currency in its cell; `None` if there is no amount.
    pub fn amount<R: Read>(
        &mut self,
        record: &RecordSplitter<R>,
        place: RowPlace,
    ) -> Result<Option<Money>, String> {
        if let Some(column) = self.columns.amount {
            let Some((amount, scan)) = self.number(record, column, place)? else { return Ok(None) };
            let amount = match scan.side {
                Some(CashDirection::Out) => -amount.abs(),
                Some(CashDirection::In) | None => amount,
            };
            let fee = match self.columns.fee.filter(|_| self.reading.fee) {
                Some(column) => {
                    self.number(record, column, place)?.map_or(Decimal::ZERO, |(fee, _)| fee.abs())
                }
                None => Decimal::ZERO,
            };
            let amount = self.signed(record, amount)?;
            let amount = if fee.is_zero() { Some(amount) } else { amount.checked_sub(fee) };
            return amount
                .map(|amount| Some((amount, scan.currency)))
                .ok_or_else(|| "skipped: the amount is too large".to_owned());
        }
        let columns = self.columns;
        let mut read = |column: Option<usize>| match column {
            Some(column) => self.number(record, column, place),
            None => Ok(None),
        };
        let (debit, credit) = (read(columns.debit)?, read(columns.credit)?);
        let currency =
            debit.and_then(|(_, scan)| scan.currency).or(credit.and_then(|(_, scan)| scan.currency));
        let out = debit.map(|(debit, _)| if self.reading.signs == Signs::Columns { -debit } else { debit });
        let sum = match (out, credit.map(|(credit, _)| credit)) {
            (None, None) => return Ok(None),
            (Some(amount), None) | (None, Some(amount)) => amount,
            // Banks may write a zero into the column that is not used.
            (Some(out), Some(credit)) if credit.is_zero() => out,
            (Some(out), Some(credit)) if out.is_zero() => credit,
            (Some(out), Some(credit)) => {
                self.out.warn(place, "the row has both a debit and a credit amount; the difference was used");
                out.checked_add(credit).ok_or("skipped: the amount is too large")?
            }
        };
        Ok(Some((sum, currency)))
    }

    fn signed<R: Read>(&mut self, record: &RecordSplitter<R>, amount: Decimal) -> Result<Decimal, String> {
        match self.reading.signs {
            Signs::Reversed => Ok(-amount),
            Signs::Indicator => {
                let Some(column) = self.columns.indicator else { return Ok(amount) };
                let raw = record.get(column);
                let cell = self.text(record, column);
                match self.sides.get(&raw, || side(&cell)) {
                    Some(true) => Ok(-amount),
                    Some(false) => Ok(amount),
                    None => Err(format!(
                        "skipped: {cell:?} does not say whether the amount is a debit or a credit"
                    )),
                }
            }
            Signs::Signed | Signs::Columns | Signs::SignedColumns => Ok(amount),
        }
    }

    /// Returns the number in a column; `None` if the cell is empty.
    fn number<R: Read>(
        &mut self,
        record: &RecordSplitter<R>,
        column: usize,
        place: RowPlace,
    ) -> Result<Option<(Decimal, Scanned)>, String> {
        let cell = self.text(record, column);
        if matches!(&*cell, "" | "-" | "--") {
            return Ok(None);
        }
        let Some(scan) = Scanned::of(&cell) else {
            return Err(format!("skipped: {cell:?} is not an amount"));
        };
        match scan.value(self.reading.mark) {
            Ok(value) => {
                if value.odd {
                    self.out.warn(
                        place,
                        format!("{cell:?} has a different decimal mark from the rest of the file"),
                    );
                }
                Ok(Some((value.amount, scan)))
            }
            Err(Absurd) => Err(format!("skipped: the amount {cell:?} is too large")),
        }
    }

    pub fn balance<R: Read>(&mut self, record: &RecordSplitter<R>, place: RowPlace) -> Option<Decimal> {
        let column = self.columns.balance?;
        let Ok(balance) = self.number(record, column, place) else {
            let cell = self.text(record, column).into_owned();
            self.out.warn(place, format!("the balance {cell:?} is not an amount"));
            return None;
        };
        balance.map(
            |(balance, scan)| if scan.side == Some(CashDirection::Out) { -balance.abs() } else { balance },
        )
    }
}
