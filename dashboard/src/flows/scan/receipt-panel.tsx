// The resources that the scan used, and their cost.

import { Table, Text } from "@mantine/core";

import type { Receipt } from "../../contracts.ts";
import { about, bytes, counted, duration, money, rate } from "../../ui/format.ts";
import { Scrolled } from "../../ui/scrolled.tsx";
import { type Part, parts } from "./receipt.ts";
import classes from "./receipt-panel.module.css";

export function ReceiptPanel({ receipt }: { receipt: Receipt }) {
  const { duration_seconds: seconds, files, cost } = receipt;
  const said = [
    `${counted(files, "file")} (${bytes(receipt.bytes)})`,
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
          <summary>{cost ? "Cost breakdown" : "Usage breakdown"}</summary>
          <Parts parts={used} currency={cost?.currency ?? null} />
          {cost && `An estimate based on list prices in ${cost.region}. `}
          Not included: ongoing storage, data transfer, and anything you view afterwards.
        </details>
      )}
    </Text>
  );
}

function Parts({ parts, currency }: { parts: Part[]; currency: string | null }) {
  return (
    <Scrolled label="Breakdown" minWidth={320}>
      <Table fz="sm" w="auto" my="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Item</Table.Th>
            <Table.Th scope="col">Usage</Table.Th>
            {currency !== null && (
              <Table.Th scope="col" ta="right">
                Estimated cost
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
