// Messages in the form in which dead-letter queues contain them.

import { chance } from "./people.ts";
import { outputs } from "./stack.ts";
import { send } from "./state.ts";
import { deadLettersOf } from "./topology.ts";

/** Sends one message of this tenant to each dead-letter queue; those of the scan flow concern this session. */
export async function leaveDeadLetters(tenant: string, session_id: string): Promise<void> {
  for (const queue of deadLettersOf("scan")) await send(queue, [JSON.stringify(ofScan(queue))], session_id);
  for (const queue of deadLettersOf("statements")) await send(queue, [JSON.stringify(ofStatements(queue))], tenant);

  function ofScan(queue: string): object {
    if (queue === "scan-quarantine-dead-letters") return { session_id, index: 0 };
    if (queue !== "scan-scheduler-dead-letters") return { session_id };
    const scan = { name: chance(), tenant, prefix: "drawings/", codes: ["HOLE-1"], options: {} };
    const detail = { ...scan, scheduled_time: "2026-11-22T06:00:00Z", execution_id: chance() };
    return { version: "0", id: chance(), "detail-type": "scan.scheduled", source: "riffle", detail };
  }

  function ofStatements(queue: string): object {
    if (queue === "statements-uploads-dead-letters") {
      const key = `statements/${tenant}/${chance()}.csv`;
      const object = { key, versionId: chance(), eTag: chance(), size: 1 };
      return { Records: [{ eventName: "ObjectCreated:Put", s3: { bucket: { name: outputs.UploadsBucket }, object } }] };
    }
    const ids = { event_id: chance(), processing_id: chance(), correlation_id: chance() };
    const detail = {
      ...{ ...ids, version: 1, flow: "statements", timestamp: new Date().toISOString() },
      ...{ event_type: "deletion.requested", data: { tenant } },
    };
    return {
      version: "0",
      id: chance(),
      "detail-type": detail.event_type,
      source: "riffle",
      time: detail.timestamp,
      detail,
    };
  }
}
