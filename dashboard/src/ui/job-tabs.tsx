// The parts of a job: Results, Problems, Activity, Details, and what the flow adds. The one that is open stands in the
// address.

import { Badge, Card, Tabs } from "@mantine/core";
import type { ReactNode } from "react";

import { useParameter } from "./address.ts";
import { count } from "./format.ts";

export interface JobTab {
  id: string;
  name: string;
  /** Beside the name; none for 0. */
  number?: number;
  /** Of the number. */
  color?: string;
  panel: () => ReactNode;
}

/** The first one is open where the address names none. */
export function JobTabs({ tabs }: { tabs: [JobTab, ...JobTab[]] }) {
  const [named, open] = useParameter("tab");
  const [first] = tabs;
  const current = tabs.find(({ id }) => id === named) ?? first;
  return (
    <Card withBorder padding="md">
      <Tabs
        value={current.id}
        onChange={(id) => open(id === first.id ? null : id, { replace: true })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {tabs.map(({ id, name, number = 0, color = "gray" }) => (
            <Tabs.Tab
              key={id}
              value={id}
              rightSection={
                number > 0 && (
                  <Badge size="sm" variant="light" color={color} data-count={number}>
                    {count(number)}
                  </Badge>
                )
              }
            >
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={current.id}>{current.panel()}</Tabs.Panel>
      </Tabs>
    </Card>
  );
}
