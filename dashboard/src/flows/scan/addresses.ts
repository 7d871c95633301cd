// Where scans are: on the page, and in the API. Paths of reports and files stand in reports and never change.

export const SCANS = "/api/sessions";

export function scanAddress(id: string): string {
  return `/scans/${id}`;
}

export function reportPath(id: string): string {
  return `/sessions/${id}/report.xlsx`;
}

export function filePath(id: string, file: number | string): string {
  return `/sessions/${id}/files/${file}`;
}

/** Of the API: the scan, or what is known of it. */
export function scanPath(id: string, part = ""): string {
  return `${SCANS}/${encodeURIComponent(id)}${part}`;
}

/** A page of a list. */
export function paged(path: string, limit: number, cursor: string | null): string {
  const after = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
  return `${path}${path.includes("?") ? "&" : "?"}limit=${limit}${after}`;
}
