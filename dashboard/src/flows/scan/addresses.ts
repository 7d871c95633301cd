// Where scans are: on the page, and in the API. Paths of reports and files stand in reports and never change.

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

/** Of the API: the scan, or what is known of it. */
export function scanPath(id: string, part = ""): string {
  return `${SCANS}/${encodeURIComponent(id)}${part}`;
}
