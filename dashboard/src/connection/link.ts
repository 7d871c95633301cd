// One lasting connection to the server over many sockets: heartbeat, reconnect with backoff, and replacement of a
// socket before the gateway closes it at its time limit. Independent of scans and of React.

/** The state of the connection, as shown on the page. */
export type LinkState =
  | { kind: "connecting" }
  | { kind: "live" }
  /** Lost at `since`; the next attempt is at `retryAt` (both in milliseconds since 1970). */
  | { kind: "waiting"; retryAt: number; since: number }
  | { kind: "closed" };

/** The parts of a WebSocket in use, so that tests need no network. */
export interface Socket {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
}

export interface World {
  /** Requests a ticket and opens a socket with it. */
  open(): Promise<Socket>;
  now(): number;
  /** Calls back once after the given milliseconds; the returned function cancels it. */
  after(milliseconds: number, call: () => void): () => void;
  random(): number;
}

export interface Timing {
  /** Milliseconds between two pings. */
  heartbeat: number;
  /** A socket that has received nothing for this long after a ping is dead. Milliseconds, as all of these. */
  patience: number;
  /** A socket is replaced at this age, counted from its creation: before the gateway closes it. */
  replaceAfter: number;
  /** The first and the longest wait before a reconnect. */
  firstWait: number;
  longestWait: number;
  /** A socket that has not opened within this time is abandoned. */
  openWithin: number;
}

export const TIMING: Timing = {
  heartbeat: 30_000,
  patience: 10_000,
  replaceAfter: 110 * 60_000,
  firstWait: 500,
  longestWait: 15_000,
  openWithin: 10_000,
};

export interface Listener {
  /** A socket is open: the listener must subscribe again. `send` uses exactly this socket. */
  opened(send: (message: object) => void): void;
  received(text: string): void;
  changed(state: LinkState): void;
}

export class Link {
  private current: Connection | null = null;
  /** The socket that is to replace the current one. */
  private next: Connection | null = null;
  private cancelRetry: (() => void) | null = null;
  private failures = 0;
  private lostAt: number | null = null;
  private state: LinkState = { kind: "closed" };

  constructor(
    private readonly world: World,
    private readonly listener: Listener,
    private readonly timing: Timing = TIMING,
  ) {}

  start(): void {
    if (this.state.kind !== "closed") return;
    this.failures = 0;
    this.lostAt = null;
    this.connect();
  }

  /** Closes the connection until `start` is called. */
  stop(): void {
    this.set({ kind: "closed" });
    this.cancelRetry?.();
    this.cancelRetry = null;
    for (const connection of [this.current, this.next]) connection?.drop();
    this.current = null;
    this.next = null;
  }

  /** Reconnects now instead of at `retryAt`, on request of the user. */
  retryNow(): void {
    if (this.state.kind !== "waiting") return;
    this.cancelRetry?.();
    this.cancelRetry = null;
    this.connect();
  }

  /** Sends if a socket is open; returns whether it was. */
  send(message: object): boolean {
    return this.current?.send(message) ?? false;
  }

  private connect(): void {
    this.set({ kind: "connecting" });
    this.current = this.connection();
  }

  /** Opens a second socket and closes the current one only when the second is open. */
  private replace(): void {
    if (!this.next && this.current) this.next = this.connection();
  }

  private connection(): Connection {
    return new Connection(this.world, this.timing, {
      opened: (connection) => this.opened(connection),
      received: (text) => this.listener.received(text),
      old: () => this.replace(),
      ended: (connection) => this.ended(connection),
    });
  }

  private opened(connection: Connection): void {
    const old = connection === this.next ? this.current : null;
    this.current = connection;
    if (old) this.next = null;
    this.failures = 0;
    this.lostAt = null;
    this.set({ kind: "live" });
    this.listener.opened((message) => connection.send(message));
    old?.drop();
  }

