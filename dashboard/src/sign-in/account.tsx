// The signed-in user and the sign-out button.

import { Button, Group, Text } from "@mantine/core";

import { useIdentity, useSignIn } from "./current.ts";

export function Account() {
  const identity = useIdentity();
  const state = useSignIn();
  if (!identity || (state?.kind !== "in" && state?.kind !== "lapsed")) return null;
  return (
    <Group gap={4} miw={0}>
      <Text size="sm" c="dimmed" truncate visibleFrom="sm">
        {state.who.name}
      </Text>
      <Button variant="subtle" color="gray" size="compact-sm" onClick={() => identity.signOut()}>
        Sign out
      </Button>
    </Group>
  );
}
