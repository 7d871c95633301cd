// All that is known of one transaction.

import { Anchor, Text } from "@mantine/core";
import { type ReactNode, useRef } from "react";
import { Link } from "wouter";

import { Dialog } from "../ui/dialog.tsx";
import type { TransactionItem } from "./contracts.ts";
import { dayWords } from "./days.ts";
import { amountWords } from "./decimals.ts";
import { Amount } from "./frame.tsx";
import classes from "./transaction-dialog.module.css";

export function TransactionDialog({ row, close }: { row: TransactionItem | null; close: () => void }) {
  /** What it was about, while the dialog fades. */
  const last = useRef(row);
  if (row) last.current = row;
  const about = row ?? last.current;
  if (!about) return null;
  const facts: [string, ReactNode][] = [
    ["Amount", <Amount key="amount" amount={about.amount} currency={about.currency} />],
    ["Date", dayWords(about.date)],
    ["Value date", about.value_date && dayWords(about.value_date)],
    ["Account", about.account],
    ["Counterparty", about.counterparty],
    ["As the bank wrote it", about.description],
    ["Kind", about.kind],
    ["Reference", about.reference],
    ["Balance after it", about.balance && amountWords(about.balance, about.currency)],
    ["Category", about.category ?? "Uncategorised: none of the rules fits"],
    ["Decided by", about.category_source],
    [
      "From",
      <Anchor key="file" component={Link} href={`/files/${about.file}`} size="sm">
        the file that brought it
      </Anchor>,
    ],
    ["Place in that file", about.place],
  ];
  return (
    <Dialog opened={row !== null} onClose={close} title={about.clean || "Transaction"} size="lg">
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
    </Dialog>
  );
}
