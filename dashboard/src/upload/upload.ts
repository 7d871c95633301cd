// Brings files to the server by the links it gives: small ones whole, large ones in parts, several at once. What fails
// is tried again with fresh links; what has arrived is not sent twice.

import { ApiError, post } from "../api/client.ts";
import type { Config, SendBy, Upload, UploadTargets } from "../contracts.ts";
import type { Chosen } from "./collect.ts";

export interface Progress {
  files: number;
  filesDone: number;
  bytes: number;
  bytesDone: number;
}

const AT_ONCE = 4;
const TRIES = 6;
const FIRST_WAIT = 500;

/** Sends everything; the id to start a scan with. */
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
  const { upload_id: id } = await patiently(() => post<Upload>("/api/uploads", {}, signal), signal);
  for (let first = 0; first < files.length; first += limits.upload_batch) {
    const batch = files.slice(first, first + limits.upload_batch);
    const declare = () =>
      post<UploadTargets>(
        `/api/uploads/${id}/files`,
        { first, files: batch.map(({ name, file }) => ({ name, size: file.size })) },
        signal,
      );
    let ways = await patiently(declare, signal);
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
        await patiently(
          async () => {
            const way = ways.files[place]?.upload;
            if (!way) throw new ApiError(500, "Incomplete answer", "The server gave no link for a file.");
            await send(id, first + place, chosen.file, way, sent, signal);
          },
          signal,
          async () => {
            // A link may have run out.
            ways = await declare();
          },
        );
        sent(chosen.file.size);
        progress.filesDone += 1;
        told({ ...progress });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }
  return id;
}

async function send(
  id: string,
  number: number,
  file: File,
  way: SendBy,
  sent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  if (way.kind === "single") {
    const form = new FormData();
    for (const [key, value] of Object.entries(way.fields)) form.append(key, value);
    form.append("file", file);
    await transfer(way.method, way.url, form, (bytes) => sent(Math.min(bytes, file.size)), signal);
    return;
  }
  const parts: { number: number; etag: string }[] = [];
  for (const part of way.parts) {
    const begin = (part.number - 1) * way.part_bytes;
    const slice = file.slice(begin, Math.min(file.size, begin + way.part_bytes));
    const etag = await patiently(
      () => transfer("PUT", part.url, slice, (bytes) => sent(begin + bytes), signal),
      signal,
    );
    parts.push({ number: part.number, etag });
  }
  await post(`/api/uploads/${id}/files/${number}/complete`, { parts }, signal);
}

/** As fetch, which cannot tell how much has been sent. The answer's ETag. */
function transfer(
  method: string,
  url: string,
  body: FormData | Blob,
  sent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener("abort", abort, { once: true });
    request.open(method, url);
    request.upload.onprogress = (event) => sent(event.loaded);
    request.onloadend = () => {
      signal.removeEventListener("abort", abort);
      if (signal.aborted) reject(new DOMException("The upload was stopped.", "AbortError"));
      else if (request.status >= 200 && request.status < 300) resolve(request.getResponseHeader("etag") ?? "");
      else reject(new ApiError(request.status, "Upload", uploadTrouble(request.status)));
    };
    request.send(body);
  });
}

function uploadTrouble(status: number): string {
  return status === 0
    ? "The server cannot be reached. Check the connection, then try again."
    : `The server did not take a file (${status}). Try again.`;
}

/** Tries again after longer and longer waits what may pass. */
async function patiently<T>(attempt: () => Promise<T>, signal: AbortSignal, before?: () => Promise<void>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      if (tried > 1) await before?.();
      return await attempt();
    } catch (error) {
      const hopeless = error instanceof ApiError && !error.passes && error.status !== 403;
      if (signal.aborted || hopeless || !(error instanceof ApiError) || tried === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, FIRST_WAIT * 2 ** (tried - 1)));
    }
  }
}
