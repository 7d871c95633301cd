// What the scan used.

import { Text } from "@mantine/core";

import type { Receipt } from "../contracts.ts";
import { bytes, counted, duration, rate } from "../ui/format.ts";

export function ReceiptPanel({ receipt }: { receipt: Receipt }) {
  const { duration_seconds: seconds, files } = receipt;
  const parts = [
    `${counted(files, "file")} of ${bytes(receipt.bytes)}`,
    counted(receipt.pages, "page or sheet", "pages and sheets"),
    duration(seconds),
  ];
  if (seconds > 0 && files > 0) parts.push(`${rate(files / seconds)} files/s`);
  return (
    <Text size="sm" c="dimmed" component="section" aria-label="Receipt">
      Receipt: {parts.join(" · ")}
    </Text>
  );
}
