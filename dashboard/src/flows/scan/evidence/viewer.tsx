// Shows a match on its page, with a box around the code. The keyboard leads to the previous and next match.

import { Button, Group, SegmentedControl, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { get } from "../../../api/client.ts";
import type { Evidence } from "../../../contracts.ts";
import { FileLink } from "../../../downloads/links.tsx";
import { useAnnounce } from "../../../ui/announcer.tsx";
import { Dialog } from "../../../ui/dialog.tsx";
import { count, placeWords } from "../../../ui/format.ts";
import { Trouble, Waiting } from "../../../ui/notes.tsx";
import { filePath, scanPath } from "../addresses.ts";
import { usePicture } from "./picture.ts";
import classes from "./viewer.module.css";

interface Props {
  session: string;
  match: string;
  /** Match ids in the order of the table; empty if the match was opened by its address. */
  order: string[];
  show: (match: string | null) => void;
}

export function Viewer({ session, match, order, show }: Props) {
  const at = order.indexOf(match);
  const before = at > 0 ? order[at - 1] : undefined;
  const after = at >= 0 ? order[at + 1] : undefined;
  const say = useAnnounce();
  const evidence = useEvidence(session, match, after);

  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const target = event.target;
      if (target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return;
      if ((event.key === "ArrowRight" || event.key === "j") && after) show(after);
      else if ((event.key === "ArrowLeft" || event.key === "k") && before) show(before);
    };
    window.addEventListener("keydown", key);
    return () => window.removeEventListener("keydown", key);
  }, [before, after, show]);

  const [zoomed, setZoomed] = useState(false);
  const data = evidence.data;
  useEffect(() => {
    if (data) say(`${data.hole_code} in ${data.file_name}, ${placeWords(data.page)}.`);
  }, [data, say]);

  return (
    <Dialog
      opened
      onClose={() => show(null)}
      size="min(1200px, 96vw)"
      title={data ? `${data.hole_code} in ${data.file_name}` : "Match"}
    >
      <Group justify="space-between" mb="sm">
        <Group gap="xs">
          <Button variant="default" size="xs" disabled={!before} onClick={() => before && show(before)}>
            ← Previous
          </Button>
          <Button variant="default" size="xs" disabled={!after} onClick={() => after && show(after)}>
            Next →
          </Button>
          {at >= 0 && (
            <Text size="sm" c="dimmed">
              {count(at + 1)} of {count(order.length)}
            </Text>
          )}
        </Group>
        {data && <FileLink path={filePath(session, match.split("-")[0] ?? "")}>Open the file</FileLink>}
      </Group>
      {evidence.isPending && <Waiting label="Loading the page…" />}
      {evidence.isError && (
        <Trouble
          title="Could not load the match"
          message={evidence.error.message}
          again={() => void evidence.refetch()}
        />
      )}
      {data && <Shown key={match} data={data} zoomed={zoomed} zoom={setZoomed} />}
    </Dialog>
  );
}

function useEvidence(session: string, match: string, after: string | undefined) {
  const queries = useQueryClient();
  const asked = (id: string) => ({
    queryKey: ["evidence", session, id],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      get<Evidence>(scanPath(session, `/matches/${id}/evidence`), signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  useEffect(() => {
    // Prefetches the next match.
    if (after) void queries.prefetchQuery(asked(after));
  });
  return useQuery(asked(match));
}

interface Zoom {
  zoomed: boolean;
  zoom: (zoomed: boolean) => void;
}

function Shown({ data, ...zoom }: { data: Evidence } & Zoom) {
  return (
    <>
      <Text size="sm" mb="sm">
        <strong>{placeWords(data.page)}</strong> · {data.snippet}
      </Text>
      {data.kind === "page" && data.image_url ? (
        <PageImage data={data} url={data.image_url} {...zoom} />
      ) : (
        <Text size="sm" c="dimmed">
          {data.why ?? "No image of this place is available. Open the file to see it."}
        </Text>
      )}
    </>
  );
}

function PageImage({ data, url, zoomed, zoom }: { data: Evidence; url: string } & Zoom) {
  const frame = useRef<HTMLElement>(null);
  const [loaded, setState] = useState<"loading" | "shown" | "failed">("loading");
  const picture = usePicture(url);
  const state = picture.failed ? "failed" : loaded;
  const first = data.boxes[0];
  const isMarked = first !== undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the boxes move when the zoom changes
  useEffect(() => {
    const box = frame.current?.querySelector<HTMLElement>("[data-box]");
    if (state !== "shown" || !frame.current || !box) return;
    // Centred in the frame, and the dialog is scrolled no further than needed.
    const { clientHeight, clientWidth } = frame.current;
    frame.current.scrollTo({ top: box.offsetTop - clientHeight / 2, left: box.offsetLeft - clientWidth / 2 });
    box.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [state, zoomed]);
  return (
    <div>
      <Group gap="xs" mb="xs">
        <SegmentedControl
          size="xs"
          aria-label="Zoom"
          value={zoomed ? "close" : "whole"}
          onChange={(value) => zoom(value === "close")}
          data={[
            { value: "whole", label: "Whole page" },
            { value: "close", label: "Close up" },
          ]}
        />
      </Group>
      {state === "loading" && <Waiting label="Rendering the page…" />}
      {state === "failed" && (
        <Trouble
          title="The page cannot be displayed"
          message="Open the file to see it. The text around the code is shown above."
        />
      )}
      {state === "shown" && !isMarked && data.why && (
        <Text size="sm" c="dimmed" mb="xs">
          {data.why}
        </Text>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section ref={frame} className={classes.frame} hidden={state === "failed"} tabIndex={0} aria-label="Page">
        <div className={classes.page} data-zoomed={zoomed || undefined}>
          {picture.src !== null && (
            <img
              src={picture.src}
              alt={isMarked ? `Page with ${data.hole_code} marked` : "Page"}
              onLoad={() => setState("shown")}
              onError={() => setState("failed")}
            />
          )}
          {state === "shown" &&
            data.boxes.map((box) => (
              <span
                key={`${box.x} ${box.y}`}
                data-box
                className={classes.box}
                data-first={box === first || undefined}
                style={{
                  left: `${box.x * 100}%`,
                  top: `${box.y * 100}%`,
                  width: `${box.width * 100}%`,
                  height: `${box.height * 100}%`,
                }}
              />
            ))}
        </div>
      </section>
    </div>
  );
}
