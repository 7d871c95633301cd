// Placeholders for content that is being loaded or could not be loaded.

import { Alert, Button, Group, Loader, Stack, Text } from "@mantine/core";

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
