// Numbers, sizes, times and dates, formatted in the language of the browser.

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const when = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

export function count(value: number): string {
  return whole.format(value);
}

/** "1 file", "6,600 files". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${whole.format(value)} ${value === 1 ? one : many}`;
}

export function rate(value: number): string {
  return value >= 10 ? whole.format(value) : short.format(value);
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

export function bytes(value: number): string {
  let unit = 0;
  let left = value;
  while (left >= 1000 && unit < UNITS.length - 1) {
    left /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? whole.format(left) : short.format(left)} ${UNITS[unit]}`;
}

/** "4.2 s", "3 min 5 s", "2 h 10 min". */
export function duration(seconds: number): string {
  if (seconds < 10) return `${short.format(seconds)} s`;
  const all = Math.round(seconds);
  if (all < 60) return `${all} s`;
  if (all < 3600) return joined(Math.floor(all / 60), "min", all % 60, "s");
  return joined(Math.floor(all / 3600), "h", Math.floor((all % 3600) / 60), "min");
}

function joined(first: number, one: string, second: number, two: string): string {
  return second === 0 ? `${first} ${one}` : `${first} ${one} ${second} ${two}`;
}

/** Smaller amounts are shown as "less than" this. */
const LEAST = 0.0001;
/** From this amount on, the usual decimals of the currency are shown. */
const CENTS = 0.0995;

/** Formats "$12.30" or "$0.013": cents, or two significant digits of amounts below ten cents. */
export function money(value: number, currency: string, language?: string): string {
  const shown = (amount: number, digits: Intl.NumberFormatOptions = {}) =>
    new Intl.NumberFormat(language, { style: "currency", currency, ...digits }).format(amount);
  if (value > 0 && value < LEAST) return `less than ${shown(LEAST, { maximumSignificantDigits: 1 })}`;
  return value > 0 && value < CENTS ? shown(value, { maximumSignificantDigits: 2 }) : shown(value);
}

/** Formats an estimate: "about $0.013". */
export function about(value: number, currency: string, language?: string): string {
  const words = money(value, currency, language);
  return value > 0 && value < LEAST ? words : `about ${words}`;
}

export function date(iso: string): string {
  return when.format(new Date(iso));
}

/** Formats to the second, because events of a file follow one another quickly. */
export function momentWords(iso: string): string {
  return moment.format(new Date(iso));
}

export function time(milliseconds: number): string {
  return clock.format(new Date(milliseconds));
}

/** A plain number is a page; other places name themselves. */
export function placeWords(place: string): string {
  return /^\d+$/.test(place) ? `Page ${place}` : place;
}
