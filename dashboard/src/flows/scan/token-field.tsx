// The access token with which Google Drive is read. It lives in the form alone: no storage of the browser gets it.

import { Anchor, Button, Group, PasswordInput, Stack } from "@mantine/core";
import { useState } from "react";

import { isToken } from "./drive.ts";

const WHERE = "https://developers.google.com/oauthplayground/?scope=https://www.googleapis.com/auth/drive.readonly";

export function TokenField({ token, change }: { token: string; change: (token: string) => void }) {
  const trimmed = token.trim();
  return (
    <PasswordInput
      label="Access token"
      description={
        <>
          A person who may read the folder gets one from{" "}
          <Anchor href={WHERE} target="_blank" rel="noreferrer" inherit>
            Google&rsquo;s OAuth Playground
          </Anchor>{" "}
          for the scope drive.readonly. It lives for about an hour; Riffle forgets it when the scan ends.
        </>
      }
      value={token}
      onChange={(event) => change(event.currentTarget.value)}
      error={trimmed !== "" && !isToken(trimmed) ? "This is no access token: it has no spaces." : undefined}
      autoComplete="off"
      spellCheck={false}
      data-1p-ignore
    />
  );
}

/** A token to go on with. */
export function TokenForm({ label, use }: { label: string; use: (token: string) => void }) {
  const [token, setToken] = useState("");
  const trimmed = token.trim();
  return (
    <form
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isToken(trimmed)) return;
        setToken("");
        use(trimmed);
      }}
    >
      <Stack gap="sm">
        <TokenField token={token} change={setToken} />
        <Group>
          <Button type="submit" size="sm" disabled={!isToken(trimmed)}>
            {label}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
