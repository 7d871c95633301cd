// View state that is kept in the address, so that a view can be bookmarked and shared: `?tab=&flow=&item=`.

import { useCallback } from "react";
import { useLocation, useSearch } from "wouter";

/** Returns a query parameter and its setter. With `replace`, the old address is not kept in the history. */
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
