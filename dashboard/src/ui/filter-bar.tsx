// The filters and actions of a list, and how many of its rows are shown.

import { Group, Text } from "@mantine/core";
import type { ReactNode } from "react";

import classes from "./filter-bar.module.css";

export function FilterBar({ label, children }: { label: string; children: ReactNode }) {
  return (
    <search aria-label={label}>
      <Group gap="sm" mb="sm">
        {children}
      </Group>
    </search>
  );
}

interface ShownProps {
  /** Rows shown. */
  rows: number;
  /** Parts of the status text; `false` parts are omitted. */
  said: (string | false)[];
  /** Whether nothing more is being loaded. */
  whole?: boolean;
}

/** The status line of a list, always one line high. */
export function Shown({ rows, said, whole = true }: ShownProps) {
  return (
    <Text size="sm" c="dimmed" role="status" className={classes.shown} data-shown={rows} data-whole={whole}>
      {said.filter((each) => each !== false).join(" · ")}
    </Text>
  );
}
