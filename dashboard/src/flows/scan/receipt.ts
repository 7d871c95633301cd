// The parts of a receipt with display names.

import type { Receipt } from "../../contracts.ts";
import { count, counted } from "../../ui/format.ts";

export interface Part {
  name: string;
  /** Used amounts as text. */
  used: string;
  /** `null` without a price. */
  cost: number | null;
}

/** Returns the parts that were used or cost something. */
export function parts({ used, cost }: Receipt): Part[] {
  if (!used && !cost) return [];
  const part = (name: string, amounts: [number, string][], price: number | undefined): Part => ({
    name,
    used: amounts
      .filter(([amount]) => amount > 0)
      .map(([, words]) => words)
      .join(", "),
    cost: price ?? null,
  });
  const amount = (value: number | undefined, one: string, many: string): [number, string][] =>
    value === undefined ? [] : [[value, counted(value, one, many)]];
  const time: [number, string][] = used ? [[used.gb_seconds, `${seconds(used.gb_seconds)} GB-seconds`]] : [];
  const all = [
    part("Functions", [...amount(used?.invocations, "call", "calls"), ...time], cost?.functions),
    part("Queues", amount(used?.queue_requests, "request", "requests"), cost?.queues),
    part(
      "Tables",
      [
        ...amount(used?.table_write_units, "unit written", "units written"),
        ...amount(used ? Math.ceil(used.table_read_units) : undefined, "unit read", "units read"),
      ],
      cost?.tables,
    ),
    part(
      "Storage",
      [
        ...amount(used?.object_writes, "object written or listed", "objects written or listed"),
        ...amount(used?.object_reads, "object read", "objects read"),
      ],
      cost?.storage,
    ),
    part("Messages", amount(used?.socket_messages, "message", "messages"), cost?.messages),
    part("Keys", amount(used?.key_requests, "request", "requests"), cost?.keys),
    part("OCR", amount(used?.ocr_pages, "page", "pages"), cost?.ocr),
  ];
  return all.filter((part) => part.used !== "" || (part.cost ?? 0) > 0);
}

function seconds(value: number): string {
  return value >= 10 ? count(value) : String(Number(value.toPrecision(2)));
}
