// What a flow brings to the page: each folder beside this file is one, and its index.tsx exports these.

import type { ReactNode } from "react";

export interface FlowRoute {
  /** As wouter reads it: "/scans/:id". */
  path: string;
  /** Of the browser's tab. Left out where the page names itself after what it shows. */
  title?: string;
  /** It only leads to something to download: where people sign in, they are led to the sign-in at once. */
  download?: boolean;
  page: (parameter: (name: string) => string) => ReactNode;
}

/** The flow's entry in the rail. */
export interface Navigation {
  title: string;
  path: string;
  /** All addresses of the flow begin with this. */
  below: string;
  /** Lines of a picture of 24 by 24. */
  icon: ReactNode;
}

/** What the parts of a flow are called, for pages that show several flows. */
export interface Words {
  /** One of the things that the flow works on. */
  one: string;
  /** Its page. */
  address: (id: string) => string;
  /** Functions, by what they do. */
  stages: Record<string, string>;
  /** Events. */
  events: Record<string, string>;
}

export interface Flow {
  routes: FlowRoute[];
  navigation: Navigation;
  words: Words;
  /** What is begun from Home. */
  start?: () => ReactNode;
}
