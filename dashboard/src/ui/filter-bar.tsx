// What narrows a list down, what can be done with it, and how much of it is shown.

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
  /** What is said of them, without the parts that do not apply. */
  said: (string | false)[];
  /** Nothing more is on its way. */
  whole?: boolean;
}

/** One line, whatever it says. */
export function Shown({ rows, said, whole = true }: ShownProps) {
  return (
    <Text size="sm" c="dimmed" role="status" className={classes.shown} data-shown={rows} data-whole={whole}>
      {said.filter((each) => each !== false).join(" · ")}
    </Text>
  );
}
