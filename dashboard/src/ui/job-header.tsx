// The header of a job's page: its name, its state and its actions.

import { Button, Group, Menu, Text, Title } from "@mantine/core";
import { type ReactNode, useRef } from "react";
import { Link } from "wouter";

import type { WorkState } from "../contracts.ts";
import { StateBadge } from "./state.tsx";

export type Action = { name: string; danger?: boolean } & ({ run: () => void } | { href: string });

interface Props {
  title: string;
  titleId?: string;
  state: WorkState;
  /** Shown instead of the state. */
  gone?: string | undefined;
  /** The flow's own description of the current step. */
  detail?: string | null | undefined;
  /** Shown next to the state, such as the connection. */
  beside?: ReactNode;
  /** One line below the title. */
  about?: ReactNode;
  /** The action that most users need next. */
  primary?: ReactNode;
  /** All other actions, in a menu. */
  actions: Action[];
}

export function JobHeader({ title, titleId, state, gone, detail, beside, about, primary, actions }: Props) {
  return (
    <Group justify="space-between" align="start" gap="md">
      <div>
        <Title order={1} fz={24} id={titleId} tabIndex={-1} style={{ overflowWrap: "anywhere" }}>
          {title}
        </Title>
        <Group gap="sm" mt={4}>
          <StateBadge state={state} gone={gone} />
          {detail && (
            <Text size="sm" data-detail>
              {detail}
            </Text>
          )}
          {beside}
        </Group>
        {about && (
          <Text size="sm" c="dimmed" mt={6} component="div">
            {about}
          </Text>
        )}
      </div>
      <Group gap="sm">
        {primary}
        {actions.length > 0 && <More actions={actions} />}
      </Group>
    </Group>
  );
}

function More({ actions }: { actions: Action[] }) {
  const button = useRef<HTMLButtonElement>(null);
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button ref={button} variant="default">
          More
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {actions.map((action) =>
          "href" in action ? (
            <Menu.Item key={action.name} component={Link} href={action.href}>
              {action.name}
            </Menu.Item>
          ) : (
            <Menu.Item
              key={action.name}
              {...(action.danger ? { color: "var(--mantine-color-error)" } : {})}
              onClick={() => {
                // A dialog that opens now returns the focus to its current place, and the menu item will be gone.
                button.current?.focus();
                action.run();
              }}
            >
              {action.name}
            </Menu.Item>
          ),
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
