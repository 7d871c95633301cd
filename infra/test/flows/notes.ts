// The expected properties of the flow of docs/adding-a-flow.md.

// page: expected
// The expected properties of the flow notes.

import type { Expected } from "../expected.ts";
import { consume, index, publish, send, table, take } from "../rights.ts";

const UPLOADS = "{buckets/uploads/bucket.Arn}";

export const expected: Omit<Expected, "flow"> = {
  sweeper: "note-sweeper",
  sizes: { "note-receiver": [256, 60], "note-counter": [256, 60], "note-sweeper": [256, 300] },
  fed: { "notes-uploads": [10, 5], "notes-count": [1, 10] },
  moves: {
    "notes-uploads": [5, "notes-uploads-dead-letters"],
    "notes-count": [3, "notes-count-dead-letters"],
  },
  letters: [],
  uploaded: ["notes-uploads"],
  listens: { "notes-count": ["note-counter", "note.received"] },
  alarms: [],
  rights: {
    "note-receiver": [
      ...consume("notes/notes-uploads"),
      ...table("records", "GetItem PutItem DeleteItem Query"),
      ...publish,
    ],
    "note-counter": [
      ...consume("notes/notes-count"),
      ...table("records", "GetItem PutItem"),
      `s3:ListBucket ${UPLOADS}`,
      `s3:GetObjectVersion ${UPLOADS}/notes/*`,
    ],
    "note-sweeper": [...table("records", "GetItem PutItem DeleteItem Query"), ...index("records", "open"), ...publish],
  },
  api: [...send("notes", "notes-uploads notes-count"), ...take("notes", "notes-uploads notes-count")],
  told: {
    "note-receiver": "RECORDS_TABLE EVENT_BUS",
    "note-counter": "RECORDS_TABLE UPLOADS_BUCKET",
    "note-sweeper": "RECORDS_TABLE EVENT_BUS",
  },
};

// page: end
