// The files of one session that could not be read, by file index.

import type { ListedFailure } from "../../contracts.ts";

export interface FailedFile {
  file: number;
  name: string;
  reason: string;
}

export class Failures {
  private readonly byFile = new Map<number, FailedFile>();

  get size(): number {
    return this.byFile.size;
  }

  /** Adds failures; returns whether any of them was new. */
  add(listed: readonly ListedFailure[]): boolean {
    const before = this.byFile.size;
    for (const { file, data } of listed) {
      if (!this.byFile.has(file)) this.byFile.set(file, { file, name: data.file_name, reason: data.reason });
    }
    return this.byFile.size > before;
  }

  list(): FailedFile[] {
    return [...this.byFile.values()].sort((a, b) => a.file - b.file);
  }
}
