// Uploads statements to the storage. It outlives the page that shows it: navigation does not interrupt an upload.

import { post } from "../../api/client.ts";
import type { FileForm, NewFile } from "../../contracts.ts";
import type { Chosen } from "../../upload/collect.ts";
import { withRetries } from "../../upload/retry.ts";
import { formOf, transfer } from "../../upload/storage.ts";
import { FILES } from "./addresses.ts";
import { COMES_WITHIN, type Expected } from "./polling.ts";

const AT_ONCE = 4;

export interface Lost {
  chosen: Chosen;
  account: string;
  why: string;
}

export interface View {
  busy: boolean;
  files: number;
  filesDone: number;
  bytes: number;
  bytesDone: number;
  /** Failed uploads, with the reasons. */
  lost: Lost[];
  expected: Expected | null;
}

const NOTHING: View = { busy: false, files: 0, filesDone: 0, bytes: 0, bytesDone: 0, lost: [], expected: null };

interface Waiting {
  chosen: Chosen;
  account: string;
}

export class Sending {
  private view: View = NOTHING;
  private readonly waiting: Waiting[] = [];
  private readonly listeners = new Set<() => void>();
  private abort = new AbortController();
  private workers = 0;

  constructor(private readonly now: () => number = Date.now) {}

  snapshot = (): View => this.view;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Adds files. `listed`: ids of the files listed now, to detect when the new ones appear. */
  add(files: Chosen[], account: string, listed: Iterable<string>): void {
    if (files.length === 0) return;
    const fresh = !this.view.busy;
    const view = fresh ? { ...NOTHING, expected: this.view.expected } : this.view;
    if (this.abort.signal.aborted) this.abort = new AbortController();
    const pending = view.expected && this.now() - view.expected.at < COMES_WITHIN ? view.expected : null;
    this.waiting.push(...files.map((chosen) => ({ chosen, account })));
    this.show({
      ...view,
      busy: true,
      files: view.files + files.length,
      bytes: view.bytes + files.reduce((sum, { file }) => sum + file.size, 0),
      expected: pending ?? { before: new Set(listed), sent: 0, at: this.now() },
    });
    while (this.workers < AT_ONCE && this.waiting.length > 0) void this.work();
  }

  /** Retries failed uploads. */
  again(listed: Iterable<string>): void {
    const lost = this.view.lost;
    this.show({ ...this.view, lost: [] });
    for (const { chosen, account } of lost) this.add([chosen], account, listed);
  }

  stop(): void {
    this.waiting.length = 0;
    this.abort.abort();
  }

  private async work(): Promise<void> {
    this.workers += 1;
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) await this.send(next);
    this.workers -= 1;
    if (this.workers === 0) this.show({ ...this.view, busy: false });
  }

  private async send({ chosen, account }: Waiting): Promise<void> {
    const { name, file } = chosen;
    const signal = this.abort.signal;
    let counted = 0;
    const sent = (bytes: number) => {
      const more = Math.min(bytes, file.size) - counted;
      counted += more;
      this.show({ ...this.view, bytesDone: this.view.bytesDone + more });
    };
    try {
      const announced: NewFile = { name, size: file.size, ...(account === "" ? {} : { account }) };
      // Each attempt gets a new form, because the previous one may have expired.
      await withRetries(async () => {
        const form = await post<FileForm>(FILES, announced, signal);
        await transfer("POST", form.url, formOf(form.fields, file), sent, signal);
      }, signal);
      sent(file.size);
      const before = this.view.expected?.before ?? new Set();
      const expected = { before, sent: (this.view.expected?.sent ?? 0) + 1, at: this.now() };
      this.show({ ...this.view, filesDone: this.view.filesDone + 1, expected });
    } catch (error) {
      sent(0);
      if (signal.aborted) return;
      const why = error instanceof Error ? error.message : String(error);
      this.show({ ...this.view, lost: [...this.view.lost, { chosen, account, why }] });
    }
  }

  private show(view: View): void {
    this.view = view;
    for (const listener of this.listeners) listener();
  }
}
