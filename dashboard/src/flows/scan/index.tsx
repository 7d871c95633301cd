// The scan flow: finds codes in drawings.

import { DownloadPage } from "../../downloads/download-page.tsx";
import type { FlowRoute, Navigation, Words } from "../flow.ts";
import { filePath, reportPath, scanAddress } from "./addresses.ts";
import { NewScan } from "./new-scan.tsx";
import { ScanPage } from "./scan-page.tsx";
import { Scans } from "./scans-page.tsx";

export const navigation: Navigation = {
  title: "Scans",
  path: "/scans",
  below: "/scans",
  icon: (
    <>
      <circle cx="11" cy="11" r="6.5" />
      <path d="M16 16l5 5" />
    </>
  ),
};

export const words: Words = {
  one: "scan",
  address: scanAddress,
  stages: {
    "scan-dispatcher": "Listing the files",
    "scan-worker": "Reading",
    "scan-finisher": "Writing the report",
    "scan-quarantine": "Quarantine",
    "scan-sweeper": "Recovering stalled scans",
    "scan-scheduler": "Starting scheduled scans",
  },
  events: {},
};

export const routes: FlowRoute[] = [
  { path: "/scans", title: "Scans", page: () => <Scans /> },
  {
    path: "/scans/:id/report.xlsx",
    title: "Download",
    download: true,
    page: (parameter) => <Download id={parameter("id")} path={reportPath(parameter("id"))} />,
  },
  {
    path: "/scans/:id/files/:file",
    title: "Download",
    download: true,
    page: (parameter) => <Download id={parameter("id")} path={filePath(parameter("id"), parameter("file"))} />,
  },
  { path: "/scans/:id", page: (parameter) => <ScanPage key={parameter("id")} id={parameter("id")} /> },
];

export const start = () => <NewScan />;

function Download({ id, path }: { id: string; path: string }) {
  return <DownloadPage key={path} path={path} from={{ name: "View the scan", href: scanAddress(id) }} />;
}
