// The names the page uses for what the contracts crate defines. contracts.ts is generated: scripts/contracts.

import type { components } from "../contracts.ts";

type Schemas = components["schemas"];

export type Action = Schemas["Action"];
export type CodeEntry = Schemas["CodeEntry"];
export type CodePage = Schemas["CodePage"];
export type CodeState = Schemas["CodeState"];
export type Config = Schemas["Config"];
export type Evidence = Schemas["Evidence"];
export type FailurePage = Schemas["FailurePage"];
export type FolderListing = Schemas["FolderListing"];
export type Frame = Schemas["Frame"];
export type ListedFailure = Schemas["ListedFailure"];
export type ListedMatch = Schemas["Listed"];
export type MatchPage = Schemas["MatchPage"];
export type Options = Schemas["Options"];
export type Problem = Schemas["Problem"];
export type Receipt = Schemas["Receipt"];
export type SessionDetail = Schemas["SessionDetail"];
export type SessionOverview = Schemas["SessionOverview"];
export type SessionPage = Schemas["SessionPage"];
export type SessionState = Schemas["SessionState"];
export type StartScan = Schemas["StartScan"];
export type Ticket = Schemas["Ticket"];

// Until the contracts name them.
export interface UploadCreated {
  upload_id: string;
}
export type Upload =
  | { kind: "single"; method: string; url: string; fields: Record<string, string> }
  | { kind: "parts"; part_bytes: number; parts: { number: number; url: string }[] };
export interface DeclaredFiles {
  files: { number: number; upload: Upload }[];
}
export interface CodesPreview {
  codes_key: string;
  total: number;
  codes: string[];
  duplicates: number;
  column: string | null;
  sheet: string | null;
  left_out: { text: string; reason: string }[];
  left_out_total: number;
}
