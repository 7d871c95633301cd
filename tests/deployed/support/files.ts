// Files to scan: sample drawings with their answer key, as `riffle samples` makes them.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";

import { outputs, storage } from "./stack.ts";

interface Key {
  codes: string[];
  absent: string[];
  matches: { file: string; code: string; pages: number[] }[];
}

export interface File {
  name: string;
  content: Buffer;
}

/** Riffle with the feature `cloud`: for those who operate a stack, and maker of samples. */
export function program(): string {
  const found = process.env.RIFFLE_BINARY;
  if (!found) throw new Error("RIFFLE_BINARY is not set: these tests are run by scripts/deployed-tests");
  return found;
}

function made<T>(read: (folder: string) => T, ...options: string[]): T {
  const scratch = mkdtempSync(path.join(tmpdir(), "riffle-deployed-"));
  try {
    const folder = path.join(scratch, "made");
    execFileSync(program(), ["samples", folder, ...options], { stdio: ["ignore", "ignore", "inherit"] });
    return read(folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export class Samples {
  private constructor(
    readonly files: File[],
    readonly key: Key,
  ) {}

  static make(count: number, seed: number): Samples {
    return made(
      (folder) => {
        const drawings = path.join(folder, "drawings");
        const names = readdirSync(drawings, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
        const files = names.map((entry) => {
          const whole = path.join(entry.parentPath, entry.name);
          return { name: path.relative(drawings, whole), content: readFileSync(whole) };
        });
        const key = JSON.parse(readFileSync(path.join(folder, "answers.json"), "utf8")) as Key;
        return new Samples(
          files.sort((one, other) => (one.name < other.name ? -1 : 1)),
          key,
        );
      },
      ...["--count", String(count), "--seed", String(seed)],
    );
  }

  /** Where codes stand: file, code and, in drawings, page. */
  get places(): string[] {
    return this.key.matches
      .flatMap(({ file, code, pages }) =>
        pages.length > 0 ? pages.map((page) => place(file, code, page)) : [place(file, code, "")],
      )
      .sort();
  }
}

/** A register's cells are not in the key. */
export function place(file: string, code: string, page: string | number): string {
  return file.endsWith(".pdf") ? `${file} ${code} ${page}` : `${file} ${code}`;
}

/** Files made to break programs, by their names. */
export function hostile(...names: string[]): File[] {
  return made((folder) => names.map((name) => ({ name, content: readFileSync(path.join(folder, name)) })), "--hostile");
}

/** Puts files where a tenant's own lie. */
export async function put(tenant: string, folder: string, files: File[]): Promise<void> {
  const left = [...files];
  const one = async () => {
    for (let file = left.pop(); file; file = left.pop()) {
      const Key = `files/${tenant}/${folder}/${file.name}`;
      await storage.send(new PutObjectCommand({ Bucket: outputs.UploadsBucket, Key, Body: file.content }));
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
}
