// The events of a job, oldest first.

import { Text } from "@mantine/core";

import classes from "./activity.module.css";
import { momentWords } from "./format.ts";

export interface Happening {
  id: string;
  /** The event type. */
  type: string;
  title: string;
  text: string;
  at: string;
  failed: boolean;
}

export function Activity({ happenings }: { happenings: Happening[] }) {
  if (happenings.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        No activity yet. Each step appears here shortly after it happens.
      </Text>
    );
  }
  return (
    <ol className={classes.events} aria-label="Activity">
      {happenings.map(({ id, type, title, text, at, failed }) => (
        <li key={id} className={classes.event} data-event={type} data-failed={failed || undefined}>
          <time dateTime={at} className={classes.time}>
            {momentWords(at)}
          </time>
          <div>
            <Text fw={500} size="sm">
              {title}
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
