// Amounts are decimal strings everywhere, because floating-point numbers cannot represent them exactly.

type Decimal = `${number}`;

/** Returns whether the text is a decimal in the format of the API. */
export function isDecimal(text: string): text is Decimal {
  return /^-?\d+(\.\d+)?$/.test(text);
}

interface Amount {
  /** In units of `10 ** -scale`. */
  units: bigint;
  scale: number;
}

function parsed(decimal: string): Amount | null {
  if (!isDecimal(decimal)) return null;
  const [whole = "", fraction = ""] = decimal.split(".");
  return { units: BigInt(whole + fraction), scale: fraction.length };
}

/** Returns -1, 0 or 1; 0 if the text is not a decimal. */
export function sign(decimal: string): -1 | 0 | 1 {
  const units = parsed(decimal)?.units ?? 0n;
  return units < 0n ? -1 : units > 0n ? 1 : 0;
}

/** Returns the exact sum, with the largest scale of its parts. */
export function sum(decimals: string[]): string {
  const amounts = decimals.map(parsed).filter((amount) => amount !== null);
  const scale = Math.max(0, ...amounts.map((amount) => amount.scale));
  const units = amounts.reduce((all, amount) => all + amount.units * 10n ** BigInt(scale - amount.scale), 0n);
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  return `${units < 0n ? "-" : ""}${whole}${scale === 0 ? "" : `.${digits.slice(-scale)}`}`;
}

/** Compares two decimals exactly, for sorting. */
export function compare(a: string, b: string): number {
  return sign(sum([a, b.startsWith("-") ? b.slice(1) : `-${b}`]));
}

/** Returns the absolute value as a number. It loses digits: for the length of bars only. */
export function length(decimal: string): number {
  return Math.abs(Number(decimal));
}

/** The most fraction digits that every implementation of `Intl` supports. */
const MOST_DIGITS = 20;

interface Shown {
  /** Whether positive amounts get a plus sign. */
  signed?: boolean;
  language?: string | undefined;
}

/** Formats "-€1,234.50" or "+€20.00": all decimals of the source, and at least the usual ones of the currency. */
export function amountWords(decimal: string, currency: string, { signed = false, language }: Shown = {}): string {
  // Unparsable amounts are shown unchanged.
  if (!isDecimal(decimal)) return currency === "" ? decimal : `${decimal} ${currency}`;
  const digits = Math.min(MOST_DIGITS, decimal.split(".")[1]?.length ?? 0);
  const signDisplay = signed ? "exceptZero" : "auto";
  const plain = () =>
    new Intl.NumberFormat(language, {
      minimumFractionDigits: digits,
      maximumFractionDigits: MOST_DIGITS,
      signDisplay,
    }).format(decimal);
  if (currency === "") return plain();
  try {
    const usual = new Intl.NumberFormat(language, { style: "currency", currency });
    const least = Math.max(digits, usual.resolvedOptions().minimumFractionDigits ?? 0);
    return new Intl.NumberFormat(language, {
      style: "currency",
      currency,
      minimumFractionDigits: least,
      maximumFractionDigits: Math.max(least, MOST_DIGITS),
      signDisplay,
    }).format(decimal);
  } catch {
    // The currency in the file is not a code of three letters.
    return `${plain()} ${currency}`;
  }
}

/** Parses typed text into a decimal string: "1.234,50" where the comma is the decimal mark, "1,234.50", "-20". */
export function understood(text: string, language?: string): string | null {
  const { group, point } = marks(language);
  const bare = text
    .trim()
    .replace(/^[−–]/, "-")
    .replace(/^\+/, "")
    .replace(/[\s'’]/gu, "");
  if (isDecimal(bare.replace(point, ".")) && !isGrouped(bare, group)) return tidy(bare.replace(point, "."));
  if (isGrouped(bare, group)) return tidy(bare.replaceAll(group, "").replace(point, "."));
  // The decimal point of other languages, if it is unambiguous.
  return isDecimal(bare) ? tidy(bare) : null;
}

/** Removes leading zeros: "-0012.50" → "-12.50". */
function tidy(decimal: string): string | null {
  return isDecimal(decimal) ? decimal.replace(/^(-?)0+(?=\d)/, "$1") : null;
}

/** Returns whether thousands are grouped as in this language: "1.234" in German. */
function isGrouped(text: string, group: string): boolean {
  const [whole = ""] = text.split(group === "." ? "," : ".");
  return (
    group !== "" && /^-?\d{1,3}(?:\D\d{3})+$/.test(whole) && whole.replace(/[-\d]/g, "").replaceAll(group, "") === ""
  );
}

function marks(language?: string): { group: string; point: string } {
  const parts = new Intl.NumberFormat(language, { useGrouping: true }).formatToParts(-1_234_567.5);
  const mark = (kind: string) => parts.find(({ type }) => type === kind)?.value ?? "";
  return { group: mark("group"), point: mark("decimal") || "." };
}

/** Formats a decimal as a user would type it in this language. */
export function typed(decimal: string, language?: string): string {
  return isDecimal(decimal) ? decimal.replace(".", marks(language).point) : decimal;
}
