// All details of one transaction.

import { Anchor, Text } from "@mantine/core";
import { type ReactNode, useRef } from "react";
import { Link } from "wouter";
import type { TransactionItem } from "../../contracts.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { fileAddress } from "./addresses.ts";
import { dayWords } from "./days.ts";
import { amountWords } from "./decimals.ts";
import { Amount } from "./frame.tsx";
import classes from "./transaction-dialog.module.css";

/** Always rendered: only a dialog that is mounted when it opens knows where to return the focus. */
export function TransactionDialog({ row, close }: { row: TransactionItem | null; close: () => void }) {
  /** The last transaction, shown while the dialog fades out. */
  const last = useRef(row);
  if (row) last.current = row;
  const about = row ?? last.current;
  return (
    <Dialog opened={row !== null} onClose={close} title={about?.clean || "Transaction"} size="lg">
      {about && <Facts row={about} />}
    </Dialog>
  );
}

function Facts({ row }: { row: TransactionItem }) {
  const facts: [string, ReactNode][] = [
    ["Amount", <Amount key="amount" amount={row.amount} currency={row.currency} />],
    ["Date", dayWords(row.date)],
    ["Value date", row.value_date && dayWords(row.value_date)],
    ["Account", row.account],
    ["Counterparty", row.counterparty],
    ["Bank description", row.description],
    ["Type", row.kind],
    ["Reference", row.reference],
    ["Balance afterwards", row.balance && amountWords(row.balance, row.currency)],
    ["Category", row.category ?? "Uncategorised: no rule matched when the file was read"],
    ["Categorised by", row.category_source],
    [
      "File",
      <Anchor key="file" component={Link} href={fileAddress(row.file)} size="sm">
        View the file
      </Anchor>,
    ],
    ["Place in the file", row.place],
  ];
  return (
    <dl className={classes.facts}>
      {facts.map(
        ([name, value]) =>
          value && (
            <div key={name} className={classes.fact}>
              <Text component="dt" size="sm" c="dimmed">
                {name}
              </Text>
              <Text component="dd" size="sm" m={0}>
                {value}
              </Text>
            </div>
          ),
      )}
    </dl>
  );
}
