// The configuration that the server reports, for every page.

import { createContext, useContext } from "react";

import type { Config } from "../contracts.ts";

export const ConfigContext = createContext<Config | null>(null);

export function useConfig(): Config {
  const config = useContext(ConfigContext);
  if (!config) throw new Error("a page is shown before the server has answered");
  return config;
}
