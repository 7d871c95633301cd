// What the pages of statements have in common.

import { Button, Group, Paper, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";

import frame from "../app.module.css";
import { amountWords, sign } from "./decimals.ts";
import classes from "./statements.module.css";

const PAGES = [
  ["/files", "Files"],
  ["/transactions", "Transactions"],
  ["/rules", "Rules"],
  ["/dead-letters", "Dead letters"],
] as const;

/** Whether an address is one of these pages'. */
export function isStatements(location: string): boolean {
  return PAGES.some(([path]) => location === path || location.startsWith(`${path}/`));
}

export function Statements({ children }: { children: ReactNode }) {
  const [location] = useLocation();
  return (
    <>
      <nav aria-label="Statements" className={classes.pages}>
        {PAGES.map(([path, name]) => (
          <Link
            key={path}
            href={path}
            className={frame.link}
            aria-current={location === path ? "page" : location.startsWith(`${path}/`) ? "true" : undefined}
          >
            {name}
          </Link>
        ))}
      </nav>
      {children}
    </>
  );
}

/** What is shown is older than it should be. */
export function Stale({ message, again }: { message: string; again: () => void }) {
  return (
    <Paper withBorder shadow="md" p="sm" className={classes.stale} role="status">
      <Group gap="sm" wrap="nowrap">
        <Text size="sm">Not up to date: {message}</Text>
        <Button size="xs" variant="default" onClick={again} flex="none">
          Try again
        </Button>
      </Group>
    </Paper>
  );
}

/** An amount whose sign counts. */
export function Amount({ amount, currency }: { amount: string; currency: string }) {
  return (
    <span className={sign(amount) > 0 ? classes.in : undefined}>{amountWords(amount, currency, { signed: true })}</span>
  );
}
