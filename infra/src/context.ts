// Typed access to context values. Command-line values are text and file values are JSON; both are accepted.

import type { IConstruct } from "constructs";

import type { ScheduledScan } from "./settings.ts";

export const wrong = (name: string, why: string) => new Error(`context ${name}: ${why}`);

export class Context {
  constructor(private readonly node: IConstruct) {}

  text(name: string): string | undefined {
    const value = this.node.node.tryGetContext(name);
    if (value === undefined || value === "") return undefined;
    return typeof value === "string" ? value : JSON.stringify(value);
  }

  origin(name: string): string | undefined {
    const value = this.text(name);
    if (value !== undefined && (!URL.canParse(value) || new URL(value).origin !== value)) {
      throw wrong(name, `${value} is not an origin, such as https://riffle.example.org`);
    }
    return value;
  }

  number(name: string, otherwise: number, least: number): number {
    const value = Number(this.text(name) ?? otherwise);
    if (!(value >= least)) throw wrong(name, `${this.text(name)} is not a number of ${least} or more`);
    return value;
  }

  flag(name: string, otherwise: boolean): boolean {
    return this.oneOf(name, ["true", "false"], otherwise ? "true" : "false") === "true";
  }

  oneOf<T extends string>(name: string, allowed: T[], otherwise: T): T {
    const value = this.text(name) ?? otherwise;
    const found = allowed.find((one) => one === value);
    if (found === undefined) throw wrong(name, `${value} is not one of ${allowed.join(", ")}`);
    return found;
  }

  list(name: string): string[] {
    const value = this.text(name);
    if (value === undefined) return [];
    return value.startsWith("[") ? this.json<string[]>(name, value) : value.split(",").map((one) => one.trim());
  }

  object<K extends string>(name: string, keys: K[]): Record<K, string> | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const read = this.json<Record<K, string>>(name, value);
    for (const key of keys) if (typeof read[key] !== "string") throw wrong(name, `${key} is missing`);
    return read;
  }

  /** Returns numbers by name; any of the names may be absent. */
  numbers<K extends string>(name: string, allowed: readonly K[], least: number): Partial<Record<K, number>> {
    const value = this.text(name);
    const read = value === undefined ? {} : this.json<Partial<Record<K, number>>>(name, value);
    for (const [key, number] of Object.entries(read)) {
      if (!allowed.some((one) => one === key)) throw wrong(name, `${key} is not one of ${allowed.join(", ")}`);
      if (!(Number.isInteger(number) && Number(number) >= least)) throw wrong(name, `${key} must be ${least} or more`);
    }
    return read;
  }

  scans(name: string): ScheduledScan[] {
    const value = this.text(name);
    const read = value === undefined ? [] : this.json<ScheduledScan[]>(name, value);
    for (const scan of read) {
      for (const key of ["name", "schedule", "tenant", "prefix"] as const) {
        if (typeof scan[key] !== "string") throw wrong(name, `${scan.name ?? "a scan"} has no ${key}`);
      }
      if ((scan.codes === undefined) === (scan.codesKey === undefined)) {
        throw wrong(name, `${scan.name} needs either codes or codesKey`);
      }
    }
    if (new Set(read.map((scan) => scan.name)).size < read.length) throw wrong(name, "two scans have the same name");
    return read;
  }

  private json<T>(name: string, value: string): T {
    try {
      return JSON.parse(value) as T;
    } catch {
      throw wrong(name, `${value} is not JSON`);
    }
  }
}
