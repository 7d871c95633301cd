// What happened to a file, oldest first.

import { Text } from "@mantine/core";

import type { TimelineEvent } from "../contracts.ts";
import { momentWords } from "./days.ts";
import classes from "./timeline.module.css";
import { eventWords } from "./words.ts";

export function Timeline({ events }: { events: TimelineEvent[] }) {
  if (events.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        Nothing has been told of it yet. Each step is listed here a moment after it was done.
      </Text>
    );
  }
  return (
    <ol className={classes.events} aria-label="Timeline">
      {events.map(({ event_id: id, event_type: type, at, text }) => (
        <li key={id} className={classes.event} data-event={type}>
          <time dateTime={at} className={classes.time}>
            {momentWords(at)}
          </time>
          <div>
            <Text fw={500} size="sm">
              {eventWords(type)}
            </Text>
            <Text size="sm" style={{ overflowWrap: "anywhere" }}>
              {text}
            </Text>
          </div>
        </li>
      ))}
    </ol>
  );
}
