// The HTTP API. Each failure is an ApiError whose message is meant for a person.

import type { Problem } from "../contracts.ts";

/** Seconds. Who is told to wait for longer has to know it. */
const MOMENT = 60;

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    detail: string,
    /** Seconds after which the same may work, where the server says so. */
    readonly after = 0,
  ) {
    super(detail);
  }

  /** The same may work a moment later: the server did not answer, or is too busy. */
  get passes(): boolean {
    return this.status === 0 || (this.status === 429 && this.after <= MOMENT) || this.status >= 500;
  }
}

/** Milliseconds after which a server that is away is asked again. */
export const AGAIN = 5_000;

/** The server did not answer at all. */
export function isAway(error: unknown): boolean {
  return error instanceof ApiError && error.status === 0;
}

/** Where people sign in: whoever has the tokens that requests carry. */
export interface Voucher {
  /** A token that holds; waits for a person where there is none. */
  token(signal?: AbortSignal | null): Promise<string>;
  /** The API does not take it. `final`: nor did it take the one before. Settles when another may be asked for. */
  refused(token: string, final: boolean): Promise<void>;
}

let voucher: Voucher | null = null;

/** From now on every request carries a token. */
export function vouch(by: Voucher | null): void {
  voucher = by;
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return request<T>(path, signal ? { signal } : {});
}

export function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return request<T>(path, sending("POST", body, signal));
}

/** What is answered to it is not looked at. */
export async function put(path: string, body: unknown, signal?: AbortSignal): Promise<void> {
  await ask(path, sending("PUT", body, signal));
}

/** What is answered to it is not looked at. */
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

/** What an address holds, such as a picture. */
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
    throw new ApiError(0, "No connection", "The server cannot be reached. Check that it runs, then try again.");
  }
  if (answer.ok) return answer;
  throw await problem(answer);
}

/** A token that is refused is replaced without a person once; then the request waits until one has signed in. */
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
    ? "The server has too much to do. Try again in a moment."
    : `The server answered ${answer.status}.`;
  const fallback = new ApiError(answer.status, answer.statusText, words);
  if (!answer.headers.get("content-type")?.includes("json")) return fallback;
  try {
    // The gateway of AWS refuses in words of its own.
    const told = (await answer.json()) as Partial<Problem>;
    if (told.title === undefined) return fallback;
    const after = Number(answer.headers.get("retry-after") ?? 0) || 0;
    return new ApiError(answer.status, told.title, told.detail ?? told.title, after);
  } catch {
    return fallback;
  }
}
