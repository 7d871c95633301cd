// Addresses of statements on the page and in the API.

export const PAGES = [
  ["/statements/files", "Files"],
  ["/statements/transactions", "Transactions"],
  ["/statements/rules", "Rules"],
] as const;

export function fileAddress(id: string): string {
  return `/statements/files/${id}`;
}

const API = "/api/statements";

/** Addresses in the API. */
export const FILES = `${API}/files`;
export const TRANSACTIONS = `${API}/transactions`;
export const FACETS = `${API}/facets`;
export const FIGURES = `${API}/figures`;
export const RULES = `${API}/rules`;

export function filePath(id: string, part = ""): string {
  return `${FILES}/${encodeURIComponent(id)}${part}`;
}
