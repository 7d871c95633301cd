// Reads again what could not be read: a scan of its own, whose report holds both.

import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";

import type { Config } from "../contracts.ts";
import { counted } from "../ui/format.ts";
import { Trouble } from "../ui/notes.tsx";
import { begin, useView } from "./current.ts";
import type { Session } from "./session.ts";
import { named, remember, requestId } from "./starting.ts";

export function RetryButton({ id, failed, config }: { id: string; failed: number; config: Config }) {
  const [session, setSession] = useState<Session | null>(null);
  const start = () => {
    const message = { request_id: requestId(), retry_of: id };
    remember(message);
    setSession(begin(message, config));
  };
  return (
    <>
      <Button variant="default" onClick={start} loading={session !== null}>
        Read {counted(failed, "file")} again
      </Button>
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
    go(`/sessions/${view.id}`);
  }, [view.id, go]);
  return view.problem ? (
    <Trouble title="The files were not read again" message={view.problem.message} again={back} />
  ) : null;
}
