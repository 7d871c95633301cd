// Merges the monthly figures of several accounts.

import type { CategoryFigures, MonthFigures } from "../../contracts.ts";
import { compare, sign, sum } from "./decimals.ts";

export interface Month {
  month: string;
  currency: string;
  count: number;
  in: string;
  /** Negative. */
  out: string;
  /** Largest expenses first. */
  categories: CategoryFigures[];
}

/** Newest month first, then the most used currency. Amounts of different currencies are never added. */
export function months(figures: MonthFigures[]): Month[] {
  const all = grouped(figures, ({ month, currency }) => `${month} ${currency}`).map(([first, group]) => ({
    month: first.month,
    currency: first.currency,
    count: group.reduce((count, each) => count + each.count, 0),
    in: sum(group.map((each) => each.money_in)),
    out: negative(sum(group.map((each) => each.money_out))),
    categories: categories(group.flatMap((each) => each.categories)),
  }));
  const used = new Map<string, number>();
  for (const { currency, count } of all) used.set(currency, (used.get(currency) ?? 0) + count);
  const use = ({ currency }: Month) => used.get(currency) ?? 0;
  return all.sort((a, b) => order(b.month, a.month) || use(b) - use(a) || order(a.currency, b.currency));
}

function categories(figures: CategoryFigures[]): CategoryFigures[] {
  return grouped(figures, ({ category }) => category ?? "")
    .map(([first, group]) => ({
      category: first.category ?? null,
      count: group.reduce((count, each) => count + each.count, 0),
      sum: sum(group.map((each) => each.sum)),
    }))
    .sort((a, b) => compare(a.sum, b.sum) || order(a.category ?? "", b.category ?? ""));
}

/** Returns each group together with its first element. */
function grouped<T>(all: T[], by: (one: T) => string): [T, T[]][] {
  const groups = new Map<string, [T, T[]]>();
  for (const one of all) {
    const group = groups.get(by(one));
    if (group) group[1].push(one);
    else groups.set(by(one), [one, [one]]);
  }
  return [...groups.values()];
}

function negative(decimal: string): string {
  return sign(decimal) > 0 ? `-${decimal}` : decimal;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
