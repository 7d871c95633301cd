// Shared parts of the pages of statements.

import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";

import { PAGES } from "./addresses.ts";
import { amountWords, sign } from "./decimals.ts";
import classes from "./statements.module.css";

export function Statements({ children }: { children: ReactNode }) {
  const [location] = useLocation();
  return (
    <>
      <nav aria-label="Statements" className={classes.pages}>
        {PAGES.map(([path, name]) => (
          <Link
            key={path}
            href={path}
            className={classes.page}
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

/** An amount with its sign; positive amounts are coloured. */
export function Amount({ amount, currency }: { amount: string; currency: string }) {
  return (
    <span className={sign(amount) > 0 ? classes.in : undefined}>{amountWords(amount, currency, { signed: true })}</span>
  );
}
