// What a flow adds to the page. Each folder next to this file is a flow; its index.tsx exports a `Flow`.

import type { ReactNode } from "react";

export interface FlowRoute {
  /** A path pattern of wouter: "/scans/:id". */
  path: string;
  /** The title of the browser tab. Omitted if the page sets it from its content. */
  title?: string;
  /** The page only starts a download: where sign-in is required, users are redirected to it at once. */
  download?: boolean;
  page: (parameter: (name: string) => string) => ReactNode;
}

/** The flow's entry in the navigation rail. */
export interface Navigation {
  title: string;
  path: string;
  /** All addresses of the flow start with this. */
  below: string;
  /** SVG elements in a 24 by 24 view box. */
  icon: ReactNode;
}

/** The names of the parts of a flow, for pages that show several flows. */
export interface Words {
  /** Singular name of the items that the flow processes, such as "scan". */
  one: string;
  /** Returns the address of the page of one item. */
  address: (id: string) => string;
  /** Display names of functions, by function name. */
  stages: Record<string, string>;
  /** Display names of events, by event type. */
  events: Record<string, string>;
}

export interface Flow {
  routes: FlowRoute[];
  navigation: Navigation;
  words: Words;
  /** The form on Home that starts work of this flow. */
  start?: () => ReactNode;
}
