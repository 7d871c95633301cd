// The HTTP API. Each failure is an ApiError whose message is meant for a person.

import type { Problem } from "../contracts.ts";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    detail: string,
  ) {
    super(detail);
  }

  /** The same may work a moment later: the server did not answer, or is too busy. */
  get passes(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return request<T>(path, signal ? { signal } : {});
}

export function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return request<T>(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
}

export function postBytes<T>(path: string, body: Blob, signal?: AbortSignal): Promise<T> {
  return request<T>(path, {
    method: "POST",
    headers: { "content-type": body.type || "application/octet-stream" },
    body,
    ...(signal ? { signal } : {}),
  });
}

async function request<T>(path: string, init: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "No connection", "The server cannot be reached. Check that it runs, then try again.");
  }
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
  throw await problem(answer);
}

async function problem(answer: Response): Promise<ApiError> {
  const fallback = new ApiError(answer.status, answer.statusText, `The server answered ${answer.status}.`);
  if (!answer.headers.get("content-type")?.includes("json")) return fallback;
  try {
    const told = (await answer.json()) as Problem;
    return new ApiError(answer.status, told.title, told.detail ?? told.title);
  } catch {
    return fallback;
  }
}
