// Addresses of scans on the page and in the API. Reports contain the paths of reports and files, which never change.

export const SCANS = "/api/scans";

export function scanAddress(id: string): string {
  return `/scans/${id}`;
}

export function reportPath(id: string): string {
  return `/scans/${id}/report.xlsx`;
}

export function filePath(id: string, file: number | string): string {
  return `/scans/${id}/files/${file}`;
}

/** Returns the API address of a scan, or of a part of it. */
export function scanPath(id: string, part = ""): string {
  return `${SCANS}/${encodeURIComponent(id)}${part}`;
}
