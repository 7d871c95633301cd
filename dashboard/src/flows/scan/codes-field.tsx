// The codes of a new scan: typed, pasted or from a file, with a preview of the parsed list before the start.

import { Anchor, Button, Group, List, Stack, Text, Textarea } from "@mantine/core";
import { type DragEvent, useEffect, useRef, useState } from "react";

import { AGAIN, isAway, postBytes } from "../../api/client.ts";
import type { Config, UnderstoodCodes } from "../../contracts.ts";
import { DropZone } from "../../ui/drop-zone.tsx";
import { bytes, count, counted } from "../../ui/format.ts";
import classes from "./fields.module.css";

export type CodesChosen =
  | { state: "none" }
  | { state: "reading" }
  | { state: "refused"; why: string }
  | { state: "ready"; preview: UnderstoodCodes };

interface Props {
  limits: Config["limits"];
  chosen: CodesChosen;
  choose: (codes: CodesChosen) => void;
}

/** Milliseconds after the last key before the text is sent for parsing. */
const SETTLED = 350;

export function Codes({ limits, chosen, choose }: Props) {
  const [text, setText] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const asked = useRef<AbortController | null>(null);

  const read = (content: Blob, name: string) => {
    asked.current?.abort();
    const controller = new AbortController();
    asked.current = controller;
    choose({ state: "reading" });
    postBytes<UnderstoodCodes>(`/api/codes?name=${encodeURIComponent(name)}`, content, controller.signal).then(
      (preview) => choose({ state: "ready", preview }),
      (error: unknown) => {
        if (controller.signal.aborted) return;
        choose({ state: "refused", why: error instanceof Error ? error.message : String(error) });
        if (isAway(error)) setTimeout(() => controller.signal.aborted || latest.current(content, name), AGAIN);
      },
    );
  };
  const latest = useRef(read);
  latest.current = read;
  useEffect(() => () => asked.current?.abort(), []);

  useEffect(() => {
    if (file !== null) return;
    if (text.trim() === "") return;
    const timer = setTimeout(() => latest.current(new Blob([text], { type: "text/plain" }), "codes.txt"), SETTLED);
    return () => clearTimeout(timer);
  }, [text, file]);

  const type = (typed: string) => {
    setText(typed);
    asked.current?.abort();
    choose(typed.trim() === "" ? { state: "none" } : { state: "reading" });
  };
  const take = (given: File | undefined) => {
    if (!given) return;
    setFile(given);
    if (given.size > limits.codes_file_bytes) {
      asked.current?.abort();
      choose({
        state: "refused",
        why: `${given.name} is larger than ${bytes(limits.codes_file_bytes)}. Keep only the codes in it.`,
      });
    } else {
      read(given, given.name);
    }
  };
  const drop = (event: DragEvent) => {
    const given = event.dataTransfer.files[0];
    if (!given) return;
    event.preventDefault();
    take(given);
  };

  return (
    <Stack gap="sm">
      <DropZone className={classes.codes} drop={drop}>
        {file ? (
          <Group gap="sm">
            <Text fw={500}>{file.name}</Text>
            <Anchor
              component="button"
              type="button"
              size="sm"
              onClick={() => {
                asked.current?.abort();
                setFile(null);
                setText("");
                choose({ state: "none" });
              }}
            >
              Remove
            </Anchor>
          </Group>
        ) : (
          <Textarea
            label="Codes"
            description="Type or paste them, one per line or separated by commas, or drop a workbook, CSV or text file."
            placeholder={"HOLE-1266\nDH-4359"}
            value={text}
            onChange={(event) => type(event.currentTarget.value)}
            autosize
            minRows={3}
            maxRows={10}
            spellCheck={false}
          />
        )}
        <Button variant="default" size="xs" mt="sm" onClick={() => input.current?.click()}>
          {file ? "Choose another file" : "Choose a file"}
        </Button>
        <input
          ref={input}
          type="file"
          hidden
          aria-label="File with codes"
          accept=".xlsx,.xlsm,.xlsb,.xls,.ods,.csv,.tsv,.txt"
          onChange={(event) => {
            take(event.currentTarget.files?.[0]);
            event.currentTarget.value = "";
          }}
        />
      </DropZone>
      <Understood chosen={chosen} />
    </Stack>
  );
}

function Understood({ chosen }: { chosen: CodesChosen }) {
  if (chosen.state === "none") return null;
  if (chosen.state === "reading") {
    return (
      <Text size="sm" c="dimmed" role="status">
        Reading the codes…
      </Text>
    );
  }
  if (chosen.state === "refused") {
    return (
      <Text size="sm" className={classes.trouble} role="alert">
        {chosen.why}
      </Text>
    );
  }
  const { preview } = chosen;
  const from = [preview.column && `column “${preview.column}”`, preview.sheet && `sheet “${preview.sheet}”`].filter(
    Boolean,
  );
  const shown = preview.codes.slice(0, 12);
  return (
    <div className={classes.understood} role="status" aria-label="Recognised codes">
      <Text size="sm" fw={600}>
        {counted(preview.total, "code")}
        {from.length > 0 && <> from {from.join(", ")}</>}
      </Text>
      <Text size="sm" className={classes.sample}>
        {shown.join(", ")}
        {preview.total > shown.length && <>, and {count(preview.total - shown.length)} more</>}
      </Text>
      {preview.duplicates > 0 && (
        <Text size="sm" c="dimmed">
          {counted(preview.duplicates, "duplicate")} ignored.
        </Text>
      )}
      {preview.left_out_total > 0 && (
        <>
          <Text size="sm" c="dimmed">
            {counted(preview.left_out_total, "entry", "entries")} cannot be used:
          </Text>
          <List size="sm">
            {preview.left_out.map(({ text, reason }) => (
              <List.Item key={text}>
                {text}: {reason}
              </List.Item>
            ))}
          </List>
        </>
      )}
    </div>
  );
}
