// The form fields of the filters of transactions.

import { Anchor, Button, Group, NativeSelect, Text, TextInput } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";

import type { Facets } from "../../contracts.ts";
import { fileAddress } from "./addresses.ts";
import { typed, understood } from "./decimals.ts";
import classes from "./filter-fields.module.css";
import { changed, type Filters } from "./filters.ts";

/** Milliseconds after the last key before typed text is used. */
const REST = 300;

interface Props {
  filters: Filters;
  apply: (filters: Filters) => void;
  facets: Facets | undefined;
  /** The name of the file in the filters. */
  fileName: string | undefined;
}

export function FilterFields({ filters, apply, facets, fileName }: Props) {
  const change = (by: Parameters<typeof changed>[1]) => apply(changed(filters, by));
  const backwards = filters.from !== undefined && filters.to !== undefined && filters.to < filters.from;
  return (
    <search aria-label="Filters">
      <div className={classes.fields}>
        <Typed
          label="Text"
          placeholder="Description, counterparty"
          wide
          value={filters.text ?? ""}
          use={(text) => change({ text })}
        />
        <NativeSelect
          label="Account"
          rightSection={<Chevron />}
          value={filters.account ?? ""}
          onChange={(event) => change({ account: event.currentTarget.value })}
          data={[{ value: "", label: "All accounts" }, ...options(facets?.accounts, filters.account)]}
        />
        <NativeSelect
          label="Category"
          rightSection={<Chevron />}
          value={filters.uncategorised ? NONE : filters.category ? `=${filters.category}` : ""}
          onChange={(event) => {
            const value = event.currentTarget.value;
            change({
              category: value.startsWith("=") ? value.slice(1) : undefined,
              uncategorised: value === NONE ? true : undefined,
            });
          }}
          data={[
            { value: "", label: "All categories" },
            { value: NONE, label: "Uncategorised" },
            ...options(facets?.categories, filters.category).map((name) => ({ value: `=${name}`, label: name })),
          ]}
        />
        <Typed label="From" type="date" value={filters.from ?? ""} use={(from) => change({ from })} />
        <Typed
          label="To"
          type="date"
          value={filters.to ?? ""}
          use={(to) => change({ to })}
          error={backwards ? "Must not be before From" : undefined}
        />
        <AmountField label="Min amount" value={filters.min} use={(min) => change({ min })} />
        <AmountField label="Max amount" value={filters.max} use={(max) => change({ max })} />
      </div>
      {filters.file !== undefined && (
        <Group gap="sm" mt="sm">
          <Text size="sm">
            Transactions from{" "}
            <Anchor component={Link} href={fileAddress(filters.file)} size="sm" style={{ overflowWrap: "anywhere" }}>
              {fileName ?? "the selected file"}
            </Anchor>
          </Text>
          <Button variant="default" size="compact-sm" onClick={() => change({ file: undefined })}>
            Show all files
          </Button>
        </Group>
      )}
    </search>
  );
}

const NONE = "-";

/** Returns the known options and the selected one. */
function options(known: string[] | undefined, wanted: string | undefined): string[] {
  const all = known ?? [];
  return wanted === undefined || all.includes(wanted) ? all : [wanted, ...all];
}

function AmountField({
  label,
  value,
  use,
}: {
  label: string;
  value: string | undefined;
  use: (value: string) => void;
}) {
  const [wrong, setWrong] = useState(false);
  return (
    <Typed
      label={label}
      placeholder={`${typed("-12.50")}`}
      inputMode="text"
      value={value === undefined ? "" : typed(value)}
      error={wrong ? `Enter an amount such as ${typed("12.50")}` : undefined}
      use={(text) => {
        const amount = text === "" ? "" : understood(text);
        setWrong(amount === null);
        if (amount !== null) use(amount);
      }}
    />
  );
}

interface TypedProps {
  label: string;
  value: string;
  use: (value: string) => void;
  wide?: boolean;
  type?: string;
  inputMode?: "text";
  placeholder?: string;
  error?: string | undefined;
}

/** A field whose text is used once typing pauses; a new `value` from outside replaces the text. */
function Typed({ value, use, wide, error, ...others }: TypedProps) {
  const [text, setText] = useState(value);
  const used = useRef(value);
  const latest = useRef(use);
  useEffect(() => {
    latest.current = use;
  });
  useEffect(() => {
    if (value !== used.current) setText(value);
    used.current = value;
  }, [value]);
  useEffect(() => {
    if (text.trim() === used.current) return;
    const timer = setTimeout(() => {
      used.current = text.trim();
      latest.current(text.trim());
    }, REST);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <TextInput
      {...others}
      className={wide ? classes.wide : undefined}
      value={text}
      error={error}
      onChange={(event) => setText(event.currentTarget.value)}
      autoComplete="off"
      spellCheck={false}
    />
  );
}

function Chevron() {
  return (
    <svg
      width="14"
      height="14"
      viewBox="0 0 24 24"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
    >
      <path d="M7 10l5 5 5-5" />
    </svg>
  );
}
