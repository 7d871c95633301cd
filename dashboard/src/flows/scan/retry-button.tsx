// Retries the files that could not be read: a new scan, whose report contains the results of both.

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
  /** The files are in Google Drive, so that an access token is needed. */
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
            Retry {counted(failed, "file")}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <TokenForm label="Retry" use={start} />
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
    <Trouble title="The retry was not started" message={view.problem.message} again={back} />
  ) : null;
}