  private ended(connection: Connection): void {
    if (connection === this.next) {
      this.next = null;
      this.current?.postpone();
    } else if (this.next) {
      // A replacement is already being opened: the connection is lost only if that fails too.
      this.current = this.next;
      this.next = null;
      this.set({ kind: "connecting" });
    } else if (connection.isOld) {
      // This is expected too: the page was suspended, and the gateway closed the socket at its time limit.
      this.connect();
    } else {
      this.lost();
    }
  }

  private lost(): void {
    this.current = null;
    if (this.state.kind === "closed") return;
    this.lostAt ??= this.world.now();
    // Half of the wait is random, so that a thousand pages do not reconnect at once.
    const longest = Math.min(this.timing.longestWait, this.timing.firstWait * 2 ** this.failures);
    const wait = longest / 2 + (longest / 2) * this.world.random();
    this.failures += 1;
    this.set({ kind: "waiting", retryAt: this.world.now() + wait, since: this.lostAt });
    this.cancelRetry = this.world.after(wait, () => {
      this.cancelRetry = null;
      this.connect();
    });
  }

  private set(state: LinkState): void {
    this.state = state;
    this.listener.changed(state);
  }
}

interface Fate {
  opened(connection: Connection): void;
  received(text: string): void;
  /** Time to be replaced. */
  old(): void;
  /** Called once, and not after `drop`. */
  ended(connection: Connection): void;
}

/** One socket, from its ticket until it is closed. */
class Connection {
  private socket: Socket | null = null;
  private isOpen = false;
  private over = false;
  /** When the socket was created: before the gateway saw it open, so that its age is never underestimated. */
  private madeAt = 0;
  private readonly timers = new Set<() => void>();
  private cancelDeath: (() => void) | null = null;

  constructor(
    private readonly world: World,
    private readonly timing: Timing,
    private readonly fate: Fate,
  ) {
    this.later(timing.openWithin, () => {
      if (!this.isOpen) this.end();
    });
    world.open().then(
      (socket) => this.take(socket),
      () => this.end(),
    );
  }

  /** Whether the socket is old enough to be replaced. */
  get isOld(): boolean {
    return this.isOpen && this.world.now() - this.madeAt >= this.timing.replaceAfter;
  }

  send(message: object): boolean {
    if (!this.isOpen || this.over) return false;
    this.socket?.send(JSON.stringify(message));
    return true;
  }

  /** Closes the socket without calling `ended`. */
  drop(): void {
    this.over = true;
    for (const cancel of this.timers) cancel();
    this.timers.clear();
    this.cancelDeath?.();
    this.socket?.close();
  }

  /** Calls `old` again after one heartbeat. */
  postpone(): void {
    this.later(this.timing.heartbeat, () => this.fate.old());
  }

  private take(socket: Socket): void {
    if (this.over) {
      socket.close();
      return;
    }
    this.socket = socket;
    this.madeAt = this.world.now();
    socket.onopen = () => {
      if (this.over) return;
      this.isOpen = true;
      this.later(this.madeAt + this.timing.replaceAfter - this.world.now(), () => this.fate.old());
      this.beat();
      this.fate.opened(this);
    };
    socket.onmessage = (event) => {
      if (this.over) return;
      // Any message shows that the socket is alive.
      this.cancelDeath?.();
      this.cancelDeath = null;
      if (typeof event.data === "string") this.fate.received(event.data);
    };
    socket.onclose = () => this.end();
  }

  private beat(): void {
    this.later(this.timing.heartbeat, () => {
      this.send({ action: "ping" });
      this.cancelDeath ??= this.world.after(this.timing.patience, () => this.end());
      this.beat();
    });
  }

  private end(): void {
    if (this.over) return;
    this.drop();
    this.fate.ended(this);
  }

  private later(milliseconds: number, call: () => void): void {
    const cancel = this.world.after(milliseconds, () => {
      this.timers.delete(cancel);
      call();
    });
    this.timers.add(cancel);
  }
}
