// What came of a job, in a sentence; and what a person can do where it is not as it should be.

import { Alert, Text } from "@mantine/core";
import type { ReactNode } from "react";

const COLORS = { look: "yellow", wrong: "orange", failed: "red" } as const;

type Props =
  | { tone: "fine"; children: ReactNode }
  /** `look`: a person has to decide something; `wrong`: nothing can be made of it; `failed`: it could not be done. */
  | { tone: keyof typeof COLORS; title: string; children: ReactNode };

export function Verdict(props: Props) {
  if (props.tone === "fine") return <Text data-verdict="fine">{props.children}</Text>;
  return (
    <Alert color={COLORS[props.tone]} variant="light" title={props.title} role="alert" data-verdict={props.tone}>
      {props.children}
    </Alert>
  );
}
