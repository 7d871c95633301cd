// The statements flow: turns bank files into transactions with categories and monthly figures.

import type { ReactNode } from "react";
import { Redirect } from "wouter";

import type { FlowRoute, Navigation, Words } from "../flow.ts";
import { fileAddress } from "./addresses.ts";
import { FilePage } from "./file-page.tsx";
import { Files } from "./files-page.tsx";
import { Statements } from "./frame.tsx";
import { Rules } from "./rules-page.tsx";
import { Transactions } from "./transactions-page.tsx";
import { EVENTS, STAGES } from "./words.ts";

export const navigation: Navigation = {
  title: "Statements",
  path: "/statements/files",
  below: "/statements",
  icon: (
    <>
      <path d="M6 3h9l4 4v14H6z" />
      <path d="M9.5 11h6M9.5 14.5h6M9.5 18h3.5" />
    </>
  ),
};

export const words: Words = { one: "file", address: fileAddress, stages: STAGES, events: EVENTS };

const framed = (page: ReactNode) => <Statements>{page}</Statements>;

export const routes: FlowRoute[] = [
  { path: "/statements", page: () => <Redirect to={navigation.path} replace /> },
  { path: "/statements/files", title: "Files", page: () => framed(<Files />) },
  {
    path: "/statements/files/:id",
    page: (parameter) => framed(<FilePage key={parameter("id")} id={parameter("id")} />),
  },
  { path: "/statements/transactions", title: "Transactions", page: () => framed(<Transactions />) },
  { path: "/statements/rules", title: "Rules", page: () => framed(<Rules />) },
];
