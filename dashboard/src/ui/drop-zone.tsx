// A drop target that is highlighted while something is dragged over it.

import { type DragEvent, type ReactNode, useState } from "react";

interface Props {
  className: string | undefined;
  /** Must call `preventDefault` if it handles what was dropped. */
  drop: (event: DragEvent) => void;
  children: ReactNode;
}

export function DropZone({ className, drop, children }: Props) {
  const [over, setOver] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the buttons in it do the same by keyboard
    <div
      className={className}
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        drop(event);
      }}
    >
      {children}
    </div>
  );
}
