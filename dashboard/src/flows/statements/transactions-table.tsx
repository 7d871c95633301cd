// Transactions as rows of equal height.

import { VisuallyHidden } from "@mantine/core";

import type { TransactionItem } from "../../contracts.ts";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { dayWords } from "./days.ts";
import { amountWords } from "./decimals.ts";
import { Amount } from "./frame.tsx";
import classes from "./transactions-table.module.css";

const COLUMNS: Column<TransactionItem>[] = [
  { id: "date", name: "Date", width: "116px", cell: ({ date }) => dayWords(date), className: classes.date },
  {
    id: "description",
    name: "Description",
    width: "minmax(0, 3fr)",
    cell: (row) => <Description row={row} />,
    title: ({ description }) => description,
    className: classes.description,
  },
  {
    id: "category",
    name: "Category",
    width: "minmax(0, 1.1fr)",
    cell: ({ category }) => category ?? <span className={classes.none}>Uncategorised</span>,
    className: classes.category,
  },
  {
    id: "account",
    name: "Account",
    width: "minmax(0, 1.3fr)",
    cell: ({ account }) => account,
    title: ({ account }) => account,
    className: classes.account,
  },
  {
    id: "amount",
    name: "Amount",
    width: "minmax(130px, 1fr)",
    cell: (row) => <Sum row={row} />,
    className: classes.amount,
  },
];

interface Props {
  rows: TransactionItem[];
  /** Whether there may be more rows. */
  more: boolean;
  /** Called when the end comes into view. */
  goOn: () => void;
  open: (row: TransactionItem) => void;
}

export function TransactionsTable({ rows, more, goOn, open }: Props) {
  return (
    <DataTable
      label="Transactions"
      columns={COLUMNS}
      rows={rows.length}
      row={(at) => rows[at]}
      id={({ id }) => id}
      rowHeight={56}
      open={open}
      more={{ there: more, ask: goOn }}
      className={classes.table}
    />
  );
}

function Description({ row }: { row: TransactionItem }) {
  const title = row.clean || row.description || row.counterparty || "No description";
  const second = [row.counterparty, row.description].filter((each) => each && each !== title).join(" · ");
  return (
    <>
      <div className={classes.title}>{title}</div>
      <div className={classes.second}>{second}</div>
    </>
  );
}

function Sum({ row }: { row: TransactionItem }) {
  return (
    <>
      <Amount amount={row.amount} currency={row.currency} />
      {row.balance && (
        <div className={classes.second} title="Balance afterwards">
          <VisuallyHidden>Balance </VisuallyHidden>
          {amountWords(row.balance, row.currency)}
        </div>
      )}
    </>
  );
}
