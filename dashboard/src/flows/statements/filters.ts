// Which transactions are looked at. It stands in the page's address, so that a view can be kept and sent; the API takes
// the same words.

import { paged } from "../../api/paging.ts";
import { FIGURES, TRANSACTIONS } from "./addresses.ts";
import { isDay, monthOf } from "./days.ts";
import { isDecimal } from "./decimals.ts";

export interface Filters {
  account?: string;
  category?: string;
  /** Those none of the rules fits: instead of a category. */
  uncategorised?: true;
  text?: string;
  /** Days, both included. */
  from?: string;
  to?: string;
  /** Decimal strings, both included; money out is negative. */
  min?: string;
  max?: string;
  /** Those that this file shows. */
  file?: string;
}

const TEXTS = ["account", "category", "text", "file"] as const;
const DAYS = ["from", "to"] as const;
const AMOUNTS = ["min", "max"] as const;

/** What an address asks for. What it says wrongly is left out: it may have been written by hand. */
export function fromSearch(search: string): Filters {
  const said = new URLSearchParams(search);
  const filters: Filters = {};
  const take = <K extends (typeof TEXTS | typeof DAYS | typeof AMOUNTS)[number]>(
    names: readonly K[],
    good: (value: string) => boolean,
  ) => {
    for (const name of names) {
      const value = said.get(name)?.trim() ?? "";
      if (value !== "" && good(value)) filters[name] = value;
    }
  };
  take(TEXTS, () => true);
  take(DAYS, isDay);
  take(AMOUNTS, isDecimal);
  if (said.get("uncategorised") === "true") {
    delete filters.category;
    filters.uncategorised = true;
  }
  return filters;
}

/** Always in the same order: the same view has the same address. "" where nothing is filtered. */
export function toSearch(filters: Filters): string {
  const said = new URLSearchParams();
  for (const name of [...TEXTS, ...DAYS, ...AMOUNTS] as const) {
    const value = filters[name];
    if (value !== undefined && value !== "") said.set(name, value);
  }
  if (filters.uncategorised) {
    said.delete("category");
    said.set("uncategorised", "true");
  }
  return String(said);
}

/** Of the page that shows them. */
export function address(filters: Filters): string {
  return withSearch("/statements/transactions", toSearch(filters));
}

/** Where a page of them is asked for. */
export function pagePath(filters: Filters, cursor: string | null): string {
  return paged(withSearch(TRANSACTIONS, toSearch(filters)), cursor);
}

/** All of them, for a spreadsheet. */
export function csvPath(filters: Filters): string {
  return withSearch(`${TRANSACTIONS}.csv`, toSearch(filters));
}

/** The sums of whole months, by the filters that they know. */
export function figuresPath({ account, from, to }: Filters): string {
  const said = new URLSearchParams();
  if (from) said.set("from", monthOf(from));
  if (to) said.set("to", monthOf(to));
  if (account) said.set("account", account);
  return withSearch(FIGURES, String(said));
}

/** With another value; `undefined` takes the filter away. */
export function changed(filters: Filters, change: { [K in keyof Filters]?: Filters[K] | undefined }): Filters {
  const all = { ...filters, ...change };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== ""));
}

function withSearch(path: string, search: string): string {
  return search === "" ? path : `${path}?${search}`;
}
