// File input: files are dropped, or chosen with the file dialog.

import { Button, Group, Progress, Text } from "@mantine/core";
import { type ReactNode, useRef, useState } from "react";

import { type Chosen, fromDrop, fromInput } from "../upload/collect.ts";
import { DropZone } from "./drop-zone.tsx";
import { bytes, count, counted } from "./format.ts";
import classes from "./intake.module.css";

interface IntakeProps {
  title: string;
  hint?: string;
  /** Whether folders can be chosen too. */
  folders?: boolean;
  disabled?: boolean;
  add: (files: Chosen[]) => void;
}

export function Intake({ title, hint, folders = false, disabled = false, add }: IntakeProps) {
  const [trouble, setTrouble] = useState<string | null>(null);
  const take = (files: Chosen[]) => {
    setTrouble(files.length === 0 ? "No files found. Choose other files." : null);
    if (files.length > 0) add(files);
  };
  return (
    <div>
      <DropZone
        className={classes.drop}
        drop={(event) => {
          event.preventDefault();
          if (disabled) return;
          fromDrop(event.dataTransfer).then(take, () =>
            setTrouble("Your browser could not read the dropped files. Try again."),
          );
        }}
      >
        <Text fw={500}>{title}</Text>
        {hint !== undefined && (
          <Text size="sm" c="dimmed">
            {hint}
          </Text>
        )}
        <Group gap="xs" mt="xs" justify="center">
          <Choose label="Files" disabled={disabled} take={take}>
            Choose files
          </Choose>
          {folders && (
            <Choose label="Folder" disabled={disabled} take={take} whole>
              Choose a folder
            </Choose>
          )}
        </Group>
      </DropZone>
      {trouble !== null && <Refused>{trouble}</Refused>}
    </div>
  );
}

interface ChooseProps {
  label: string;
  whole?: boolean;
  disabled: boolean;
  take: (files: Chosen[]) => void;
  children: ReactNode;
}

function Choose({ label, whole = false, disabled, take, children }: ChooseProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button variant="default" size="sm" disabled={disabled} onClick={() => input.current?.click()}>
        {children}
      </Button>
      <input
        ref={input}
        type="file"
        multiple
        // React only accepts the attribute under this name.
        {...(whole ? { webkitdirectory: "" } : {})}
        hidden
        aria-label={label}
        onChange={(event) => {
          if (event.currentTarget.files) take(fromInput(event.currentTarget.files));
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}

/** Why files are not accepted. */
export function Refused({ children }: { children: ReactNode }) {
  return (
    <Text size="sm" mt="sm" className={classes.refused} role="alert">
      {children}
    </Text>
  );
}

/** "drawings.zip, 3 MB", "20 files, 14 MB". */
export function chosenWords(chosen: Chosen[]): string {
  const size = bytes(chosen.reduce((sum, { file }) => sum + file.size, 0));
  const [only] = chosen;
  return only && chosen.length === 1 ? `${only.name}, ${size}` : `${counted(chosen.length, "file")}, ${size}`;
}

interface UploadProgressProps {
  files: number;
  filesDone: number;
  bytes: number;
  bytesDone: number;
  busy: boolean;
  stop: () => void;
}

/** Upload progress. Its height does not change when the upload ends. */
export function UploadProgress({ files, filesDone, bytes: all, bytesDone, busy, stop }: UploadProgressProps) {
  const percent = all > 0 ? Math.floor((bytesDone * 100) / all) : busy ? 0 : 100;
  return (
    <>
      <Group justify="space-between" mih={30} wrap="nowrap">
        <Text size="sm" role="status" data-upload={busy ? "busy" : "over"}>
          {busy ? "Uploading: " : ""}
          {count(filesDone)} of {counted(files, "file")} uploaded, {bytes(Math.min(bytesDone, all))} of {bytes(all)}.
          {busy ? " Keep this tab open." : ""}
        </Text>
        {busy && (
          <Button size="xs" variant="default" onClick={stop} flex="none">
            Stop
          </Button>
        )}
      </Group>
      <Progress value={percent} aria-label="Upload progress" />
    </>
  );
}
