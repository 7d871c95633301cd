// The access token for Google Drive. It is kept in the form only, never in the storage of the browser.

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
          Get one with the scope drive.readonly from{" "}
          <Anchor href={WHERE} target="_blank" rel="noreferrer" inherit>
            Google&rsquo;s OAuth Playground
          </Anchor>{" "}
          as someone who may read the folder. It is valid for about an hour; Riffle deletes it when the scan ends.
        </>
      }
      value={token}
      onChange={(event) => change(event.currentTarget.value)}
      error={trimmed !== "" && !isToken(trimmed) ? "This is not an access token. Tokens contain no spaces." : undefined}
      autoComplete="off"
      spellCheck={false}
      data-1p-ignore
    />
  );
}

/** A form for a new token of a paused scan or of a retry. */
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
