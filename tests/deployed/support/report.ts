// Reads a report: its sheets as rows of text.

import { strFromU8, unzipSync } from "fflate";

export class Report {
  private constructor(private readonly parts: Record<string, Uint8Array>) {}

  static read(bytes: ArrayBuffer): Report {
    return new Report(unzipSync(new Uint8Array(bytes)));
  }

  /** Returns the rows of a sheet below its headings, with cells by heading. */
  table(name: string): Record<string, string>[] {
    const [heading = [], ...rows] = this.rows(name);
    return rows.map((row) => Object.fromEntries(heading.map((title, at) => [title, row[at] ?? ""])));
  }

  rows(name: string): string[][] {
    const sheets = [...this.text("xl/workbook.xml").matchAll(/<sheet name="([^"]*)"/g)].map(([, sheet]) => sheet);
    const at = sheets.indexOf(name);
    if (at < 0) throw new Error(`the report has no sheet ${name}, but ${sheets.join(", ")}`);
    const shared = this.shared();
    const sheet = this.text(`xl/worksheets/sheet${at + 1}.xml`);
    return [...sheet.matchAll(/<row [^>]*?(?:\/>|>(.*?)<\/row>)/gs)].map(([, row = ""]) => {
      const cells: string[] = [];
      for (const [, attributes = "", inside = ""] of row.matchAll(/<c ([^>]*?)(?:\/>|>(.*?)<\/c>)/gs)) {
        const value = plain(/<(?:v|t)[^>]*>(.*?)<\/(?:v|t)>/s.exec(inside)?.[1] ?? "");
        cells[column(attributes)] = /t="s"/.test(attributes) ? (shared[Number(value)] ?? "") : value;
      }
      return cells;
    });
  }

  private shared(): string[] {
    if (!("xl/sharedStrings.xml" in this.parts)) return [];
    const items = this.text("xl/sharedStrings.xml").matchAll(/<si>(.*?)<\/si>/gs);
    return [...items].map(([, item = ""]) =>
      [...item.matchAll(/<t[^>]*>(.*?)<\/t>/gs)].map(([, text]) => plain(text ?? "")).join(""),
    );
  }

  private text(part: string): string {
    const bytes = this.parts[part];
    if (!bytes) throw new Error(`the report has no ${part}`);
    return strFromU8(bytes);
  }
}

/** Returns the column index, from 0, of a cell reference such as `r="AB12"`. */
function column(attributes: string): number {
  const letters = /r="([A-Z]+)/.exec(attributes)?.[1] ?? "A";
  return [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

const NAMED: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
const plain = (xml: string) => xml.replace(/&(\w+);/g, (whole, name) => NAMED[name] ?? whole);
