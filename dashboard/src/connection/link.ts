// One lasting connection to the server out of many sockets: heartbeat, reconnecting with back-off, and replacing a
// socket before the gateway's limit ends it. Knows nothing of scans, and nothing of React.

/** What the page says of its connection. */
export type LinkState =
  | { kind: "connecting" }
  | { kind: "live" }
  /** The next try is at `retryAt` (milliseconds since 1970). */
  | { kind: "waiting"; retryAt: number; since: number }
  | { kind: "closed" };

/** The parts of a WebSocket that are used, so that tests can do without a network. */
export interface Socket {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
}

export interface World {
  /** Asks for a ticket and opens a socket with it. */
  open(): Promise<Socket>;
  now(): number;
  /** Calls back once after so many milliseconds; the answer cancels it. */
  after(milliseconds: number, call: () => void): () => void;
  random(): number;
}

export interface Timing {
  /** Milliseconds between two pings. */
  heartbeat: number;
  /** A socket that has said nothing for so long after a ping is dead. */
  patience: number;
  /** A socket is replaced at this age, counted from when it was made: before the gateway ends it. */
  replaceAfter: number;
  /** First and longest wait before another try. */
  firstWait: number;
  longestWait: number;
  /** A socket that has not opened by then is given up. */
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
  /** A socket is open: whoever listens to something says so again. `send` reaches this very socket. */
  opened(send: (message: object) => void): void;
  received(text: string): void;
  changed(state: LinkState): void;
}

export class Link {
  private current: Connection | null = null;
  /** The socket that is to take the place of the current one. */
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

  /** Ends it for good, or until `start`. */
  stop(): void {
    this.set({ kind: "closed" });
    this.cancelRetry?.();
    this.cancelRetry = null;
    for (const connection of [this.current, this.next]) connection?.drop();
    this.current = null;
    this.next = null;
  }

  /** A person does not want to wait. */
  retryNow(): void {
    if (this.state.kind !== "waiting") return;
    this.cancelRetry?.();
    this.cancelRetry = null;
    this.connect();
  }

  /** Sends if a socket is open; says whether it was. */
  send(message: object): boolean {
    return this.current?.send(message) ?? false;
  }

  private connect(): void {
    this.set({ kind: "connecting" });
    this.current = this.connection();
  }

  /** Opens another socket beside the current one and lets go of that only when the other listens. */
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
      // The change was planned, and the next one is on its way: only where that fails, too, the connection is lost.
      this.current = this.next;
      this.next = null;
      this.set({ kind: "connecting" });
    } else if (connection.isOld) {
      // So is this one: whatever held this page up, the gateway ended the socket at its limit, as it had said it would.
      this.connect();
    } else {
      this.lost();
    }
  }

  private lost(): void {
    this.current = null;
    if (this.state.kind === "closed") return;
    this.lostAt ??= this.world.now();
    // Half of the wait by chance, so that a thousand pages do not come back at once.
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
  /** Told once, and not after `drop`. */
  ended(connection: Connection): void;
}

/** One socket from its ticket to its end. */
class Connection {
  private socket: Socket | null = null;
  private isOpen = false;
  private over = false;
  /** When the socket was made: not after the gateway saw it open, so that it is never taken for younger than it is. */
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

  /** Old enough to be replaced. */
  get isOld(): boolean {
    return this.isOpen && this.world.now() - this.madeAt >= this.timing.replaceAfter;
  }

  send(message: object): boolean {
    if (!this.isOpen || this.over) return false;
    this.socket?.send(JSON.stringify(message));
    return true;
  }

  /** Ends it without a word. */
  drop(): void {
    this.over = true;
    for (const cancel of this.timers) cancel();
    this.timers.clear();
    this.cancelDeath?.();
    this.socket?.close();
  }

  /** Tells of its age again after a while. */
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
      // Whatever arrives shows that it lives.
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
