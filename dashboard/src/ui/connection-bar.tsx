// The state of the connection in words.

import { Button, Group, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import type { LinkState } from "../connection/link.ts";
import classes from "./connection-bar.module.css";
import { time } from "./format.ts";

export function ConnectionBar({ link, over, retry }: { link: LinkState; over: boolean; retry: () => void }) {
  const left = useSecondsLeft(link);
  return (
    <Group gap={8} wrap="nowrap" role="status" aria-label="Connection" data-connection={over ? "over" : link.kind}>
      <span className={classes.dot} data-kind={over ? "closed" : link.kind} aria-hidden />
      <Text size="sm" c="dimmed">
        {over ? "Finished" : words(link, left)}
      </Text>
      {!over && link.kind === "waiting" && (
        <Button size="compact-xs" variant="default" onClick={retry}>
          Retry now
        </Button>
      )}
    </Group>
  );
}

function words(link: LinkState, left: number): string {
  switch (link.kind) {
    case "live":
      return "Live";
    case "connecting":
      return "Connecting…";
    case "closed":
      return "Not connected";
    case "waiting":
      return `Connection lost. Showing data from ${time(link.since)}. Retrying ${left > 0 ? `in ${left} s` : "now"}.`;
  }
}

function useSecondsLeft(link: LinkState): number {
  const until = link.kind === "waiting" ? link.retryAt : 0;
  const [, tick] = useState(0);
  useEffect(() => {
    if (until === 0) return;
    const timer = setInterval(() => tick((ticks) => ticks + 1), 500);
    return () => clearInterval(timer);
  }, [until]);
  return Math.max(0, Math.ceil((until - Date.now()) / 1000));
}
