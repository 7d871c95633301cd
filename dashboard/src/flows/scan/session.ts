// One scan as the page knows it. Frames may be lost, duplicated or reordered, and sockets may be replaced: the session
// always converges to the server's state. It subscribes first and reads pages afterwards: earlier results are in the
// pages, later ones in frames, and results in both count once.

import { ApiError } from "../../api/client.ts";
import { Link, type LinkState, TIMING, type Timing, type World } from "../../connection/link.ts";
import type { FailurePage, Frame, MatchPage, Receipt, ScanDetail, SessionState, StartScan } from "../../contracts.ts";
import { Failures } from "./failures.ts";
import { Matches } from "./matches.ts";

/** What the page shows. Each change creates a new object. */
export interface View {
  /** `null` until the server has named it. */
  id: string | null;
  /** `null` while nothing is known. */
  state: SessionState | null;
  total: number | null;
  processed: number;
  failed: number;
  /** Number of matches counted by the server; as many are listed once `synced`. */
  matches: number;
  percent: number;
  filesPerSecond: number | null;
  etaSeconds: number | null;
  receipt: Receipt | null;
  /** The description of the session by the API. */
  detail: ScanDetail | null;
  /** Why the scan is FAILED. */
  reason: string | null;
  /** An error that the user should see. */
  problem: Problem | null;
  cancelling: boolean;
  /** The scan waits for a new access token. */
  paused: boolean;
  /** A new token has been sent. */
  renewing: boolean;
  /** All results that the server has reported are listed. */
  synced: boolean;
  link: LinkState;
  failures: number;
}

export interface Problem {
  kind: "not_found" | "refused" | "unreachable";
  message: string;
}

/** The requests that read a session. */
export interface Api {
  detail(id: string): Promise<ScanDetail>;
  matches(id: string, cursor: string | null): Promise<MatchPage>;
  failures(id: string, cursor: string | null): Promise<FailurePage>;
}

/** An existing session, or the request to create one. */
export type Wanted = { id: string } | { start: StartScan };

/** After this long without a frame of a running scan, the page requests a snapshot. Milliseconds. */
const SILENCE = 15_000;
/** Between two attempts to read pages. Milliseconds. */
const AGAIN = 2_000;
/** The final states of a session: no frame follows. */
const OVER: readonly SessionState[] = ["COMPLETE", "FAILED", "CANCELLED"];

export function isOver(state: SessionState | null): boolean {
  return state !== null && OVER.includes(state);
}

/** Returns the state as frames name it. A scan that waits for a token is RUNNING. */
function stateOf({ detail }: ScanDetail): SessionState {
  return detail === "token_expired" ? "RUNNING" : (detail.toUpperCase() as Uppercase<typeof detail>);
}

export class Session {
  readonly matches: Matches;
  private readonly known = new Failures();
  private readonly link: Link;
  private readonly listeners = new Set<() => void>();
  private view: View;
  private start: StartScan | null;
  private cancelWanted = false;
  private cancelSilence: (() => void) | null = null;
  private cancelAgain: (() => void) | null = null;
  /** Set while pages are being read; `again` if something changed meanwhile. */
  private reading: { again: boolean } | null = null;
  private closed = false;

  constructor(
    wanted: Wanted,
    private readonly world: World,
    private readonly api: Api,
    soon: (call: () => void) => void,
    timing: Timing = TIMING,
  ) {
    this.matches = new Matches(soon);
    this.start = "start" in wanted ? wanted.start : null;
    this.view = {
      id: "id" in wanted ? wanted.id : null,
      state: null,
      total: null,
      processed: 0,
      failed: 0,
      matches: 0,
      percent: 0,
      filesPerSecond: null,
      etaSeconds: null,
      receipt: null,
      detail: null,
      reason: null,
      problem: null,
      cancelling: false,
      paused: false,
      renewing: false,
      synced: false,
      link: { kind: "closed" },
      failures: 0,
    };
    this.link = new Link(
      world,
      {
        opened: (send) => this.introduce(send),
        received: (text) => this.receive(text),
        changed: (link) => this.set({ link }),
      },
      timing,
    );
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): View => this.view;

  failures(): ReturnType<Failures["list"]> {
    return this.known.list();
  }

  /** Subscribes to frames; of a finished scan it only reads the pages. */
  open(): void {
    this.closed = false;
    if (this.view.id === null) this.link.start();
    else this.look();
  }

  close(): void {
    this.closed = true;
    this.link.stop();
    this.cancelSilence?.();
    this.cancelAgain?.();
  }

  /** Requests cancellation; repeats the request after each reconnect until the server has answered. */
  cancel(): void {
    if (this.cancelWanted || isOver(this.view.state)) return;
    this.cancelWanted = true;
    this.set({ cancelling: true });
    this.sendCancel((message) => this.link.send(message));
  }

  /** Sends the scan a new access token. If it is lost, the next SNAPSHOT resets `renewing`. */
  renew(token: string): void {
    if (this.view.id === null || isOver(this.view.state)) return;
    this.set({ renewing: this.link.send({ action: "renew_token", session_id: this.view.id, token }) });
  }

