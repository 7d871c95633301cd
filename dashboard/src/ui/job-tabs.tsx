// The tabs of a job: Results, Problems, Activity and those that the flow adds. The address contains the open tab.

import { Badge, Card, Tabs } from "@mantine/core";
import type { ReactNode } from "react";

import { useParameter } from "./address.ts";
import { count } from "./format.ts";

export interface JobTab {
  id: string;
  name: string;
  /** Shown next to the name, except 0. */
  number?: number;
  /** Colour of the number. */
  color?: string;
  panel: () => ReactNode;
}

/** Without a tab in the address, the first tab is open. */
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
