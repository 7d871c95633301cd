// What the scan used, and what that costs.

import { Table, Text } from "@mantine/core";

import type { Receipt } from "../../contracts.ts";
import { about, bytes, counted, duration, money, rate } from "../../ui/format.ts";
import { Scrolled } from "../../ui/scrolled.tsx";
import { type Part, parts } from "./receipt.ts";
import classes from "./receipt-panel.module.css";

export function ReceiptPanel({ receipt }: { receipt: Receipt }) {
  const { duration_seconds: seconds, files, cost } = receipt;
  const said = [
    `${counted(files, "file")} of ${bytes(receipt.bytes)}`,
    counted(receipt.pages, "page or sheet", "pages and sheets"),
    duration(seconds),
  ];
  if (seconds > 0 && files > 0) said.push(`${rate(files / seconds)} files/s`);
  if (cost) said.push(about(cost.total, cost.currency));
  const used = parts(receipt);
  return (
    <Text size="sm" c="dimmed" component="section" aria-label="Receipt">
      Receipt: {said.join(" · ")}
      {used.length > 0 && (
        <details className={classes.details}>
          <summary>{cost ? "What it costs, in parts" : "What it used"}</summary>
          <Parts parts={used} currency={cost?.currency ?? null} />
          {cost && `An estimate by the list prices of ${cost.region}. `}
          Storage that stays, traffic, and what you look at afterwards are not in it.
        </details>
      )}
    </Text>
  );
}

function Parts({ parts, currency }: { parts: Part[]; currency: string | null }) {
  return (
    <Scrolled label="Parts of the receipt" minWidth={320}>
      <Table fz="sm" w="auto" my="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Part</Table.Th>
            <Table.Th scope="col">Used</Table.Th>
            {currency !== null && (
              <Table.Th scope="col" ta="right">
                About
              </Table.Th>
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {parts.map(({ name, used, cost }) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={500}>
                {name}
              </Table.Th>
              <Table.Td>{used}</Table.Td>
              {currency !== null && <Table.Td ta="right">{cost === null ? "" : money(cost, currency)}</Table.Td>}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scrolled>
  );
}
