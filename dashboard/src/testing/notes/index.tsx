// The flow of docs/adding-a-flow.md. In a real flow this file is dashboard/src/flows/FLOW/index.tsx.

import type { Flow, FlowRoute, Navigation, Words } from "../../flows/flow.ts";

// page: page
export const navigation: Navigation = {
  title: "Notes",
  path: "/notes",
  below: "/notes",
  icon: <path d="M5 4h14v16H5zM8 9h8M8 13h5" />,
};

export const words: Words = {
  one: "note",
  address: (id) => `/notes/${id}`,
  stages: { "note-receiver": "Receiving", "note-counter": "Counting words" },
  events: { "note.received": "Received" },
};

export const routes: FlowRoute[] = [
  { path: "/notes", title: "Notes", page: () => <p>Texts below notes/ in the uploads bucket are counted.</p> },
  { path: "/notes/:id", title: "Note", page: (parameter) => <p>Note {parameter("id")}</p> },
];
// page: end

({ navigation, words, routes }) satisfies Flow;
