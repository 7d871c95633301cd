// Who listens to what: read where the consumers' own test holds it against them.

import { readFileSync } from "node:fs";

const GOLDEN = new URL("../../../shared/contracts/golden/routes.v1.json", import.meta.url);

export const CONSUMERS = [
  "file-processor-consumer",
  "categorization-consumer",
  "analytics-consumer",
  "audit-consumer",
  "error-consumer",
] as const;

/** The name of a function behind the bus. */
export type Consumer = (typeof CONSUMERS)[number];

/** The types of events that reach each consumer. */
export function routes(): Map<Consumer, string[]> {
  const read = JSON.parse(readFileSync(GOLDEN, "utf8")) as Record<string, string[]>;
  const unknown = Object.keys(read).filter((name) => !CONSUMERS.some((known) => known === name));
  if (unknown.length > 0) throw new Error(`routes.v1.json names ${unknown.join(", ")}: the stack has no such consumer`);
  return new Map(
    CONSUMERS.map((consumer) => {
      const types = read[consumer];
      if (types === undefined) throw new Error(`routes.v1.json lacks ${consumer}`);
      return [consumer, types];
    }),
  );
}
