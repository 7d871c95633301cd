// Where statements are handed in.

import { Button, Card, Group, List, Progress, Stack, Text, TextInput } from "@mantine/core";
import { type DragEvent, useRef, useState, useSyncExternalStore } from "react";

import { DropZone } from "../ui/drop-zone.tsx";
import { bytes, count, counted } from "../ui/format.ts";
import { type Chosen, fromDrop, fromInput } from "../upload/collect.ts";
import { Sending } from "./sending.ts";
import classes from "./upload-card.module.css";

export const uploads = new Sending();

const warn = (event: BeforeUnloadEvent) => event.preventDefault();
uploads.subscribe(() => {
  if (uploads.snapshot().busy) window.addEventListener("beforeunload", warn);
  else window.removeEventListener("beforeunload", warn);
});

export function useUploads() {
  return useSyncExternalStore(uploads.subscribe, uploads.snapshot);
}

/** `listed`: the files that are known. */
export function UploadCard({ listed }: { listed: () => Iterable<string> }) {
  const [chosen, setChosen] = useState<Chosen[]>([]);
  const [account, setAccount] = useState("");
  const [trouble, setTrouble] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const upload = useRef<HTMLButtonElement>(null);
  const view = useUploads();

  const add = (more: Chosen[]) => {
    setTrouble(more.length === 0 ? "There was no file in it." : null);
    if (more.length === 0) return;
    setChosen((before) => {
      const known = new Set(more.map(({ name }) => name));
      return [...before.filter(({ name }) => !known.has(name)), ...more];
    });
    upload.current?.focus();
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    fromDrop(event.dataTransfer).then(add, () => setTrouble("The browser could not read what was dropped. Try again."));
  };
  const send = () => {
    if (chosen.length === 0) return;
    uploads.add(chosen, account.trim(), listed());
    setChosen([]);
  };

  return (
    <Card withBorder padding="md" component="section" aria-label="Upload statements">
      <div className={classes.parts}>
        <DropZone className={classes.drop} drop={drop}>
          <Text fw={500}>Drop statements here</Text>
          <Text size="sm" c="dimmed">
            As your bank gives them: CSV or OFX, for instance
          </Text>
          <Button variant="default" size="sm" mt="xs" onClick={() => input.current?.click()}>
            Choose files
          </Button>
          <input
            ref={input}
            type="file"
            multiple
            hidden
            aria-label="Files"
            onChange={(event) => {
              if (event.currentTarget.files) add(fromInput(event.currentTarget.files));
              event.currentTarget.value = "";
            }}
          />
        </DropZone>
        <form
          aria-label="Upload"
          onSubmit={(event) => {
            event.preventDefault();
            send();
          }}
        >
          <Stack gap="sm">
            <TextInput
              label="Account (optional)"
              description="For statements that do not name theirs."
              value={account}
              onChange={(event) => setAccount(event.currentTarget.value)}
              maxLength={128}
              autoComplete="off"
              spellCheck={false}
            />
            <Group gap="sm">
              {/* Takes the focus before it can be used, so that Enter goes on from there. */}
              <Button
                ref={upload}
                type="submit"
                aria-disabled={chosen.length === 0}
                data-disabled={chosen.length === 0}
              >
                Upload
              </Button>
              <Text size="sm" c="dimmed" aria-live="polite" className={classes.chosen} data-chosen={chosen.length}>
                {chosen.length === 0 ? "Choose files first." : chosenWords(chosen)}
              </Text>
              {chosen.length > 0 && (
                <Button variant="subtle" color="gray" size="compact-sm" onClick={() => setChosen([])}>
                  Remove all
                </Button>
              )}
            </Group>
          </Stack>
        </form>
      </div>
      {trouble && (
        <Text size="sm" mt="sm" className={classes.trouble} role="alert">
          {trouble}
        </Text>
      )}
      {view.files > 0 && <Sent listed={listed} />}
    </Card>
  );
}

function chosenWords(chosen: Chosen[]): string {
  const size = bytes(chosen.reduce((sum, { file }) => sum + file.size, 0));
  const [only] = chosen;
  return only && chosen.length === 1 ? `${only.name}, ${size}` : `${counted(chosen.length, "file")}, ${size}`;
}

/** Stays when all is done: what stands below it does not move up by itself. */
function Sent({ listed }: { listed: () => Iterable<string> }) {
  const view = useUploads();
  const percent = view.bytes > 0 ? Math.floor((view.bytesDone * 100) / view.bytes) : view.busy ? 0 : 100;
  return (
    <section aria-label="What is uploaded" className={classes.sent}>
      <Group justify="space-between" mih={30} wrap="nowrap">
        <Text size="sm" role="status" data-upload={view.busy ? "busy" : "over"}>
          {view.busy ? "Uploading: " : ""}
          {count(view.filesDone)} of {counted(view.files, "file")} uploaded, {bytes(view.bytesDone)} of{" "}
          {bytes(view.bytes)}.{view.busy ? " Keep this tab open." : ""}
        </Text>
        {view.busy && (
          <Button size="xs" variant="default" onClick={() => uploads.stop()} flex="none">
            Stop
          </Button>
        )}
      </Group>
      <Progress value={percent} aria-label="Uploaded" />
      {view.lost.length > 0 && (
        <div role="alert">
          <Text size="sm" mt="sm" className={classes.trouble}>
            {view.lost.length === 1
              ? "One file did not arrive:"
              : `${counted(view.lost.length, "file")} did not arrive:`}
          </Text>
          <List size="sm" my={4} withPadding className={classes.lost}>
            {view.lost.map(({ chosen, why }) => (
              <List.Item key={chosen.name}>
                {chosen.name}: {why}
              </List.Item>
            ))}
          </List>
          <Button size="xs" variant="default" disabled={view.busy} onClick={() => uploads.again(listed())}>
            Send again
          </Button>
        </div>
      )}
    </section>
  );
}
