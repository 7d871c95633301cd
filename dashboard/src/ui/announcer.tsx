// Announces a sentence to screen readers (aria-live="polite").

import { VisuallyHidden } from "@mantine/core";
import { createContext, type ReactNode, useCallback, useContext, useState } from "react";

const Announce = createContext<(sentence: string) => void>(() => {});

export function Announcer({ children }: { children: ReactNode }) {
  const [said, setSaid] = useState("");
  const say = useCallback((sentence: string) => setSaid(sentence), []);
  return (
    <Announce value={say}>
      {children}
      <VisuallyHidden aria-live="polite" role="status" data-announced>
        {said}
      </VisuallyHidden>
    </Announce>
  );
}

export function useAnnounce(): (sentence: string) => void {
  return useContext(Announce);
}
