// A report or file opened by its address, from a report in Excel for instance.

import { Anchor, Button, Stack, Title } from "@mantine/core";
import { useCallback, useEffect, useRef, useState } from "react";
import { Link } from "wouter";

import { Empty, Trouble, Waiting } from "../ui/notes.tsx";
import { mint } from "./mint.ts";

type State = { kind: "asking" } | { kind: "begun" } | { kind: "failed"; why: string };

export function DownloadPage({ session, path }: { session: string; path: string }) {
  const [state, setState] = useState<State>({ kind: "asking" });
  const begun = useRef(false);
  const begin = useCallback(async () => {
    setState({ kind: "asking" });
    try {
      const { url } = await mint(path);
      setState({ kind: "begun" });
      window.location.assign(url);
    } catch (error) {
      setState({ kind: "failed", why: error instanceof Error ? error.message : String(error) });
    }
  }, [path]);
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    void begin();
  }, [begin]);

  const scan = (
    <Anchor component={Link} href={`/sessions/${session}`}>
      Look at the scan
    </Anchor>
  );
  switch (state.kind) {
    case "asking":
      return <Waiting label="Looking for the file…" />;
    case "begun":
      return (
        <Empty title="Your download begins" whole>
          <p>If nothing happens, begin it yourself.</p>
          <Button onClick={() => void begin()}>Download</Button>
          <p>{scan}</p>
        </Empty>
      );
    case "failed":
      return (
        <Stack gap="md">
          <Title order={1} fz={24}>
            Download
          </Title>
          <Trouble title="This cannot be downloaded" message={state.why} again={() => void begin()} />
          <div>{scan}</div>
        </Stack>
      );
  }
}
