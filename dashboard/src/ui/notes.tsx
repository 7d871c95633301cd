// What stands where there is nothing to show (yet), and says what to do.

import { Alert, Button, Group, Loader, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Stack align="center" gap="xs" py="xl" px="md">
      <Title order={2} fz="md">
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
