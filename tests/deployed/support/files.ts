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

/** Returns the path of `riffle`, built with the feature `cloud`, for operator commands and samples. */
export function program(): string {
  const found = process.env.RIFFLE_BINARY;
  if (!found) throw new Error("RIFFLE_BINARY is not set: run these tests with scripts/deployed-tests");
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

  /** The places of codes: file, code and, in drawings, page. */
  get places(): string[] {
    return this.key.matches
      .flatMap(({ file, code, pages }) =>
        pages.length > 0 ? pages.map((page) => place(file, code, page)) : [place(file, code, "")],
      )
      .sort();
  }
}

/** Returns the place of a match. The answer key does not contain the cells of registers. */
export function place(file: string, code: string, page: string | number): string {
  return file.endsWith(".pdf") ? `${file} ${code} ${page}` : `${file} ${code}`;
}

/** Returns hostile files by name. */
export function hostile(...names: string[]): File[] {
  return made((folder) => names.map((name) => ({ name, content: readFileSync(path.join(folder, name)) })), "--hostile");
}

/** Puts files below the tenant's prefix in the uploads bucket. */
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