  retryNow(): void {
    this.link.retryNow();
    if (this.view.problem?.kind === "unreachable") {
      this.set({ problem: null });
      this.ask();
      this.read();
    }
  }

  /** Reads a session opened by its address, which may be finished. */
  private look(): void {
    const id = this.view.id;
    if (id === null) return;
    this.api.detail(id).then(
      (detail) => {
        if (this.closed) return;
        this.learn(detail);
        if (!isOver(stateOf(detail))) this.link.start();
        this.read();
      },
      (error: unknown) => this.failed(error, () => this.look()),
    );
  }

  private introduce(send: (message: object) => void): void {
    if (this.view.id !== null) send({ action: "resume", session_id: this.view.id });
    // start_scan is idempotent: the same request id is the same scan.
    else if (this.start) send({ action: "start_scan", ...this.start });
    this.sendCancel(send);
    this.listen();
  }

  private sendCancel(send: (message: object) => void): void {
    if (this.cancelWanted && this.view.id !== null && !isOver(this.view.state)) {
      send({ action: "cancel_scan", session_id: this.view.id });
    }
  }

  /** Requests a snapshot when no frame has arrived for a while. */
  private listen(): void {
    this.cancelSilence?.();
    this.cancelSilence = null;
    if (this.closed || isOver(this.view.state)) return;
    this.cancelSilence = this.world.after(SILENCE, () => {
      this.ask();
      this.listen();
    });
  }

  private ask(): void {
    if (this.view.id !== null) {
      this.link.send({ action: "resume", session_id: this.view.id });
      this.sendCancel((message) => this.link.send(message));
    } else if (this.start) this.link.send({ action: "start_scan", ...this.start });
  }

  private receive(text: string): void {
    const frame = parse(text);
    if (!frame || frame.type === "PONG") return;
    const id = frame.session_id ?? null;
    if (this.view.id === null) {
      if (id !== null && frame.type !== "ERROR") this.set({ id });
    } else if (id !== null && id !== this.view.id) {
      return;
    }
    this.listen();
    this.take(frame);
  }

  private take(frame: Frame): void {
    switch (frame.type) {
      case "STARTED":
        this.set({ total: frame.total, paused: false, renewing: false, ...this.atLeast("RUNNING") });
        return;
      case "PROGRESS":
        this.progress(frame);
        return;
      case "MATCH_FOUND":
        this.reads();
        this.matches.add([frame]);
        return;
      case "FILE_FAILED":
        this.reads();
        this.addFailures([frame]);
        return;
      case "SNAPSHOT":
        this.snapshotFrame(frame);
        return;
      case "COMPLETE":
        this.set({
          state: "COMPLETE",
          percent: 100,
          processed: frame.total_processed,
          failed: frame.total_failed,
          matches: frame.total_matches,
          receipt: frame.receipt,
          etaSeconds: null,
          cancelling: false,
          synced: false,
        });
        this.ended();
        return;
      case "CANCELLED":
        if (isOver(this.view.state)) return;
        this.set({ state: "CANCELLED", etaSeconds: null, cancelling: false, synced: false });
        this.ended();
        return;
      case "ERROR":
        this.refused(frame);
        return;
      default:
        // A newer server may send unknown frames.
        return;
    }
  }

  private progress(frame: Extract<Frame, { type: "PROGRESS" }>): void {
    if (isOver(this.view.state)) return;
    // Frames may arrive out of order: shown progress never decreases.
    const newest = frame.processed >= this.view.processed;
    this.set({
      ...this.atLeast("RUNNING"),
      total: frame.total,
      percent: Math.max(this.view.percent, frame.value),
      processed: Math.max(this.view.processed, frame.processed),
      failed: Math.max(this.view.failed, frame.failed),
      ...(newest ? { filesPerSecond: frame.files_per_second, etaSeconds: frame.eta_seconds ?? null } : {}),
    });
  }

  private snapshotFrame(frame: Extract<Frame, { type: "SNAPSHOT" }>): void {
    this.matches.add(frame.matches);
    this.addFailures(frame.failures);
    const over = isOver(frame.state);
    if (isOver(this.view.state) && !over) return;
    // Whether this one frame contains the whole session.
    const whole = !frame.cursor && this.matches.size === frame.total_matches;
    const percent = frame.total > 0 ? Math.floor((frame.processed * 100) / frame.total) : 0;
    this.set({
      state: frame.state,
      total: frame.state === "LISTING" ? null : frame.total,
      processed: over ? frame.processed : Math.max(this.view.processed, frame.processed),
      failed: over ? frame.failed : Math.max(this.view.failed, frame.failed),
      matches: frame.total_matches,
      percent: frame.state === "COMPLETE" ? 100 : Math.max(this.view.percent, percent),
      reason: frame.reason ?? null,
      paused: frame.paused === true,
      renewing: false,
      synced: whole && this.known.size === frame.failed,
      problem: null,
    });
    if (over) this.ended();
    else if (!this.view.synced || this.view.detail === null) this.read();
  }

