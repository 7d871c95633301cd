// A link to the transactions as CSV. Where people sign in, a link carries no token: then the page fetches them, and
// saves them from memory.

import { Button } from "@mantine/core";
import { useState } from "react";

import { getBlob } from "../api/client.ts";
import { useIdentity } from "../sign-in/current.ts";
import { save } from "../ui/save.ts";
import { csvPath, type Filters } from "./filters.ts";

const NAME = "transactions.csv";

export function ExportButton({ filters, failed }: { filters: Filters; failed: (why: string | null) => void }) {
  const identity = useIdentity();
  const [busy, setBusy] = useState(false);
  const path = csvPath(filters);
  if (!identity) {
    return (
      <Button component="a" href={path} download={NAME} variant="default">
        Export CSV
      </Button>
    );
  }
  const fetched = async () => {
    setBusy(true);
    failed(null);
    try {
      save(await getBlob(path), NAME);
    } catch (error) {
      failed(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button variant="default" loading={busy} onClick={() => void fetched()}>
      Export CSV
    </Button>
  );
}
