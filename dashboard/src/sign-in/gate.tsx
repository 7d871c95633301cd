// Shown instead of the pages until the user has signed in, and as a dialog over them when the sign-in has expired.

import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";

import { Dialog } from "../ui/dialog.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Trouble, Waiting } from "../ui/notes.tsx";
import { useIdentity, useSignIn } from "./current.ts";
import type { Identity, State } from "./identity.ts";

interface Props {
  /** Whether to redirect to the sign-in at once, as on pages that only start a download. */
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
          You can close this window.
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
    // Replaces this page in the history: going back to it would redirect to the sign-in again.
    void identity.signIn(true);
  }, [identity]);
  return <Waiting label="Redirecting you to sign in…" />;
}

function SignInAgain({ identity, state }: { identity: Identity; state: Extract<State, { kind: "lapsed" }> }) {
  return (
    <Dialog opened onClose={() => {}} withCloseButton={false} title="Sign in again" zIndex={300}>
      <Stack gap="md">
        <Text role="alert">{state.why}</Text>
        <Text size="sm" c="dimmed">
          Sign in as {state.who.name} in a new window. This page stays open and continues automatically.
        </Text>
        {state.blocked && (
          <Text size="sm" role="alert">
            Your browser blocked the sign-in window. Allow pop-ups and try again. You can also sign in on this page, but
            anything you entered is then lost.
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
