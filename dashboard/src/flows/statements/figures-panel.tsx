// Money in and out by month, and by category for the selected month. The height of the panel does not change.

import { Anchor, Card, Progress, Table, Text, Title, UnstyledButton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";

import { get } from "../../api/client.ts";
import type { FiguresAnswer } from "../../contracts.ts";
import { count } from "../../ui/format.ts";
import { Trouble, Waiting } from "../../ui/notes.tsx";
import { Scrolled } from "../../ui/scrolled.tsx";
import { monthDays, monthWords } from "./days.ts";
import { length } from "./decimals.ts";
import { type Month, months } from "./figures.ts";
import classes from "./figures-panel.module.css";
import { address, changed, type Filters, figuresPath } from "./filters.ts";
import { Amount } from "./frame.tsx";

export function FiguresPanel({ filters, every }: { filters: Filters; every: () => number }) {
  const wide = useMediaQuery("(min-width: 701px)", true, { getInitialValueInEffect: false });
  const path = figuresPath(filters);
  const figures = useQuery({
    queryKey: ["statements", "figures", path],
    queryFn: ({ signal }) => get<FiguresAnswer>(path, signal),
    staleTime: 0,
    placeholderData: keepPreviousData,
    refetchInterval: every,
  });
  const [chosen, choose] = useState<string | null>(null);
  const all = figures.data ? months(figures.data.months) : [];
  const month = all.find((each) => keyOf(each) === chosen) ?? all[0];
  const of = filters.account === undefined ? "All accounts" : filters.account;
  return (
    <Card withBorder padding="md" component="section" aria-label="Months">
      <details open={wide}>
        <summary className={classes.summary}>
          <Title order={2} fz="md" component="span" display="inline">
            Months
          </Title>{" "}
          <Text span size="sm" c="dimmed">
            {of}, whole months
          </Text>
        </summary>
        <div className={classes.parts}>
          <Scrolled label="Totals by month" minWidth={340}>
            {figures.isPending && <Waiting label="Loading figures…" />}
            {figures.isLoadingError && (
              <Trouble
                title="Could not load figures"
                message={figures.error.message}
                again={() => void figures.refetch()}
              />
            )}
            {figures.data && all.length === 0 && (
              <Text size="sm" c="dimmed" py="md">
                {path === figuresPath({})
                  ? "No figures yet. They appear shortly after the transactions."
                  : "No figures for these months."}
              </Text>
            )}
            {all.length > 0 && <Months all={all} chosen={month} choose={choose} />}
          </Scrolled>
          <Scrolled label="Categories for the month" minWidth={300}>
            {month && <Categories month={month} name={nameOf(month, all)} filters={filters} />}
          </Scrolled>
        </div>
      </details>
    </Card>
  );
}

function keyOf({ month, currency }: Month): string {
  return `${month} ${currency}`;
}

/** Returns the name of the month, with its currency if there are several. */
function nameOf({ month, currency }: Month, all: Month[]): string {
  return all.some((each) => each.currency !== currency)
    ? `${monthWords(month)}, ${currency || "no currency"}`
    : monthWords(month);
}

interface MonthsProps {
  all: Month[];
  chosen: Month | undefined;
  choose: (key: string) => void;
}

function Months({ all, chosen, choose }: MonthsProps) {
  return (
    <Table fz="sm" className={classes.table} stickyHeader>
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">Month</Table.Th>
          <Table.Th scope="col" ta="right">
            Money in
          </Table.Th>
          <Table.Th scope="col" ta="right">
            Money out
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {all.map((each) => (
          <Table.Tr key={keyOf(each)} data-month={each.month} data-chosen={each === chosen || undefined}>
            <Table.Th scope="row" fw={500}>
              <UnstyledButton
                fz="sm"
                className={classes.month}
                aria-pressed={each === chosen}
                onClick={() => choose(keyOf(each))}
              >
                {nameOf(each, all)}
              </UnstyledButton>
            </Table.Th>
            <Table.Td ta="right">
              <Amount amount={each.in} currency={each.currency} />
            </Table.Td>
            <Table.Td ta="right">
              <Amount amount={each.out} currency={each.currency} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Categories({ month, name, filters }: { month: Month; name: string; filters: Filters }) {
  const longest = Math.max(...month.categories.map(({ sum }) => length(sum)));
  return (
    <Table fz="sm" className={classes.table} stickyHeader>
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{name}</Table.Th>
          <Table.Th scope="col" ta="right">
            Transactions
          </Table.Th>
          <Table.Th scope="col" ta="right">
            Total
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {month.categories.map(({ category, count: number, sum }) => (
          <Table.Tr key={category ?? ""}>
            <Table.Th scope="row" fw={400}>
              <Anchor
                component={Link}
                size="sm"
                href={address(
                  changed(filters, {
                    ...monthDays(month.month),
                    category: category ?? undefined,
                    uncategorised: category ? undefined : true,
                  }),
                )}
              >
                {category ?? "Uncategorised"}
              </Anchor>
              <Progress value={longest > 0 ? (100 * length(sum)) / longest : 0} size={4} mt={4} aria-hidden />
            </Table.Th>
            <Table.Td ta="right">{count(number)}</Table.Td>
            <Table.Td ta="right">
              <Amount amount={sum} currency={month.currency} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
