// A message over the page, at its foot: it moves nothing of what it speaks of.

import { Button, Group, Paper, Text } from "@mantine/core";
import type { ReactNode } from "react";

import classes from "./toast.module.css";

interface Props {
  children: ReactNode;
  action: { name: string; run: () => void };
}

export function Toast({ children, action }: Props) {
  return (
    <Paper withBorder shadow="md" p="sm" className={classes.toast} role="status">
      <Group gap="sm" wrap="nowrap">
        <Text size="sm">{children}</Text>
        <Button size="xs" variant="default" onClick={action.run} flex="none">
          {action.name}
        </Button>
      </Group>
    </Paper>
  );
}

/** What is shown is older than it should be. */
export function Stale({ message, again }: { message: string; again: () => void }) {
  return <Toast action={{ name: "Try again", run: again }}>Not up to date: {message}</Toast>;
}
