// What of a view stands in its address, so that it can be kept and sent: `?tab=&filter=&sort=&item=`.

import { useCallback } from "react";
import { useLocation, useSearch } from "wouter";

/** One parameter of the address, and the way to change it. `replace`: the browser's "back" does not lead to the old one. */
export function useParameter(name: string) {
  const search = useSearch();
  const [, go] = useLocation();
  const use = useCallback(
    (value: string | null, { replace = false } = {}) => {
      const { pathname, search: now } = window.location;
      const parameters = new URLSearchParams(now);
      if (value === null) parameters.delete(name);
      else parameters.set(name, value);
      const text = String(parameters);
      go(text === "" ? pathname : `${pathname}?${text}`, { replace });
    },
    [name, go],
  );
  return [new URLSearchParams(search).get(name), use] as const;
}
