// A container for wide tables that scrolls horizontally, also by keyboard.

import type { ReactNode } from "react";

import classes from "./scrolled.module.css";

export function Scrolled({ label, minWidth, children }: { label: string; minWidth: number; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className={classes.scrolled} aria-label={label} tabIndex={0}>
      <div style={{ minWidth }}>{children}</div>
    </section>
  );
}
