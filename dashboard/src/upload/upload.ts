// Uploads files with links from the server: small ones whole, large ones in parts, several at once. Failures are
// retried with new links; parts that have arrived are not sent again.

import { ApiError, post } from "../api/client.ts";
import type { Config, SendBy, SentPart, Upload, UploadTargets } from "../contracts.ts";
import type { Chosen } from "./collect.ts";
import { withRetries } from "./retry.ts";
import { etagOf, formOf, transfer } from "./storage.ts";

export interface Progress {
  files: number;
  filesDone: number;
  bytes: number;
  bytesDone: number;
}

const AT_ONCE = 4;

/** Uploads all files; returns the upload id to start a scan with. */
export async function upload(
  files: Chosen[],
  limits: Config["limits"],
  told: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<string> {
  const progress: Progress = {
    files: files.length,
    filesDone: 0,
    bytes: files.reduce((sum, { file }) => sum + file.size, 0),
    bytesDone: 0,
  };
  told({ ...progress });
  const { upload_id: id } = await withRetries(() => post<Upload>("/api/uploads", {}, signal), signal);
  for (let first = 0; first < files.length; first += limits.upload_batch) {
    const batch = files.slice(first, first + limits.upload_batch);
    const declare = () =>
      post<UploadTargets>(
        `/api/uploads/${id}/files`,
        { first, files: batch.map(({ name, file }) => ({ name, size: file.size })) },
        signal,
      );
    let ways = await withRetries(declare, signal);
    let next = 0;
    const worker = async () => {
      while (next < batch.length) {
        const place = next++;
        const chosen = batch[place];
        if (!chosen) return;
        let counted = 0;
        const sent = (bytes: number) => {
          progress.bytesDone += bytes - counted;
          counted = bytes;
          told({ ...progress });
        };
        const way = () => {
          const found = ways.files[place]?.upload;
          if (found) return found;
          throw new ApiError(500, "Incomplete response", "The server returned no upload link for a file.");
        };
        const renew = async () => {
          ways = await declare();
        };
        await send({ id, number: first + place, file: chosen.file, way, renew, sent, signal });
        sent(chosen.file.size);
        progress.filesDone += 1;
        told({ ...progress });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }
  return id;
}

interface Sending {
  /** Upload id. */
  id: string;
  number: number;
  file: File;
  /** Returns the current links. */
  way(): SendBy;
  /** Requests new links, because the current ones may have expired. */
  renew(): Promise<void>;
  sent(bytes: number): void;
  signal: AbortSignal;
}

async function send(sending: Sending): Promise<void> {
  const { id, number, signal, renew } = sending;
  if (sending.way().kind === "single") {
    await withRetries(() => sendWhole(sending), signal, renew);
    return;
  }
  const parts: SentPart[] = [];
  for (let at = 0; ; at++) {
    const sent = await withRetries(() => sendPart(sending, at), signal, renew);
    if (!sent) break;
    parts.push(sent);
  }
  await withRetries(() => post(`/api/uploads/${id}/files/${number}/complete`, { parts }, signal), signal);
}

async function sendWhole({ file, way, sent, signal }: Sending): Promise<void> {
  const by = way();
  if (by.kind !== "single") throw changed();
  await transfer(by.method, by.url, formOf(by.fields, file), (bytes) => sent(Math.min(bytes, file.size)), signal);
}

/** Sends one part; returns `null` after the last one. */
async function sendPart({ file, way, sent, signal }: Sending, at: number): Promise<SentPart | null> {
  const by = way();
  if (by.kind !== "parts") throw changed();
  const part = by.parts[at];
  if (!part) return null;
  const begin = (part.number - 1) * by.part_bytes;
  const slice = file.slice(begin, Math.min(file.size, begin + by.part_bytes));
  const etag = etagOf(await transfer("PUT", part.url, slice, (bytes) => sent(begin + bytes), signal));
  return { number: part.number, etag };
}

function changed(): ApiError {
  return new ApiError(400, "Upload changed", "The server changed how a file is uploaded. Choose the files again.");
}
