// What stands before the pages until somebody has signed in, and over them where the sign-in has run out.

import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";

import { Dialog } from "../ui/dialog.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Trouble, Waiting } from "../ui/notes.tsx";
import { useIdentity, useSignIn } from "./current.ts";
import type { Identity, State } from "./identity.ts";

interface Props {
  /** Whoever comes here wants one thing: they are led to the sign-in at once. */
  hurried: boolean;
  children: ReactNode;
}

export function Gate({ hurried, children }: Props) {
  const identity = useIdentity();
  const state = useSignIn();
  useEffect(() => identity?.start(), [identity]);
  if (!identity || !state) return children;
  switch (state.kind) {
    case "opening":
      return <Waiting label="Signing in…" />;
    case "done":
      return (
        <EmptyState title="You are signed in" whole>
          This window can be closed.
        </EmptyState>
      );
    case "out":
      return hurried && state.why === null ? (
        <Led identity={identity} />
      ) : (
        <SignIn identity={identity} why={state.why} />
      );
    default:
      return (
        <>
          {children}
          {state.kind === "lapsed" && <SignInAgain identity={identity} state={state} />}
        </>
      );
  }
}

function SignIn({ identity, why }: { identity: Identity; why: string | null }) {
  useEffect(() => {
    document.title = "Sign in · Riffle";
  }, []);
  return (
    <Stack align="center" gap="md" py="xl">
      <Title order={1} fz={26}>
        Sign in to Riffle
      </Title>
      <Text c="dimmed" ta="center" maw={460}>
        Riffle finds codes in drawings. Sign in to see your scans and to start new ones.
      </Text>
      {why !== null && <Trouble title="You are not signed in" message={why} />}
      <Button size="md" onClick={() => void identity.signIn()}>
        Sign in
      </Button>
    </Stack>
  );
}

function Led({ identity }: { identity: Identity }) {
  const led = useRef(false);
  useEffect(() => {
    if (led.current) return;
    led.current = true;
    // Who came back to this page would be led there again, and never get away.
    void identity.signIn(true);
  }, [identity]);
  return <Waiting label="Leading you to the sign-in…" />;
}

function SignInAgain({ identity, state }: { identity: Identity; state: Extract<State, { kind: "lapsed" }> }) {
  return (
    <Dialog opened onClose={() => {}} withCloseButton={false} title="Sign in again" zIndex={300}>
      <Stack gap="md">
        <Text role="alert">{state.why}</Text>
        <Text size="sm" c="dimmed">
          Sign in as {state.who.name} in a window of its own: what is on this page stays, and goes on by itself.
        </Text>
        {state.blocked && (
          <Text size="sm" role="alert">
            The browser opened no window. Allow it and try again, or sign in on this page: what you have filled in is
            lost then.
          </Text>
        )}
        <Group gap="sm">
          <Button onClick={() => void identity.signInBeside()}>Sign in</Button>
          {state.blocked && (
            <Button variant="default" onClick={() => void identity.signIn()}>
              Sign in on this page
            </Button>
          )}
        </Group>
      </Stack>
    </Dialog>
  );
}
