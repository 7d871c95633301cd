// What stands where there is nothing to show (yet), and says what to do.

import { Alert, Button, Group, Loader, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** `whole`: it stands for a whole page. */
export function Empty({ title, children, whole = false }: { title: string; children?: ReactNode; whole?: boolean }) {
  return (
    <Stack align="center" gap="xs" py="xl" px="md">
      <Title order={whole ? 1 : 2} fz={whole ? 24 : "md"}>
        {title}
      </Title>
      <Text c="dimmed" ta="center" maw={460} component="div">
        {children}
      </Text>
    </Stack>
  );
}

export function Waiting({ label }: { label: string }) {
  return (
    <Group justify="center" py="xl" role="status">
      <Loader size="sm" aria-hidden />
      <Text c="dimmed">{label}</Text>
    </Group>
  );
}

export function Trouble({ title, message, again }: { title: string; message: string; again?: () => void }) {
  return (
    <Alert color="red" title={title} role="alert" variant="light">
      <Stack gap="sm" align="start">
        <Text size="sm">{message}</Text>
        {again && (
          <Button size="xs" variant="default" onClick={again}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
