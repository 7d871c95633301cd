// The dead letters of all flows, and buttons to retry them.

import { Anchor, Button, Checkbox, Code, Group, SegmentedControl, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";

import { get, post } from "../api/client.ts";
import { useConfig } from "../api/config.ts";
import type { DeadLetterItem, DeadLetters, Redriven, RedriveRequest } from "../contracts.ts";
import { flowNamed, flowsOf } from "../flows/index.ts";
import { useParameter } from "../ui/address.ts";
import { useAnnounce } from "../ui/announcer.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { FilterBar, Shown } from "../ui/filter-bar.tsx";
import { count, counted, date } from "../ui/format.ts";
import { useFreezeOnHover } from "../ui/freeze-on-hover.ts";
import { Trouble, Waiting } from "../ui/notes.tsx";
import { Scrolled } from "../ui/scrolled.tsx";
import { Stale } from "../ui/toast.tsx";
import classes from "./failed-items.module.css";
import { redrivenWords } from "./words.ts";

/** Milliseconds between two refreshes. */
const EVERY = 15_000;
/** The value for "all flows"; no flow has this name. */
const ALL = "";

export function FailedItems() {
  const queries = useQueryClient();
  const announce = useAnnounce();
  const flows = flowsOf(useConfig());
  const [named, setFlow] = useParameter("flow");
  const flow = flows.some(([name]) => name === named) ? named : null;
  const list = useQuery({
    queryKey: ["failed-items", flow],
    queryFn: ({ signal }) =>
      get<DeadLetters>(flow === null ? "/api/dead-letters" : `/api/dead-letters?flow=${flow}`, signal),
    staleTime: 0,
    refetchInterval: EVERY,
  });
  const items = list.data?.letters ?? [];
  const [round, setRound] = useState(0);
  const { shown, held, props } = useFreezeOnHover(items, idOf, `${flow} ${round}`);
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const [answer, setAnswer] = useState<string | null>(null);
  const redrive = useMutation({
    mutationFn: async (ids: string[] | null) => {
      const wanted: RedriveRequest = { ...(flow === null ? {} : { flow }), ...(ids ? { ids } : {}) };
      return { asked: ids?.length ?? null, ...(await post<Redriven>("/api/dead-letters/redrive", wanted)) };
    },
    onMutate: () => setAnswer(null),
    onSuccess: async ({ asked, count: done }) => {
      const words = redrivenWords(asked, done);
      setAnswer(words);
      announce(words);
      choose(new Set());
      // Retried messages also change the lists of their flow.
      await queries.invalidateQueries();
      setRound((before) => before + 1);
    },
  });
  const there = shown.filter(({ id }) => chosen.has(id)).map(idOf);
  const toggle = (id: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    choose(next);
  };
  return (
    <Stack gap="md">
      <div>
        <Title order={1} fz={24}>
          Failed items
        </Title>
        <Text c="dimmed" size="sm" mt={4} maw={720}>
          Items that failed repeatedly appear here. Fix the cause, then retry: each item goes back to the function in
          which it failed, and nothing is done twice.
        </Text>
      </div>
      {flows.length > 1 && (
        <FilterBar label="Failed items">
          <SegmentedControl
            aria-label="Filter by flow"
            value={flow ?? ALL}
            onChange={(value) => {
              choose(new Set());
              setAnswer(null);
              setFlow(value === ALL ? null : value, { replace: true });
            }}
            data={[
              { value: ALL, label: "All" },
              ...flows.map(([name, { navigation }]) => ({ value: name, label: navigation.title })),
            ]}
          />
        </FilterBar>
      )}
      {redrive.isError && <Trouble title="The items were not retried" message={redrive.error.message} />}
      {list.isPending && <Waiting label="Loading failed items…" />}
      {list.isLoadingError && (
        <Trouble title="Could not load failed items" message={list.error.message} again={() => void list.refetch()} />
      )}
      {list.data && (
        <Group gap="sm" mih={36}>
          {shown.length > 0 && (
            <>
              <Button
                disabled={there.length === 0}
                loading={redrive.isPending && redrive.variables !== null}
                onClick={() => redrive.mutate(there)}
              >
                Retry selected{there.length > 0 && ` (${count(there.length)})`}
              </Button>
              <Button
                variant="default"
                loading={redrive.isPending && redrive.variables === null}
                onClick={() => redrive.mutate(null)}
              >
                Retry all
              </Button>
            </>
          )}
          <Text size="sm" data-answer>
            {answer}
          </Text>
        </Group>
      )}
      {list.data && shown.length === 0 && (
        <EmptyState title="No failed items">Items that failed repeatedly appear here, with the reason.</EmptyState>
      )}
      {shown.length > 0 && (
        <>
          <Shown
            rows={shown.length}
            said={[
              list.data?.more
                ? `Showing the first ${counted(shown.length, "failed item")}; "Retry all" includes those not shown`
                : counted(shown.length, "failed item"),
              held > 0 && `${counted(held, "new item")} will appear when you move the pointer off the list`,
            ]}
          />
          <div {...props}>
            <Items
              items={shown}
              chosen={chosen}
              toggle={toggle}
              all={(on) => choose(new Set(on ? shown.map(idOf) : []))}
              redrive={(id) => redrive.mutate([id])}
              busy={redrive.isPending}
            />
          </div>
        </>
      )}
      {list.data && list.isError && <Stale message={list.error.message} again={() => void list.refetch()} />}
    </Stack>
  );
}

const idOf = ({ id }: DeadLetterItem) => id;

interface ItemsProps {
  items: DeadLetterItem[];
  chosen: ReadonlySet<string>;
  toggle: (id: string, on: boolean) => void;
  all: (on: boolean) => void;
  redrive: (id: string) => void;
  busy: boolean;
}

function Items({ items, chosen, toggle, all, redrive, busy }: ItemsProps) {
  const whole = items.every(({ id }) => chosen.has(id));
  const some = items.some(({ id }) => chosen.has(id));
  return (
    <Scrolled label="List of failed items" minWidth={900}>
      <Table highlightOnHover verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={44}>
              <Checkbox
                aria-label="Select all"
                checked={whole}
                indeterminate={some && !whole}
                onChange={(event) => all(event.currentTarget.checked)}
              />
            </Table.Th>
            <Table.Th scope="col">Stage</Table.Th>
            <Table.Th scope="col">Event</Table.Th>
            <Table.Th scope="col">Scan or file</Table.Th>
            <Table.Th scope="col">Since</Table.Th>
            <Table.Th scope="col">Reason</Table.Th>
            <Table.Th scope="col" className={classes.name}>
              Actions
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((item) => (
            <Table.Tr key={item.id} data-item={item.id}>
              <Table.Td>
                <Checkbox
                  aria-label={`Select ${labelOf(item)}`}
                  checked={chosen.has(item.id)}
                  onChange={(event) => toggle(item.id, event.currentTarget.checked)}
                />
              </Table.Td>
              <Table.Td>
                {stageWords(item.flow, item.stage)}
                <br />
                <Code className={classes.name}>{item.stage}</Code>
              </Table.Td>
              <Table.Td>
                {item.event_type ? (
                  <>
                    {eventWords(item.flow, item.event_type)}
                    <br />
                    <Code className={classes.name}>{item.event_type}</Code>
                  </>
                ) : (
                  "–"
                )}
              </Table.Td>
              <Table.Td style={{ overflowWrap: "anywhere" }}>
                <Subject item={item} />
              </Table.Td>
              <Table.Td>{date(item.sent_at)}</Table.Td>
              <Table.Td style={{ overflowWrap: "anywhere" }}>{item.reason ?? "No reason was recorded."}</Table.Td>
              <Table.Td>
                <Button
                  variant="default"
                  size="compact-sm"
                  disabled={busy}
                  aria-label={`Retry ${labelOf(item)}`}
                  onClick={() => redrive(item.id)}
                >
                  Retry
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scrolled>
  );
}

/** The scan or file of the message, as a link. */
function Subject({ item }: { item: DeadLetterItem }) {
  const words = flowNamed(item.flow)?.words;
  if (!item.subject) return "–";
  const name = item.subject_name || `Unnamed ${words?.one ?? "item"}`;
  return words ? (
    <Anchor component={Link} href={words.address(item.subject)} size="sm">
      {name}
    </Anchor>
  ) : (
    name
  );
}

function labelOf({ flow, stage, subject_name: name }: DeadLetterItem): string {
  return name ? `${name} in ${stageWords(flow, stage)}` : stageWords(flow, stage);
}

/** Returns the display name of a function, or its own name if no flow knows it. */
function stageWords(flow: string, stage: string): string {
  return flowNamed(flow)?.words.stages[stage] ?? stage;
}

function eventWords(flow: string, type: string): string {
  return flowNamed(flow)?.words.events[type] ?? type;
}
