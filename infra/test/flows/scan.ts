// The expected properties of the scan flow.

import type { Expected } from "../expected.ts";
import { consume, index, key, notify, on, read, remove, send, table, take, tell, write } from "../rights.ts";

const reader = [
  ...table("scan", "GetItem PutItem UpdateItem Query"),
  ...table("tokens", "GetItem"),
  ...key("Decrypt"),
  ...read("objects", "codes manifests results"),
  ...write("objects", "results"),
  ...read("uploads", "files uploaded"),
  ...send("scan", "scan-finish"),
  ...tell,
];

export const expected: Omit<Expected, "flow"> = {
  sweeper: "scan-sweeper",
  sizes: {
    "scan-dispatcher": [512, 900],
    "scan-worker": [1_769, 120],
    "scan-quarantine": [1_769, 120],
    "scan-finisher": [1_769, 300],
    "scan-sweeper": [512, 300],
    "scan-scheduler": [512, 30],
  },
  fed: {
    "scan-dispatch": [1, 5],
    "scan-finish": [1, 5],
    "scan-quarantine": [1, 2],
    "scan-work": [10, 50],
  },
  moves: {
    "scan-dispatch": [5, "scan-dispatch-dead-letters"],
    "scan-quarantine": [5, "scan-quarantine-dead-letters"],
    "scan-finish": [5, "scan-finish-dead-letters"],
    "scan-work": [3, "scan-quarantine"],
  },
  letters: ["scan-scheduler-dead-letters"],
  uploaded: [],
  listens: {},
  alarms: ["sessions-past-deadline"],
  rights: {
    "scan-dispatcher": [
      ...consume("scan/scan-dispatch"),
      ...table("scan", "GetItem PutItem UpdateItem DeleteItem Query"),
      ...table("tokens", "GetItem DeleteItem"),
      ...key("Decrypt"),
      ...read("objects", "manifests results uploaded"),
      ...write("objects", "manifests results"),
      ...remove("objects", "codes manifests results crops reports uploads uploaded"),
      ...read("uploads", "files uploaded"),
      ...remove("uploads", "uploaded"),
      ...send("scan", "scan-work scan-finish"),
      ...notify,
      ...tell,
    ],
    "scan-worker": [...consume("scan/scan-work"), ...reader],
    "scan-quarantine": [...consume("scan/scan-quarantine"), ...reader, ...table("scan", "DeleteItem")],
    "scan-finisher": [
      ...consume("scan/scan-finish"),
      ...table("scan", "GetItem UpdateItem Query"),
      ...table("tokens", "GetItem DeleteItem"),
      ...key("Decrypt"),
      ...read("objects", "codes manifests results crops"),
      ...write("objects", "crops reports"),
      ...read("uploads", "files uploaded"),
      ...notify,
      ...tell,
    ],
    "scan-sweeper": [
      ...table("scan", "GetItem PutItem UpdateItem"),
      ...index("scan", "open"),
      ...read("objects", "codes manifests results"),
      ...send("scan", "scan-dispatch scan-work scan-finish"),
      ...tell,
    ],
    "scan-scheduler": [
      ...table("scan", "GetItem PutItem UpdateItem"),
      ...write("objects", "codes"),
      ...send("scan", "scan-dispatch"),
    ],
  },
  api: [
    ...send("scan", "scan-quarantine scan-finish"),
    ...take("scan", "scan-dispatch scan-quarantine scan-finish"),
    // Schedules run again by themselves.
    ...on("{scan/scan-scheduler-dead-letters/queue.Arn}", "sqs", "ReceiveMessage GetQueueAttributes"),
  ],
  told: {
    "scan-dispatcher":
      "SCAN_TABLE CONNECTIONS_TABLE TOKENS_TABLE TOKEN_KEY_ID OBJECTS_BUCKET UPLOADS_BUCKET QUEUES_URL NOTICE_TOPIC_ARN CONNECTIONS_ENDPOINT PAGE_URL GOOGLE_DRIVE",
    "scan-worker":
      "SCAN_TABLE CONNECTIONS_TABLE TOKENS_TABLE TOKEN_KEY_ID OBJECTS_BUCKET UPLOADS_BUCKET QUEUES_URL CONNECTIONS_ENDPOINT PAGE_URL GOOGLE_DRIVE OCR_BACKEND OCR_PAGES_PER_SECOND",
    "scan-quarantine":
      "SCAN_TABLE CONNECTIONS_TABLE TOKENS_TABLE TOKEN_KEY_ID OBJECTS_BUCKET UPLOADS_BUCKET QUEUES_URL CONNECTIONS_ENDPOINT PAGE_URL GOOGLE_DRIVE OCR_BACKEND OCR_PAGES_PER_SECOND",
    "scan-finisher":
      "SCAN_TABLE CONNECTIONS_TABLE TOKENS_TABLE TOKEN_KEY_ID OBJECTS_BUCKET UPLOADS_BUCKET NOTICE_TOPIC_ARN CONNECTIONS_ENDPOINT PAGE_URL GOOGLE_DRIVE",
    "scan-sweeper": "SCAN_TABLE CONNECTIONS_TABLE OBJECTS_BUCKET QUEUES_URL CONNECTIONS_ENDPOINT PAGE_URL",
    "scan-scheduler": "SCAN_TABLE CONNECTIONS_TABLE OBJECTS_BUCKET QUEUES_URL PAGE_URL",
  },
};
