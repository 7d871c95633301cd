// The content of the dialog that confirms the deletion of a scan.

import type { Deletion } from "../../ui/delete-dialog.tsx";
import { scanPath } from "./addresses.ts";
import { lossesOf } from "./words.ts";

/** The properties of a scan that the dialog needs. */
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
    stays: uploaded ? null : "The scanned files themselves are not deleted.",
    announced: `The scan of ${source} was deleted.`,
    queries: ["scans"],
  };
}
