// The expected properties of the statements flow.

import type { Expected } from "../expected.ts";
import { bucket, consume, index, publish, read, remove, send, table, take, write } from "../rights.ts";

const statements = (...actions: string[]) => actions.map((action) => `s3:${action} ${bucket("uploads")}/statements/*`);
const readStatements = [`s3:ListBucket ${bucket("uploads")}`, ...statements("GetObjectVersion")];
/** The grants that deleting a statement and its derived data needs. */
const removes = [
  ...table("records", "GetItem PutItem UpdateItem DeleteItem Query"),
  ...read("objects", "statements"),
  ...remove("objects", "statements"),
  ...statements("DeleteObjectVersion"),
  ...publish,
];

export const expected: Omit<Expected, "flow"> = {
  sweeper: "statements-sweeper",
  sizes: {
    "s3-event-handler": [256, 60],
    "file-processor-consumer": [1_769, 600],
    "categorization-consumer": [1_024, 300],
    "analytics-consumer": [1_024, 300],
    "audit-consumer": [256, 300],
    "error-consumer": [256, 300],
    "statements-sweeper": [512, 300],
  },
  fed: {
    "statements-audit": [10, 10],
    "statements-categorize": [1, 10],
    "statements-errors": [10, 10],
    "statements-figures": [5, 10],
    "statements-process": [1, 20],
    "statements-uploads": [10, 10],
  },
  moves: {
    "statements-uploads": [5, "statements-uploads-dead-letters"],
    "statements-process": [5, "statements-process-dead-letters"],
    "statements-categorize": [5, "statements-categorize-dead-letters"],
    "statements-figures": [5, "statements-figures-dead-letters"],
    "statements-audit": [5, "statements-audit-dead-letters"],
    "statements-errors": [5, "statements-errors-dead-letters"],
  },
  letters: [],
  uploaded: ["statements-uploads"],
  listens: {
    "statements-audit": [
      "audit-consumer",
      "file.uploaded file.processed transactions.created transactions.categorized deletion.requested file.deleted error.occurred",
    ],
    "statements-categorize": ["categorization-consumer", "file.processed"],
    "statements-errors": ["error-consumer", "error.occurred"],
    "statements-figures": ["analytics-consumer", "file.processed transactions.categorized file.deleted"],
    "statements-process": ["file-processor-consumer", "file.uploaded deletion.requested"],
  },
  alarms: ["files-failed"],
  rights: {
    "s3-event-handler": [
      ...consume("statements/statements-uploads"),
      ...table("records", "GetItem PutItem"),
      ...readStatements,
      ...statements("GetObjectVersionTagging"),
      ...publish,
    ],
    "file-processor-consumer": [
      ...consume("statements/statements-process"),
      ...table("records", "BatchGetItem ConditionCheckItem"),
      ...readStatements,
      ...write("objects", "statements"),
      ...removes,
      ...send("statements", "statements-figures"),
    ],
    "categorization-consumer": [
      ...consume("statements/statements-categorize"),
      ...table("records", "BatchGetItem GetItem UpdateItem"),
      ...read("objects", "statements rules"),
      ...send("statements", "statements-figures"),
      ...publish,
    ],
    "analytics-consumer": [
      ...consume("statements/statements-figures"),
      ...table("records", "ConditionCheckItem GetItem PutItem UpdateItem DeleteItem Query"),
      ...publish,
    ],
    "audit-consumer": [
      ...consume("statements/statements-audit"),
      ...table("records", "GetItem PutItem DeleteItem Query"),
      ...publish,
    ],
    "error-consumer": [...consume("statements/statements-errors"), ...table("records", "GetItem PutItem")],
    "statements-sweeper": [
      ...table("records", "BatchGetItem"),
      ...index("records", "open"),
      ...removes,
      ...send("statements", "statements-process statements-figures"),
    ],
  },
  api: [
    ...statements("PutObject"),
    ...send("statements", "statements-uploads statements-process statements-categorize"),
    ...send("statements", "statements-figures statements-audit statements-errors"),
    ...take("statements", "statements-uploads statements-process statements-categorize"),
    ...take("statements", "statements-figures statements-audit statements-errors"),
  ],
  told: {
    "s3-event-handler": "RECORDS_TABLE UPLOADS_BUCKET EVENT_BUS PROCESSING_MODE",
    "file-processor-consumer": "RECORDS_TABLE UPLOADS_BUCKET OBJECTS_BUCKET EVENT_BUS QUEUES_URL",
    "categorization-consumer": "RECORDS_TABLE OBJECTS_BUCKET EVENT_BUS QUEUES_URL",
    "analytics-consumer": "RECORDS_TABLE EVENT_BUS",
    "audit-consumer": "RECORDS_TABLE EVENT_BUS",
    "error-consumer": "RECORDS_TABLE",
    "statements-sweeper": "RECORDS_TABLE OBJECTS_BUCKET UPLOADS_BUCKET EVENT_BUS QUEUES_URL",
  },
};
