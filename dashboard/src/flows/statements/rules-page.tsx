// The rules that give transactions their categories, as their text.

import { Button, Code, Group, Stack, Text, Textarea, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { ApiError, get, put } from "../../api/client.ts";
import type { Rules as Stored } from "../../contracts.ts";
import { useAnnounce } from "../../ui/announcer.tsx";
import { Trouble, Waiting } from "../../ui/notes.tsx";
import { RULES } from "./addresses.ts";
import classes from "./statements.module.css";

export function Rules() {
  const rules = useQuery({
    queryKey: ["statements", "rules"],
    queryFn: ({ signal }) => get<Stored>(RULES, signal),
    // Loaded anew with the page, and then left alone: nobody's typing is replaced.
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Stack gap="md" maw={860}>
      <div>
        <Title order={1} fz={24}>
          Rules
        </Title>
        <Text c="dimmed" size="sm" mt={4}>
          They give transactions their categories. The first rule that fits decides; what none fits is uncategorised.
          Rules hold for the files that come after they are saved.
        </Text>
      </div>
      {rules.isPending && <Waiting label="Loading the rules…" />}
      {rules.isLoadingError && (
        <Trouble title="The rules cannot be shown" message={rules.error.message} again={() => void rules.refetch()} />
      )}
      {rules.data && <Editor stored={rules.data.yaml} />}
      <Guide />
    </Stack>
  );
}

/** What was typed and not saved: whoever looks at another page meanwhile finds it again. */
let draft: string | null = null;

/** The browser asks before it leaves a draft behind, from whatever page. */
function keep(text: string | null): void {
  draft = text;
  if (text === null) window.removeEventListener("beforeunload", warn);
  else window.addEventListener("beforeunload", warn);
}

const warn = (event: BeforeUnloadEvent) => event.preventDefault();

const EXAMPLE = `rules:
  - category: Groceries
    contains: [rewe, edeka, "whole foods"]
  - category: Salary
    contains: payroll
    sign: in
    min: 1000
  - category: Rent
    regex: "rent (january|february|march)"
    account: DE02120300000000202051`;

/** How a rule is written. */
function Guide() {
  return (
    <div>
      <Title order={2} fz="md">
        How a rule is written
      </Title>
      <Text size="sm" mt={4}>
        Each has a <Code>category</Code> and any of the following, all of which must fit: <Code>contains</Code>, a text
        or several, one of which stands in the description or the counterparty, in upper or lower case;{" "}
        <Code>regex</Code>, a regular expression over the same; <Code>min</Code> and <Code>max</Code>, of the amount
        without its sign; <Code>sign</Code>, <Code>in</Code> or <Code>out</Code>; <Code>account</Code>.
      </Text>
      <Code block mt="xs">
        {EXAMPLE}
      </Code>
    </div>
  );
}

function Editor({ stored }: { stored: string }) {
  const announce = useAnnounce();
  const [yaml, setYaml] = useState(draft ?? stored);
  /** What the text was when it was loaded or saved. */
  const [base, setBase] = useState(stored);
  const dirty = yaml !== base;
  useEffect(() => keep(dirty ? yaml : null), [dirty, yaml]);
  const saving = useMutation({
    mutationFn: (text: string) => put(RULES, { yaml: text } satisfies Stored),
    onSuccess: (_, text) => {
      setBase(text);
      announce("The rules are saved.");
    },
  });
  const refused = saving.error instanceof ApiError && !saving.error.passes ? saving.error.message : null;
  return (
    <form
      aria-label="Rules"
      onSubmit={(event) => {
        event.preventDefault();
        saving.mutate(yaml);
      }}
    >
      <Stack gap="sm">
        <Textarea
          label="Rules as YAML"
          rows={20}
          value={yaml}
          onChange={(event) => {
            setYaml(event.currentTarget.value);
            if (saving.isError) saving.reset();
          }}
          error={refused}
          spellCheck={false}
          autoComplete="off"
          classNames={{ input: classes.rules }}
        />
        {saving.isError && refused === null && (
          <Trouble title="The rules were not saved" message={saving.error.message} />
        )}
        <Group gap="sm">
          <Button type="submit" loading={saving.isPending} aria-disabled={!dirty} data-disabled={!dirty}>
            Save
          </Button>
          <Button variant="default" disabled={!dirty} onClick={() => setYaml(base)}>
            Undo changes
          </Button>
          <Text size="sm" c="dimmed" role="status" data-rules={dirty ? "changed" : "saved"}>
            {dirty ? "Not saved yet." : saving.isSuccess ? "Saved." : ""}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}
