// Reads again what could not be read: a scan of its own, whose report holds both.

import { Button, Popover } from "@mantine/core";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";

import type { Config } from "../../contracts.ts";
import { counted } from "../../ui/format.ts";
import { Trouble } from "../../ui/notes.tsx";
import { scanAddress } from "./addresses.ts";
import { begin, useView } from "./current.ts";
import type { Session } from "./session.ts";
import { named, remember, requestId } from "./starting.ts";
import { TokenForm } from "./token-field.tsx";

interface Props {
  id: string;
  failed: number;
  /** The files are Google Drive's: reading them takes an access token. */
  lends: boolean;
  config: Config;
}

export function RetryButton({ id, failed, lends, config }: Props) {
  const [session, setSession] = useState<Session | null>(null);
  const [asking, setAsking] = useState(false);
  const start = (token?: string) => {
    setAsking(false);
    const message = { request_id: requestId(), retry_of: id, ...(token === undefined ? {} : { token }) };
    remember(message);
    setSession(begin(message, config));
  };
  return (
    <>
      <Popover opened={asking} onChange={setAsking} width={420} trapFocus returnFocus withArrow>
        <Popover.Target>
          <Button
            variant="default"
            onClick={() => (lends ? setAsking(!asking) : start())}
            loading={session !== null}
            aria-expanded={lends ? asking : undefined}
          >
            Read {counted(failed, "file")} again
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <TokenForm label="Read again" use={start} />
        </Popover.Dropdown>
      </Popover>
      {session && <Following session={session} back={() => setSession(null)} />}
    </>
  );
}

function Following({ session, back }: { session: Session; back: () => void }) {
  const view = useView(session);
  const [, go] = useLocation();
  useEffect(() => {
    if (view.id === null) return;
    named();
    go(scanAddress(view.id));
  }, [view.id, go]);
  return view.problem ? (
    <Trouble title="The files were not read again" message={view.problem.message} again={back} />
  ) : null;
}
