// Uploads bytes to the storage: the page's own server, or a bucket of another origin. The link is the authorisation, so
// that no token and no cookies are sent.

import { ApiError } from "../api/client.ts";

/** A failed upload. `again`: a retry with new links, or later, may succeed. */
export class StorageError extends ApiError {
  constructor(
    status: number,
    detail: string,
    private readonly again: boolean,
  ) {
    super(status, "Upload", detail);
  }

  override get passes(): boolean {
    return this.again;
  }
}

/** Builds a form with the fields, then the file. */
export function formOf(fields: Record<string, string>, file: File): FormData {
  const form = new FormData();
  for (const [key, value] of Object.entries(fields)) form.append(key, value);
  // S3 ignores fields after the file.
  form.append("file", file);
  return form;
}

/** Like fetch, but with upload progress. Returns the ETag of the answer, or `null` without one. */
export function transfer(
  method: string,
  url: string,
  body: FormData | Blob,
  sent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener("abort", abort, { once: true });
    request.open(method, url);
    request.withCredentials = false;
    request.upload.onprogress = (event) => sent(event.loaded);
    request.onloadend = () => {
      signal.removeEventListener("abort", abort);
      if (signal.aborted) reject(new DOMException("The upload was stopped.", "AbortError"));
      else if (request.status >= 200 && request.status < 300) resolve(request.getResponseHeader("etag"));
      else reject(trouble(request.status, request.responseText));
    };
    request.send(body);
  });
}

/** Texts for the error codes of S3 that a user can act on. */
const WORDS: Record<string, string> = {
  EntityTooLarge: "A file is larger than when you chose it. Choose the files again.",
  EntityTooSmall: "A file is smaller than when you chose it. Choose the files again.",
  IncompleteBody: "A file was only partly uploaded. Try again.",
  KMSDisabledException: "The storage is not writable: its key is disabled. Contact your Riffle administrator.",
  NoSuchBucket: "The storage no longer exists. Contact your Riffle administrator.",
  NoSuchUpload: "The storage ended the upload. Choose the files again.",
  SignatureDoesNotMatch: "The storage rejected the upload link. Check the clock of the server.",
};

/** Errors with a client error status that are transient or that new links solve. */
const PASSING = new Set(["BadDigest", "ExpiredToken", "IncompleteBody", "OperationAborted", "RequestTimeout"]);
const BUSY = "The storage is busy. Try again in a moment.";
const NOT_ALLOWED = "The storage denied the upload. The link may have expired. Try again.";

export function trouble(status: number, body: string): StorageError {
  if (status === 0) {
    return new StorageError(0, "The storage cannot be reached. Check your connection, then try again.", true);
  }
  const code = /<Code>([A-Za-z0-9.]{1,80})<\/Code>/.exec(body)?.[1] ?? "";
  const words = WORDS[code];
  if (words) return new StorageError(status, words, PASSING.has(code));
  // S3 reports an expired policy or link as missing permission.
  if (status === 403 || code === "ExpiredToken") return new StorageError(status, NOT_ALLOWED, true);
  if (status === 429 || status >= 500) return new StorageError(status, BUSY, true);
  const what = code === "" ? String(status) : `${status}, ${code}`;
  return new StorageError(status, `The storage rejected a file (${what}). Try again.`, PASSING.has(code));
}

/** Returns the ETag of a part, which its completion needs. */
export function etagOf(answer: string | null): string {
  if (answer) return answer;
  throw new StorageError(200, "The storage returned no ETag. Its CORS rules must expose the ETag header.", false);
}
