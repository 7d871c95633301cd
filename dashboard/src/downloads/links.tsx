// Download links: plain links where the server of the page also serves the content, signed links otherwise.

import { Anchor, Button } from "@mantine/core";
import { createContext, type MouseEvent, type ReactNode, useContext, useRef, useState } from "react";
import { useLocation } from "wouter";

import { follow, signedLink } from "./signed-links.ts";

export const Signed = createContext(false);

interface Props {
  path: string;
  children: ReactNode;
}

export function DownloadButton({ path, children }: Props) {
  const { signed, busy, click } = useClick(path);
  return signed ? (
    <Button component="a" href={path} onClick={click} loading={busy}>
      {children}
    </Button>
  ) : (
    <Button component="a" href={path} download>
      {children}
    </Button>
  );
}

export function FileLink({ path, children }: Props) {
  const { signed, busy, click } = useClick(path);
  return signed ? (
    <Anchor href={path} onClick={click} aria-busy={busy} size="sm">
      {children}
    </Anchor>
  ) : (
    <Anchor href={path} target="_blank" rel="noreferrer" size="sm">
      {children}
    </Anchor>
  );
}

function useClick(path: string) {
  const signed = useContext(Signed);
  const [, go] = useLocation();
  const [busy, setBusy] = useState(false);
  const asked = useRef(false);
  const click = async (event: MouseEvent) => {
    // In a new tab, the download page requests its own link.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (asked.current) return;
    asked.current = true;
    setBusy(true);
    try {
      follow(await signedLink(path));
    } catch {
      // The download page shows the error.
      go(path);
    } finally {
      asked.current = false;
      setBusy(false);
    }
  };
  return { signed, busy, click };
}
