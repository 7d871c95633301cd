// The client of the HTTP API. Each failure is an ApiError with a message for users.

import type { Problem } from "../contracts.ts";

/** Seconds. A longer Retry-After is shown to the user instead of being retried. */
const MOMENT = 60;

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    detail: string,
    /** Seconds after which a retry may succeed, from Retry-After; 0 without that header. */
    readonly after = 0,
  ) {
    super(detail);
  }

  /** Whether a retry may soon succeed: the server did not answer or is too busy. */
  get passes(): boolean {
    return this.status === 0 || (this.status === 429 && this.after <= MOMENT) || this.status >= 500;
  }
}

/** Milliseconds between retries while the server cannot be reached. */
export const AGAIN = 5_000;

/** Returns whether the server did not answer at all. */
export function isAway(error: unknown): boolean {
  return error instanceof ApiError && error.status === 0;
}

/** The source of the tokens that requests carry where sign-in is required. */
export interface Voucher {
  /** Returns a valid token; without one, waits until the user has signed in. */
  token(signal?: AbortSignal | null): Promise<string>;
  /**
   * Reports that the API rejected the token. `final`: it rejected the previous one too. Settles when another token may
   * be requested.
   */
  refused(token: string, final: boolean): Promise<void>;
}

let voucher: Voucher | null = null;

/** Makes every further request carry a token; `null` ends that. */
export function vouch(by: Voucher | null): void {
  voucher = by;
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return request<T>(path, signal ? { signal } : {});
}

export function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return request<T>(path, sending("POST", body, signal));
}

/** Sends a PUT. The body of the answer is ignored. */
export async function put(path: string, body: unknown, signal?: AbortSignal): Promise<void> {
  await ask(path, sending("PUT", body, signal));
}

/** Sends a DELETE. The body of the answer is ignored. */
export async function remove(path: string, signal?: AbortSignal): Promise<void> {
  await ask(path, { method: "DELETE", ...(signal ? { signal } : {}) });
}

function sending(method: string, body: unknown, signal?: AbortSignal): RequestInit {
  return {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  };
}

export function postBytes<T>(path: string, body: Blob, signal?: AbortSignal): Promise<T> {
  return request<T>(path, {
    method: "POST",
    headers: { "content-type": body.type || "application/octet-stream" },
    body,
    ...(signal ? { signal } : {}),
  });
}

/** Fetches binary content, such as an image. */
export async function getBlob(path: string, signal?: AbortSignal): Promise<Blob> {
  return (await ask(path, signal ? { signal } : {})).blob();
}

async function request<T>(path: string, init: RequestInit): Promise<T> {
  const answer = await ask(path, init);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await vouchedFor(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "No connection", "The server cannot be reached. Check that it is running, then try again.");
  }
  if (answer.ok) return answer;
  throw await problem(answer);
}

/** A rejected token is renewed once without the user; after that the request waits until the user has signed in. */
async function vouchedFor(path: string, init: RequestInit): Promise<Response> {
  if (!voucher) return fetch(path, init);
  for (let refused = 0; ; refused++) {
    const token = await voucher.token(init.signal);
    const answer = await fetch(path, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
    if (answer.status !== 401) return answer;
    await voucher.refused(token, refused > 0);
  }
}

async function problem(answer: Response): Promise<ApiError> {
  const busy = answer.status === 429 || answer.status === 503;
  const words = busy
    ? "The server is busy. Try again in a moment."
    : `The server returned an error (${answer.status}).`;
  const fallback = new ApiError(answer.status, answer.statusText, words);
  if (!answer.headers.get("content-type")?.includes("json")) return fallback;
  try {
    // Errors of API Gateway itself have no problem document.
    const told = (await answer.json()) as Partial<Problem>;
    if (told.title === undefined) return fallback;
    const after = Number(answer.headers.get("retry-after") ?? 0) || 0;
    return new ApiError(answer.status, told.title, told.detail ?? told.title, after);
  } catch {
    return fallback;
  }
}
