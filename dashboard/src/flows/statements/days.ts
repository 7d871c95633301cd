// Days and months of statements, without time and time zone.

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const month = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric", timeZone: "UTC" });

/** Returns whether the text is an existing day such as `2026-01-31`. */
export function isDay(text: string): boolean {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

export function dayWords(iso: string): string {
  return isDay(iso) ? day.format(utc(iso)) : iso;
}

/** Formats a period: "1 – 31 Jan 2026". */
export function periodWords(from: string, to: string): string {
  if (from === to) return dayWords(from);
  return isDay(from) && isDay(to) ? day.formatRange(utc(from), utc(to)) : `${from} – ${to}`;
}

/** Formats `2026-01` as "January 2026". */
export function monthWords(iso: string): string {
  return isDay(`${iso}-01`) ? month.format(utc(`${iso}-01`)) : iso;
}

/** Returns the first and the last day of a month such as `2026-02`. */
export function monthDays(iso: string): { from: string; to: string } {
  const [year = 0, number = 1] = iso.split("-").map(Number);
  return { from: `${iso}-01`, to: new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10) };
}

/** Returns the month of a day. */
export function monthOf(iso: string): string {
  return iso.slice(0, 7);
}

function utc(iso: string): Date {
  return new Date(`${iso}T00:00:00Z`);
}
