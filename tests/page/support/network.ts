// A proxy between browser and server that can be cut.

import { once } from "node:events";
import net from "node:net";

export class Network {
  private readonly sockets = new Set<net.Socket>();
  private up = true;
  private watch: { text: string; left: number; call: () => void } | null = null;

  private constructor(
    private readonly listener: net.Server,
    private target: number,
  ) {}

  static async before(target: number): Promise<Network> {
    const listener = net.createServer();
    const network = new Network(listener, target);
    listener.on("connection", (client) => network.connect(client));
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    return network;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.listener.address() as net.AddressInfo).port}`;
  }

  /** Closes all current connections; new ones work. */
  reset(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Closes all connections and rejects new ones. */
  cut(): void {
    this.up = false;
    this.reset();
  }

  mend(): void {
    this.up = true;
  }

  /** Calls back once when the server has sent this text the given number of times, before the browser receives it. */
  when(text: string, times: number, call: () => void): void {
    this.watch = { text, left: times, call };
  }

  /** Forwards to another server, such as a restarted one. */
  lead(target: number): void {
    this.target = target;
  }

  async close(): Promise<void> {
    this.reset();
    const closed = once(this.listener, "close");
    this.listener.close();
    await closed;
  }

  private connect(client: net.Socket): void {
    if (!this.up) {
      client.destroy();
      return;
    }
    const server = net.connect(this.target, "127.0.0.1");
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(from);
      if (from === server) from.on("data", (data) => this.heard(data));
      from.pipe(to);
      // Either side may close at any time, which is what tests exercise.
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }

  private heard(data: Buffer): void {
    if (!this.watch) return;
    this.watch.left -= data.toString("latin1").split(this.watch.text).length - 1;
    if (this.watch.left > 0) return;
    const { call } = this.watch;
    this.watch = null;
    call();
  }
}
