// What the API says of statements, as shared/contracts/src/http_ingest.rs has it. Until the API's description names
// these, they stand here; then `../contracts.ts` has them under the same names.

export interface FilePage {
  files: FileItem[];
  next?: string | null;
}

export type FileState =
  | "received"
  | "processing"
  | "processed"
  | "review"
  | "rejected"
  | "failed"
  | "deleting"
  | "deleted";

export interface FileItem {
  id: string;
  name: string;
  size: number;
  state: FileState;
  received_at: string;
  changed_at: string;
  format?: string | null;
  rows: number;
  new: number;
  duplicates: number;
  accounts: FileAccount[];
  warnings: FileWarning[];
  more_warnings: number;
  review: string[];
  reason?: string | null;
  errors: FileError[];
}

export interface FileAccount {
  account: string;
  currency?: string | null;
  from: string;
  to: string;
  rows: number;
  opening?: string | null;
  closing?: string | null;
  balanced?: boolean | null;
}

export interface FileWarning {
  place: string;
  what: string;
}

export interface FileError {
  stage: string;
  reason: string;
  at: string;
}

export interface NewFile {
  name: string;
  size: number;
  account?: string | null;
}

export interface FileForm {
  url: string;
  fields: Record<string, string>;
}

export interface Timeline {
  events: TimelineEvent[];
}

export interface TimelineEvent {
  event_id: string;
  event_type: string;
  at: string;
  text: string;
}

export interface TransactionPage {
  transactions: TransactionItem[];
  next?: string | null;
}

export interface TransactionItem {
  id: string;
  account: string;
  date: string;
  value_date?: string | null;
  amount: string;
  currency: string;
  description: string;
  clean: string;
  counterparty?: string | null;
  balance?: string | null;
  kind?: string | null;
  reference?: string | null;
  category?: string | null;
  category_source?: string | null;
  file: string;
  place: string;
}

export interface Facets {
  accounts: string[];
  categories: string[];
}

export interface FiguresAnswer {
  months: MonthFigures[];
}

export interface MonthFigures {
  month: string;
  account: string;
  currency: string;
  count: number;
  money_in: string;
  money_out: string;
  categories: CategoryFigures[];
}

export interface CategoryFigures {
  category?: string | null;
  count: number;
  sum: string;
}

export interface Rules {
  yaml: string;
}

export interface DeadLetters {
  letters: DeadLetterItem[];
  more: boolean;
}

export interface DeadLetterItem {
  id: string;
  stage: string;
  event_type?: string | null;
  file?: string | null;
  file_name?: string | null;
  sent_at: string;
  reason?: string | null;
}

export interface RedriveRequest {
  ids?: string[] | null;
}

export interface Redriven {
  count: number;
}
