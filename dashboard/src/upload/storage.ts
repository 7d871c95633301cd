// Sends bytes to the storage: the page's own server, or a bucket of another origin. Whoever has the link may send, so
// nothing else goes with it: no token, no cookies.

import { ApiError } from "../api/client.ts";

/** `again`: fresh links may help, or a little time. */
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

/** A file with the fields that go before it. */
export function formOf(fields: Record<string, string>, file: File): FormData {
  const form = new FormData();
  for (const [key, value] of Object.entries(fields)) form.append(key, value);
  // S3 reads no field that comes after it.
  form.append("file", file);
  return form;
}

/** As fetch, which cannot tell how much has been sent. The answer's ETag; `null` where it has none. */
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

/** S3 says in XML what is wrong, in words for programmers. Those of its codes that a person can do something about. */
const WORDS: Record<string, string> = {
  EntityTooLarge: "A file is larger than it was when it was chosen. Choose the files again.",
  EntityTooSmall: "A file is smaller than it was when it was chosen. Choose the files again.",
  IncompleteBody: "A file did not arrive whole. Try again.",
  KMSDisabledException: "The storage cannot be written: its key is disabled. Ask who runs Riffle.",
  NoSuchBucket: "The storage is not there any more. Ask who runs Riffle.",
  NoSuchUpload: "The upload was ended by the storage. Choose the files again.",
  SignatureDoesNotMatch: "The storage did not take the link. Is the clock of the server right?",
};

/** Client errors by status that pass by themselves, or with fresh links. */
const PASSING = new Set(["BadDigest", "ExpiredToken", "IncompleteBody", "OperationAborted", "RequestTimeout"]);
const BUSY = "The storage is busy. Try again in a moment.";
const NOT_ALLOWED = "The storage did not allow it: the link to it may have run out. Try again.";

export function trouble(status: number, body: string): StorageError {
  if (status === 0) {
    return new StorageError(0, "The storage cannot be reached. Check the connection, then try again.", true);
  }
  const code = /<Code>([A-Za-z0-9.]{1,80})<\/Code>/.exec(body)?.[1] ?? "";
  const words = WORDS[code];
  if (words) return new StorageError(status, words, PASSING.has(code));
  // A policy or link that has run out is told as a want of rights.
  if (status === 403 || code === "ExpiredToken") return new StorageError(status, NOT_ALLOWED, true);
  if (status === 429 || status >= 500) return new StorageError(status, BUSY, true);
  const what = code === "" ? String(status) : `${status}, ${code}`;
  return new StorageError(status, `The storage did not take a file (${what}). Try again.`, PASSING.has(code));
}

/** What a part is completed with. */
export function etagOf(answer: string | null): string {
  if (answer) return answer;
  throw new StorageError(200, "The storage did not say what it took: its CORS rules must expose ETag.", false);
}
