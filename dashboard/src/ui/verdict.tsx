// The outcome of a job in one sentence, and what a user can do about a bad one.

import { Alert, Text } from "@mantine/core";
import type { ReactNode } from "react";

const COLORS = { look: "yellow", wrong: "orange", failed: "red" } as const;

type Props =
  | { tone: "fine"; children: ReactNode }
  /** `look`: a user must decide something; `wrong`: the input is unusable; `failed`: processing failed. */
  | { tone: keyof typeof COLORS; title: string; children: ReactNode };

export function Verdict(props: Props) {
  if (props.tone === "fine") return <Text data-verdict="fine">{props.children}</Text>;
  return (
    <Alert color={COLORS[props.tone]} variant="light" title={props.title} role="alert" data-verdict={props.tone}>
      {props.children}
    </Alert>
  );
}
