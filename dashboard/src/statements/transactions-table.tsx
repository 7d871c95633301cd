// Transactions as rows of one height; only those in sight are drawn.

import { UnstyledButton, VisuallyHidden } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";

import type { TransactionItem } from "../contracts.ts";
import { dayWords } from "./days.ts";
import { amountWords } from "./decimals.ts";
import { Amount } from "./frame.tsx";
import frame from "./statements.module.css";
import classes from "./transactions-table.module.css";

const ROW = 56;
/** Rows before the end at which more are asked for. */
const AHEAD = 30;

interface Props {
  rows: TransactionItem[];
  /** There may be more rows than these. */
  more: boolean;
  /** Told when the end comes into sight. */
  goOn: () => void;
  open: (row: TransactionItem) => void;
}

export function TransactionsTable({ rows, more, goOn, open }: Props) {
  const box = useRef<HTMLElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    getItemKey: (at) => rows[at]?.id ?? at,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && last >= rows.length - AHEAD) goOn();
  }, [more, last, rows.length, goOn]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section ref={box} aria-label="List of transactions" tabIndex={0} className={classes.box}>
      <div role="table" aria-label="Transactions" aria-rowcount={more ? -1 : rows.length + 1} aria-colcount={5}>
        <div role="rowgroup" className={classes.head}>
          <div role="row" aria-rowindex={1} className={classes.headings}>
            <div role="columnheader">Date</div>
            <div role="columnheader">Description</div>
            <div role="columnheader">Category</div>
            <div role="columnheader">Account</div>
            <div role="columnheader" className={frame.amount}>
              Amount
            </div>
          </div>
        </div>
        {/* Holds the height of all rows. */}
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {items.map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            return (
              <div
                key={row.id}
                role="row"
                aria-rowindex={item.index + 2}
                data-transaction={row.id}
                className={classes.row}
                style={{ transform: `translateY(${item.start}px)`, height: ROW }}
              >
                <Cells row={row} open={open} />
              </div>
            );
          })}
        </div>
      </div>
    </section>
  );
}

function Cells({ row, open }: { row: TransactionItem; open: (row: TransactionItem) => void }) {
  const title = row.clean || row.description || row.counterparty || "No description";
  const second = [row.counterparty, row.description].filter((each) => each && each !== title).join(" · ");
  return (
    <>
      <div role="cell" className={classes.date}>
        {dayWords(row.date)}
      </div>
      <div role="cell" className={classes.description}>
        <UnstyledButton className={classes.open} onClick={() => open(row)} title={row.description}>
          {title}
        </UnstyledButton>
        <div className={classes.second}>{second}</div>
      </div>
      <div role="cell" className={classes.category}>
        {row.category ?? <span className={classes.none}>Uncategorised</span>}
      </div>
      <div role="cell" className={classes.account} title={row.account}>
        {row.account}
      </div>
      <div role="cell" className={`${frame.amount} ${classes.amount}`}>
        <Amount amount={row.amount} currency={row.currency} />
        {row.balance && (
          <div className={classes.second} title="Balance after it">
            <VisuallyHidden>Balance </VisuallyHidden>
            {amountWords(row.balance, row.currency)}
          </div>
        )}
      </div>
    </>
  );
}
