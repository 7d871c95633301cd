// Time, randomness and a network for tests. Runs are deterministic: the same seed gives the same run.

import type { Socket, World } from "../connection/link.ts";

/** Returns a random number generator (mulberry32): small, and good enough for tests. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Time {
  private now = 1_000_000;
  private order = 0;
  private readonly due: { at: number; order: number; call: () => void }[] = [];

  read(): number {
    return this.now;
  }

  /** Advances time without running timers, like a suspended machine. */
  sleep(milliseconds: number): void {
    this.now += milliseconds;
  }

  after(milliseconds: number, call: () => void): () => void {
    const timer = { at: this.now + milliseconds, order: this.order++, call };
    this.due.push(timer);
    return () => {
      const place = this.due.indexOf(timer);
      if (place >= 0) this.due.splice(place, 1);
    };
  }

  /** Runs the next timer and pending promises. Returns false if no timer is due before `until`. */
  async step(until: number): Promise<boolean> {
    await settled();
    this.due.sort((a, b) => a.at - b.at || a.order - b.order);
    const next = this.due[0];
    if (!next || next.at > until) return false;
    this.due.shift();
    this.now = Math.max(this.now, next.at);
    next.call();
    await settled();
    return true;
  }
}

/** Lets pending promises run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
}

/** The server's end of a socket. */
export interface Accepted {
  /** Sends to the page. Nothing arrives on a closed socket. */
  push(frame: object): void;
  listen(server: (message: Record<string, unknown>) => void): void;
  readonly isOpen: boolean;
}

export interface Faults {
  /** Probabilities per frame to be lost, duplicated or delayed. */
  lost: number;
  doubled: number;
  late: number;
}

/** Sockets connected to `accept`, which can be cut. */
export class Wires implements World {
  private readonly wires: Wire[] = [];
  /** Whether the server is unreachable. */
  down = false;
  opened = 0;

  constructor(
    readonly time: Time,
    readonly random: () => number,
    private readonly faults: () => Faults,
    private readonly accept: (socket: Accepted) => void,
  ) {}

  now(): number {
    return this.time.read();
  }

  after(milliseconds: number, call: () => void): () => void {
    return this.time.after(milliseconds, call);
  }

  async open(): Promise<Socket> {
    if (this.down) throw new Error("no connection");
    const wire = new Wire(this.time, this.random, this.faults);
    this.wires.push(wire);
    this.opened += 1;
    this.time.after(5 + this.random() * 20, () => {
      if (this.down || wire.ended) {
        wire.cut();
        return;
      }
      this.accept(wire);
      wire.begin();
    });
    return wire;
  }

  cut(): void {
    for (const wire of this.wires.splice(0)) wire.cut();
  }
}

class Wire implements Socket, Accepted {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  isOpen = false;
  ended = false;

  constructor(
    private readonly time: Time,
    private readonly random: () => number,
    private readonly faults: () => Faults,
  ) {}

  private server: (message: Record<string, unknown>) => void = () => {};

  listen(server: (message: Record<string, unknown>) => void): void {
    this.server = server;
  }

  begin(): void {
    this.isOpen = true;
    this.onopen?.();
  }

  send(text: string): void {
    const message = JSON.parse(text) as Record<string, unknown>;
    this.time.after(1 + this.random() * 5, () => {
      if (this.isOpen) this.server(message);
    });
  }

  push(frame: object): void {
    const { lost, doubled, late } = this.faults();
    if (this.random() < lost) return;
    const times = this.random() < doubled ? 2 : 1;
    for (let copy = 0; copy < times; copy++) {
      const delay = 1 + (this.random() < late ? this.random() * 400 : 0);
      this.time.after(delay, () => {
        if (this.isOpen) this.onmessage?.({ data: JSON.stringify(frame) });
      });
    }
  }

  close(): void {
    this.isOpen = false;
    this.ended = true;
  }

  cut(): void {
    if (this.ended) return;
    this.isOpen = false;
    this.ended = true;
    this.onclose?.();
  }
}
