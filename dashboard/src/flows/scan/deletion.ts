// What the question before a scan goes says.

import type { Deletion } from "../../ui/delete-dialog.tsx";
import { scanPath } from "./addresses.ts";
import { lossesOf } from "./words.ts";

/** What is to be deleted, as a person knows it. */
export interface Deletable {
  session_id: string;
  source: string;
  uploaded: boolean;
}

export function deletionOf({ session_id: id, source, uploaded }: Deletable): Deletion {
  return {
    id,
    thing: "scan",
    name: source,
    path: scanPath(id),
    losses: lossesOf({ uploaded }),
    stays: uploaded ? null : "The files that were read stay where they are.",
    announced: `The scan of ${source} was deleted.`,
    queries: ["scans"],
  };
}
