// The real `riffle serve`, with its own state folder.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import readline from "node:readline";

const ROOT = path.resolve(import.meta.dirname, "../../..");

/** Returns the program to test: the one built by `scripts/test`, unless RIFFLE_BINARY names another. */
export function program(): string {
  const target = process.env.CARGO_TARGET_DIR ?? path.join(ROOT, "target");
  const found = process.env.RIFFLE_BINARY ?? path.join(target, "debug/riffle");
  if (!existsSync(found)) {
    throw new Error(`${found} is missing: run cargo build -p riffle, or set RIFFLE_BINARY to another program`);
  }
  return found;
}

/** Creates a temporary folder. */
export function scratch(): { path: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), "riffle-page-"));
  return { path: folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export class Server {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    /** The address that it printed, with the token if it requires one. */
    readonly printed: string,
    readonly said: string[],
  ) {}

  /** Starts a server without a token. */
  static async start(state: string, extra: string[] = [], port = 0): Promise<Server> {
    return Server.guarded(state, ["--no-token", ...extra], port);
  }

  /** Starts a server that generates and requires a token. */
  static async guarded(state: string, extra: string[] = [], port = 0): Promise<Server> {
    const child = spawn(program(), ["serve", "--listen", `127.0.0.1:${port}`, "--state", state, ...extra], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const said: string[] = [];
    const lines = readline.createInterface({ input: child.stderr! });
    const listening = new Promise<string>((resolve, reject) => {
      lines.on("line", (line) => {
        said.push(line);
        const at = /riffle is at (http:\S+)/.exec(line);
        if (at) resolve(at[1]!);
      });
      child.once("exit", (code) => reject(new Error(`riffle serve ended with ${code}: ${said.join("\n")}`)));
      child.once("error", reject);
    });
    const printed = await listening;
    return new Server(child, Number(new URL(printed).port), printed, said);
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async json<T>(route: string): Promise<T> {
    const answer = await fetch(this.address + route);
    if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** Pauses the process until `go`: work in progress stops. */
  pause(): void {
    this.child.kill("SIGSTOP");
  }

  go(): void {
    this.child.kill("SIGCONT");
  }

  /** Kills the process without warning, like a power failure. */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.end("SIGTERM");
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "exit");
    this.go();
    this.child.kill(signal);
    await ended;
  }
}
