// A WebSocket client that keeps all received frames and can wait for one.

import { once } from "node:events";
import { WebSocket } from "ws";

export interface Frame {
  type: string;
  session_id: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: each type has fields of its own
  [field: string]: any;
}

export class Socket {
  readonly frames: Frame[] = [];
  private waiting: (() => void)[] = [];
  private closed: string | undefined;

  private constructor(private readonly socket: WebSocket) {
    socket.on("message", (data) => {
      const text = data.toString();
      if (text !== "") this.frames.push(JSON.parse(text) as Frame);
      this.wake();
    });
    socket.on("close", (code) => {
      this.closed = `it was closed with ${code}`;
      this.wake();
    });
  }

  static async open(url: string): Promise<Socket> {
    const socket = new WebSocket(url);
    const made = new Socket(socket);
    await once(socket, "open");
    return made;
  }

  send(action: object): void {
    this.socket.send(JSON.stringify(action));
  }

  of = (type: string) => this.frames.filter((frame) => frame.type === type);

  /** Waits for the first matching frame after the first `seen` frames. */
  async until(what: string, holds: (frame: Frame) => boolean, milliseconds = 120_000, seen = 0): Promise<Frame> {
    const deadline = Date.now() + milliseconds;
    for (;;) {
      const found = this.frames.slice(seen).find(holds);
      if (found) return found;
      const error = this.frames.slice(seen).find((frame) => frame.type === "ERROR");
      if (error) throw new Error(`no ${what}, but ${error.code}: ${error.message}`);
      seen = this.frames.length;
      if (this.closed !== undefined) throw new Error(`no ${what}: ${this.closed}`);
      if (!(await this.more(deadline - Date.now()))) {
        const last = this.frames.slice(-3).map((frame) => JSON.stringify(frame).slice(0, 300));
        throw new Error(
          `no ${what} in ${milliseconds} ms; ${this.frames.length} frames, the last:\n${last.join("\n")}`,
        );
      }
    }
  }

  type = (type: string, milliseconds?: number) => this.until(type, (frame) => frame.type === type, milliseconds);

  async close(): Promise<void> {
    if (this.closed !== undefined) return;
    const gone = once(this.socket, "close");
    this.socket.close();
    await gone;
  }

  private wake(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Resolves to false if no frame arrived in time. */
  private more(milliseconds: number): Promise<boolean> {
    if (milliseconds <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), milliseconds);
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }
}
