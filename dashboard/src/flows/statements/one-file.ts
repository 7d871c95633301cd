// Polls one file while it is being processed, and for a while afterwards.

import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";

import { get } from "../../api/client.ts";
import type { StatementFile } from "../../contracts.ts";
import { isOpen } from "../../ui/state.tsx";
import { filePath } from "./addresses.ts";
import { fileEvery } from "./polling.ts";

/** Reads a file; `undefined` reads none. `every` returns the polling interval of its results in milliseconds. */
export function useFile(id: string | undefined) {
  const over = useRef<number | null>(null);
  const every = useCallback(() => fileEvery(over.current === null ? null : Date.now() - over.current), []);
  const file = useQuery({
    queryKey: ["statements", "file", id],
    queryFn: ({ signal }) => get<StatementFile>(filePath(id ?? ""), signal),
    enabled: id !== undefined,
    staleTime: 0,
    refetchInterval: (query) => query.state.data !== undefined && every(),
  });
  const open = file.data === undefined || isOpen(file.data.state);
  useEffect(() => {
    over.current = open ? null : Date.now();
  }, [open]);
  return { file, every };
}
