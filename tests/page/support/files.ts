// Creates files to scan.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { program } from "./server.ts";

/** Creates sample drawings with a list of codes and an answer key, using `riffle samples`. */
export function samples(folder: string, count: number, seed = 1): { drawings: string; codes: string; answers: string } {
  execFileSync(program(), ["samples", folder, "--count", String(count), "--seed", String(seed)]);
  const inside = (name: string) => path.join(folder, name);
  return { drawings: inside("drawings"), codes: inside("codes.xlsx"), answers: inside("answers.json") };
}

/** Creates `files` text files with `each` codes each, all different; returns the codes. */
export function texts(folder: string, files: number, each: number): string[] {
  mkdirSync(folder, { recursive: true });
  const codes: string[] = [];
  for (let file = 0; file < files; file++) {
    const lines: string[] = [];
    for (let line = 0; line < each; line++) {
      const code = `HC-${file * each + line + 1}`;
      codes.push(code);
      lines.push(`item ${line + 1}: drill ${code} through`);
    }
    writeFileSync(path.join(folder, `list-${String(file).padStart(5, "0")}.txt`), lines.join("\n") + "\n");
  }
  return codes;
}

/** Creates an unreadable file: a PDF truncated in its first object. */
export function broken(file: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, "%PDF-1.7\n1 0 obj\n<< /Type /Catalog");
}