  private refused(frame: Extract<Frame, { type: "ERROR" }>): void {
    if (frame.code === "SCAN_FAILED") {
      this.set({ state: "FAILED", reason: frame.message, etaSeconds: null, cancelling: false });
      this.ended();
    } else if (frame.code === "TOKEN_EXPIRED") {
      this.set({ paused: true, renewing: false });
    } else if (frame.code === "UNAVAILABLE" || (frame.code === "QUOTA_EXCEEDED" && this.view.id !== null)) {
      this.cancelAgain?.();
      this.cancelAgain = this.world.after(AGAIN, () => this.ask());
    } else if (frame.code === "WRONG_STATE" && this.view.id !== null) {
      // Such as a cancel that came too late: the final state follows.
      this.cancelWanted = false;
      this.set({ cancelling: false });
      this.ask();
    } else {
      const kind = frame.code === "NOT_FOUND" ? "not_found" : "refused";
      this.set({ problem: { kind, message: frame.message }, cancelling: false });
      this.link.stop();
      this.cancelSilence?.();
    }
  }

  /** No frame follows: reads missing results and closes the socket. */
  private ended(): void {
    this.cancelSilence?.();
    this.link.stop();
    this.read();
  }

  /** Reads all pages, and again if something changed meanwhile. */
  private read(): void {
    const id = this.view.id;
    if (id === null || this.closed) return;
    if (this.reading) {
      this.reading.again = true;
      return;
    }
    const reading = { again: false };
    this.reading = reading;
    this.readPages(id).then(
      (detail) => {
        this.reading = null;
        if (this.closed) return;
        this.learn(detail);
        if (reading.again) this.read();
        // The pages and the count of a finished scan must agree.
        else if (isOver(stateOf(detail)) && !this.view.synced)
          this.cancelAgain = this.world.after(AGAIN, () => this.read());
      },
      (error: unknown) => {
        this.reading = null;
        this.failed(error, () => this.read());
      },
    );
  }

  private async readPages(id: string): Promise<ScanDetail> {
    // First, so that all counted results are in the pages.
    const detail = await this.api.detail(id);
    for (let cursor: string | null = null; ; ) {
      const page: MatchPage = await this.api.matches(id, cursor);
      this.matches.add(page.matches);
      cursor = page.next_cursor ?? null;
      if (cursor === null || this.closed) break;
    }
    for (let cursor: string | null = null; ; ) {
      const page: FailurePage = await this.api.failures(id, cursor);
      this.addFailures(page.failures);
      cursor = page.next_cursor ?? null;
      if (cursor === null || this.closed) break;
    }
    return detail;
  }

  private learn(detail: ScanDetail): void {
    const state = stateOf(detail);
    const over = isOver(state);
    if (isOver(this.view.state) && !over) {
      // Read before the end was reported.
      this.set({ detail });
      if (!this.reading) this.read();
      return;
    }
    const total = detail.total ?? null;
    const percent = total ? Math.floor((detail.processed * 100) / total) : 0;
    this.set({
      detail,
      state,
      total,
      processed: over ? detail.processed : Math.max(this.view.processed, detail.processed),
      failed: over ? detail.failed : Math.max(this.view.failed, detail.failed),
      matches: over ? detail.matches : Math.max(this.view.matches, detail.matches),
      percent: state === "COMPLETE" ? 100 : Math.max(this.view.percent, percent),
      reason: detail.reason ?? null,
      ...(detail.detail === "token_expired" ? { paused: true } : {}),
      receipt: detail.receipt ?? this.view.receipt,
      problem: null,
      // A running scan is never fully up to date, and the counts of a cancelled one may be incomplete.
      synced: state === "COMPLETE" ? this.matches.size === detail.matches : true,
    });
    if (over) {
      this.cancelSilence?.();
      this.link.stop();
    }
  }

  private failed(error: unknown, again: () => void): void {
    if (this.closed) return;
    if (error instanceof ApiError && !error.passes) {
      const kind = error.status === 404 ? "not_found" : "refused";
      this.set({ problem: { kind, message: error.message } });
      this.link.stop();
      return;
    }
    // While the socket waits to reconnect, the connection bar already shows the problem.
    if (this.view.link.kind !== "waiting") {
      const message = error instanceof Error ? error.message : String(error);
      this.set({ problem: { kind: "unreachable", message } });
    }
    this.cancelAgain?.();
    this.cancelAgain = this.world.after(AGAIN, again);
  }

  private addFailures(listed: Parameters<Failures["add"]>[0]): void {
    if (this.known.add(listed)) this.set({ failures: this.known.size });
  }

  /** A result of a file shows that the scan is RUNNING, even if STARTED is late. */
  private reads(): void {
    const { state } = this.atLeast("RUNNING");
    if (state) this.set({ state });
  }

  private atLeast(state: SessionState): { state?: SessionState } {
    const early = this.view.state === null || this.view.state === "LISTING" || this.view.state === "DISPATCHING";
    return early ? { state } : {};
  }

  private set(change: Partial<View>): void {
    this.view = { ...this.view, ...change };
    for (const listener of this.listeners) listener();
  }
}

function parse(text: string): Frame | null {
  try {
    return JSON.parse(text) as Frame;
  } catch {
    return null;
  }
}
