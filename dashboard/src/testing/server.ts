// A fake server that follows the protocol of scans.

import { ApiError } from "../api/client.ts";
import type { Frame, Listed, ListedFailure, ScanDetail, SessionState } from "../contracts.ts";
import type { Api } from "../flows/scan/session.ts";
import { phaseOf, stateOf } from "../flows/scan/words.ts";
import type { Accepted, Time } from "./world.ts";

const AT = "2026-01-01T00:00:00Z";
/** Small page size, so that several pages are needed. */
const PAGE = 7;

export class FakeServer {
  state: SessionState = "LISTING";
  readonly matches: Listed[] = [];
  readonly failures: ListedFailure[] = [];
  processed = 0;
  /** Share of requests that fail. */
  failing = 0;
  created = 0;
  private readonly listeners = new Set<Accepted>();
  private id: string | null = null;
  private request: string | null = null;

  constructor(
    readonly total: number,
    private readonly time: Time,
    private readonly random: () => number,
  ) {}

  readonly accept = (socket: Accepted): void => {
    socket.listen((message) => {
      switch (message.action) {
        case "ping":
          socket.push({ type: "PONG", session_id: null, at: AT });
          return;
        case "start_scan":
          if (this.request !== message.request_id) this.create(String(message.request_id));
          this.listeners.add(socket);
          this.push(socket, this.snapshot());
          return;
        case "resume":
          if (message.session_id !== this.id) {
            socket.push({
              type: "ERROR",
              code: "NOT_FOUND",
              message: "This scan does not exist.",
              session_id: null,
              at: AT,
            });
            return;
          }
          this.listeners.add(socket);
          this.push(socket, this.snapshot());
          return;
        case "cancel_scan":
          if (this.state === "RUNNING") this.state = "CANCELLED";
          if (this.state === "CANCELLED") this.tell({ type: "CANCELLED", message: "cancelled" });
          return;
      }
    });
  };

  readonly api: Api = {
    detail: async () => {
      this.answer();
      return this.detail();
    },
    matches: async (_, cursor) => {
      this.answer();
      const from = Number(cursor ?? 0);
      const next = from + PAGE;
      const listed = this.inOrder();
      return { matches: listed.slice(from, next), next_cursor: next < listed.length ? String(next) : null };
    },
    failures: async () => {
      this.answer();
      return { failures: [...this.failures], next_cursor: null };
    },
  };

  /** Reads one more file, or ends the scan. */
  step(): void {
    if (this.state === "LISTING") {
      this.state = "RUNNING";
      this.tell({ type: "STARTED", message: "Reading", timestamp: AT, total: this.total });
      return;
    }
    if (this.state !== "RUNNING") return;
    if (this.processed === this.total) {
      this.state = "COMPLETE";
      this.tell(this.complete());
      return;
    }
    const file = this.processed++;
    if (this.random() < 0.1) {
      const failure = { file, data: { file_name: `f${file}`, reason: "damaged" } };
      this.failures.push(failure);
      this.tell({ type: "FILE_FAILED", ...failure });
    } else {
      for (let ordinal = 0; ordinal < Math.floor(this.random() * 3); ordinal++) {
        const data = {
          hole_code: `H-${file}`,
          file_name: `f${file}`,
          status: "1 Code",
          pdf_link: "",
          page: "1",
          snippet: "",
        };
        const match = { match_id: `${file}-${ordinal}`, data };
        this.matches.push(match);
        this.tell({ type: "MATCH_FOUND", ...match });
      }
    }
    const value = Math.floor((Math.min(this.processed, this.total - 1) * 100) / this.total);
    const processed = Math.min(this.processed, this.total - 1);
    this.tell({
      type: "PROGRESS",
      value,
      processed,
      total: this.total,
      failed: this.failures.length,
      files_per_second: 1,
      eta_seconds: null,
    });
  }

  private create(request: string): void {
    this.request = request;
    this.id = `session-of-${request}`;
    this.created += 1;
    const run = () => {
      this.step();
      if (this.state === "LISTING" || this.state === "RUNNING") this.time.after(20 + this.random() * 200, run);
    };
    this.time.after(50, run);
  }

  private complete() {
    return {
      type: "COMPLETE" as const,
      download_url: "/report",
      total_matches: this.matches.length,
      total_processed: this.total,
      total_failed: this.failures.length,
      message: "",
      receipt: { duration_seconds: 1, files: this.total, bytes: 1, pages: 1 },
    };
  }

  private snapshot() {
    const listed = this.inOrder();
    return {
      type: "SNAPSHOT" as const,
      state: this.state,
      total: this.total,
      processed: this.processed,
      failed: this.failures.length,
      total_matches: this.matches.length,
      matches: listed.slice(0, PAGE),
      failures: this.failures.slice(0, PAGE),
      cursor: listed.length > PAGE ? "more" : null,
    };
  }

  private detail(): ScanDetail {
    const phase = phaseOf(this.state, false);
    return {
      session_id: this.id ?? "",
      state: stateOf(phase),
      detail: phase,
      created_at: AT,
      total: this.total,
      processed: this.processed,
      failed: this.failures.length,
      matches: this.matches.length,
      source: "somewhere",
      codes: 1,
      options: { match: "token", ocr: "off" },
    };
  }

  private inOrder(): Listed[] {
    const place = ({ match_id }: Listed) => match_id.split("-").map(Number);
    return [...this.matches].sort((a, b) => {
      const [file = 0, ordinal = 0] = place(a);
      const [otherFile = 0, otherOrdinal = 0] = place(b);
      return file - otherFile || ordinal - otherOrdinal;
    });
  }

  private answer(): void {
    if (this.random() < this.failing) throw new ApiError(0, "No connection", "cut");
  }

  private tell(body: object): void {
    for (const socket of this.listeners) this.push(socket, body);
  }

  private push(socket: Accepted, body: object): void {
    if (socket.isOpen) socket.push({ ...body, session_id: this.id, at: AT } as Frame);
    else this.listeners.delete(socket);
  }
}
