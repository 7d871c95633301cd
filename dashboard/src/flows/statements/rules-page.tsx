// The editor of the rules that assign categories to transactions.

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
    // Loaded once per visit and not refreshed, so that typed text is not replaced.
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
          Rules assign categories to transactions. The first rule that matches applies; transactions that no rule
          matches are uncategorised. Rules apply to files received after the rules are saved.
        </Text>
      </div>
      {rules.isPending && <Waiting label="Loading rules…" />}
      {rules.isLoadingError && (
        <Trouble title="Could not load rules" message={rules.error.message} again={() => void rules.refetch()} />
      )}
      {rules.data && <Editor stored={rules.data.yaml} />}
      <Guide />
    </Stack>
  );
}

/** Unsaved text, kept while the user visits other pages. */
let draft: string | null = null;

/** Keeps a draft; while there is one, the browser asks before the page is closed. */
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

/** Explains the syntax of rules. */
function Guide() {
  return (
    <div>
      <Title order={2} fz="md">
        How to write a rule
      </Title>
      <Text size="sm" mt={4}>
        Each rule has a <Code>category</Code> and any of these conditions, all of which must match:{" "}
        <Code>contains</Code>, one or more texts, at least one of which is in the description or the counterparty, in
        upper or lower case; <Code>regex</Code>, a regular expression for the same fields; <Code>min</Code> and{" "}
        <Code>max</Code>, limits for the amount without its sign; <Code>sign</Code>, <Code>in</Code> or <Code>out</Code>
        ; <Code>account</Code>.
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
  /** The text as last loaded or saved. */
  const [base, setBase] = useState(stored);
  const dirty = yaml !== base;
  useEffect(() => keep(dirty ? yaml : null), [dirty, yaml]);
  const saving = useMutation({
    mutationFn: (text: string) => put(RULES, { yaml: text } satisfies Stored),
    onSuccess: (_, text) => {
      setBase(text);
      announce("Rules saved.");
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
            {dirty ? "Unsaved changes." : saving.isSuccess ? "Saved." : ""}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}
