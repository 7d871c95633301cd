// The filters of transactions. They are in the address of the page, so that a view can be bookmarked and shared; the
// API uses the same parameters.

import { paged } from "../../api/paging.ts";
import { FIGURES, TRANSACTIONS } from "./addresses.ts";
import { isDay, monthOf } from "./days.ts";
import { isDecimal } from "./decimals.ts";

export interface Filters {
  account?: string;
  category?: string;
  /** Only transactions without a category; excludes `category`. */
  uncategorised?: true;
  text?: string;
  /** Days, inclusive. */
  from?: string;
  to?: string;
  /** Decimal strings, inclusive; money out is negative. */
  min?: string;
  max?: string;
  /** Only transactions in the file with this id. */
  file?: string;
}

const TEXTS = ["account", "category", "text", "file"] as const;
const DAYS = ["from", "to"] as const;
const AMOUNTS = ["min", "max"] as const;

/** Reads filters from an address. Invalid values are ignored, because the address may have been typed by hand. */
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

/** Writes filters in a fixed order, so that the same view has the same address; "" without filters. */
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

/** Returns the address of the page of these transactions. */
export function address(filters: Filters): string {
  return withSearch("/statements/transactions", toSearch(filters));
}

/** Returns the API address of one page of transactions. */
export function pagePath(filters: Filters, cursor: string | null): string {
  return paged(withSearch(TRANSACTIONS, toSearch(filters)), cursor);
}

/** Returns the API address of all transactions as CSV. */
export function csvPath(filters: Filters): string {
  return withSearch(`${TRANSACTIONS}.csv`, toSearch(filters));
}

/** Returns the API address of the monthly figures, with the filters that they support. */
export function figuresPath({ account, from, to }: Filters): string {
  const said = new URLSearchParams();
  if (from) said.set("from", monthOf(from));
  if (to) said.set("to", monthOf(to));
  if (account) said.set("account", account);
  return withSearch(FIGURES, String(said));
}

/** Returns changed filters; `undefined` removes a filter. */
export function changed(filters: Filters, change: { [K in keyof Filters]?: Filters[K] | undefined }): Filters {
  const all = { ...filters, ...change };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== ""));
}

function withSearch(path: string, search: string): string {
  return search === "" ? path : `${path}?${search}`;
}
