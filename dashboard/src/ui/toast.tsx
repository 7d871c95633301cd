// A message over the bottom of the page, so that the content does not move.

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

/** Warns that the shown data could not be refreshed. */
export function Stale({ message, again }: { message: string; again: () => void }) {
  return <Toast action={{ name: "Try again", run: again }}>Not up to date: {message}</Toast>;
}
