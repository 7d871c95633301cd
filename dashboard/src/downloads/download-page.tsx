// A report or file opened by its address, for example from a report in Excel.

import { Anchor, Button, Stack, Title } from "@mantine/core";
import { useCallback, useEffect, useRef, useState } from "react";
import { Link } from "wouter";

import { EmptyState } from "../ui/empty-state.tsx";
import { Trouble, Waiting } from "../ui/notes.tsx";
import { signedLink } from "./signed-links.ts";

type State = { kind: "asking" } | { kind: "begun" } | { kind: "failed"; why: string };

interface Props {
  path: string;
  /** The page that the download belongs to. */
  from: { name: string; href: string };
}

export function DownloadPage({ path, from }: Props) {
  const [state, setState] = useState<State>({ kind: "asking" });
  const begun = useRef(false);
  const begin = useCallback(async () => {
    setState({ kind: "asking" });
    try {
      const { url } = await signedLink(path);
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

  const back = (
    <Anchor component={Link} href={from.href}>
      {from.name}
    </Anchor>
  );
  switch (state.kind) {
    case "asking":
      return <Waiting label="Preparing your download…" />;
    case "begun":
      return (
        <EmptyState title="Your download is starting" whole>
          <p>If it does not start, select Download.</p>
          <Button onClick={() => void begin()}>Download</Button>
          <p>{back}</p>
        </EmptyState>
      );
    case "failed":
      return (
        <Stack gap="md">
          <Title order={1} fz={24}>
            Download
          </Title>
          <Trouble title="Download failed" message={state.why} again={() => void begin()} />
          <div>{back}</div>
        </Stack>
      );
  }
}
