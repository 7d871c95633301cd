// What failed too often, and the way to have it done after all.

import { Anchor, Button, Checkbox, Code, Group, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";

import { get, post } from "../api/client.ts";
import type { DeadLetters as Answer, DeadLetterItem, Redriven, RedriveRequest } from "../contracts.ts";
import { useAnnounce } from "../ui/announcer.tsx";
import { count, counted, date } from "../ui/format.ts";
import { Empty, Trouble, Waiting } from "../ui/notes.tsx";
import { Scrolled } from "../ui/scrolled.tsx";
import { Stale } from "./frame.tsx";
import { SLOWLY } from "./polling.ts";
import classes from "./statements.module.css";
import { useSteady } from "./steady.ts";
import { eventWords, redrivenWords, stageWords } from "./words.ts";

export function DeadLetters() {
  const queries = useQueryClient();
  const announce = useAnnounce();
  const list = useQuery({
    queryKey: ["statements", "dead-letters"],
    queryFn: ({ signal }) => get<Answer>("/api/dead-letters", signal),
    staleTime: 0,
    refetchInterval: SLOWLY,
  });
  const letters = list.data?.letters ?? [];
  const [round, setRound] = useState(0);
  const { shown, held, props } = useSteady(letters, idOf, String(round));
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const [answer, setAnswer] = useState<string | null>(null);
  const redrive = useMutation({
    mutationFn: async (ids: string[] | null) => {
      const wanted: RedriveRequest = ids ? { ids } : {};
      return { asked: ids?.length ?? null, ...(await post<Redriven>("/api/dead-letters/redrive", wanted)) };
    },
    onMutate: () => setAnswer(null),
    onSuccess: async ({ asked, count: done }) => {
      const words = redrivenWords(asked, done);
      setAnswer(words);
      announce(words);
      choose(new Set());
      await queries.invalidateQueries({ queryKey: ["statements"] });
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
          Dead letters
        </Title>
        <Text c="dimmed" size="sm" mt={4} maw={720}>
          What failed too often waits here. Mend the cause, then redrive: it is handed again to the function in which it
          failed, and nothing is done twice.
        </Text>
      </div>
      {redrive.isError && <Trouble title="They were not redriven" message={redrive.error.message} />}
      {list.isPending && <Waiting label="Loading the dead letters…" />}
      {list.isLoadingError && (
        <Trouble
          title="The dead letters cannot be listed"
          message={list.error.message}
          again={() => void list.refetch()}
        />
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
                Redrive chosen{there.length > 0 && ` (${count(there.length)})`}
              </Button>
              <Button
                variant="default"
                loading={redrive.isPending && redrive.variables === null}
                onClick={() => redrive.mutate(null)}
              >
                Redrive all
              </Button>
            </>
          )}
          <Text size="sm" data-answer>
            {answer}
          </Text>
        </Group>
      )}
      {list.data && shown.length === 0 && (
        <Empty title="Nothing failed">What cannot be processed, try as it might, is listed here with the reason.</Empty>
      )}
      {shown.length > 0 && (
        <>
          <div className={classes.line}>
            <Text size="sm" c="dimmed" role="status" data-letters={shown.length}>
              {list.data?.more
                ? `The first ${counted(shown.length, "dead letter")}; "Redrive all" takes those that are not shown, too`
                : counted(shown.length, "dead letter")}
              {held > 0 && ` · ${count(held)} new will show when the pointer leaves the list`}
            </Text>
          </div>
          <div {...props}>
            <Letters
              letters={shown}
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

interface LettersProps {
  letters: DeadLetterItem[];
  chosen: ReadonlySet<string>;
  toggle: (id: string, on: boolean) => void;
  all: (on: boolean) => void;
  redrive: (id: string) => void;
  busy: boolean;
}

function Letters({ letters, chosen, toggle, all, redrive, busy }: LettersProps) {
  const whole = letters.every(({ id }) => chosen.has(id));
  const some = letters.some(({ id }) => chosen.has(id));
  return (
    <Scrolled label="Dead letters" minWidth={900}>
      <Table highlightOnHover verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={44}>
              <Checkbox
                aria-label="Choose all"
                checked={whole}
                indeterminate={some && !whole}
                onChange={(event) => all(event.currentTarget.checked)}
              />
            </Table.Th>
            <Table.Th scope="col">Where</Table.Th>
            <Table.Th scope="col">What</Table.Th>
            <Table.Th scope="col">File</Table.Th>
            <Table.Th scope="col">Since</Table.Th>
            <Table.Th scope="col">Why</Table.Th>
            <Table.Th scope="col" className={classes.name}>
              What to do
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {letters.map((letter) => (
            <Table.Tr key={letter.id} data-letter={letter.id}>
              <Table.Td>
                <Checkbox
                  aria-label={`Choose ${labelOf(letter)}`}
                  checked={chosen.has(letter.id)}
                  onChange={(event) => toggle(letter.id, event.currentTarget.checked)}
                />
              </Table.Td>
              <Table.Td>
                {stageWords(letter.stage)}
                <br />
                <Code className={classes.name}>{letter.stage}</Code>
              </Table.Td>
              <Table.Td>
                {letter.event_type ? (
                  <>
                    {eventWords(letter.event_type)}
                    <br />
                    <Code className={classes.name}>{letter.event_type}</Code>
                  </>
                ) : (
                  "No event that is known"
                )}
              </Table.Td>
              <Table.Td style={{ overflowWrap: "anywhere" }}>
                {letter.file ? (
                  <Anchor component={Link} href={`/files/${letter.file}`} size="sm">
                    {letter.file_name || "A file without a name"}
                  </Anchor>
                ) : (
                  "–"
                )}
              </Table.Td>
              <Table.Td>{date(letter.sent_at)}</Table.Td>
              <Table.Td style={{ overflowWrap: "anywhere" }}>{letter.reason ?? "Nobody told a reason."}</Table.Td>
              <Table.Td>
                <Button
                  variant="default"
                  size="compact-sm"
                  disabled={busy}
                  aria-label={`Redrive ${labelOf(letter)}`}
                  onClick={() => redrive(letter.id)}
                >
                  Redrive
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scrolled>
  );
}

function labelOf({ stage, file_name: name }: DeadLetterItem): string {
  return name ? `${name} in ${stageWords(stage)}` : stageWords(stage);
}
