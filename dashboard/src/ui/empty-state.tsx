// Shown in place of missing content, with what to do next.

import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** `whole`: it takes the place of a whole page. */
export function EmptyState({
  title,
  children,
  whole = false,
}: {
  title: string;
  children?: ReactNode;
  whole?: boolean;
}) {
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
