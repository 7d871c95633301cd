// The upload form of statements.

import { Button, Card, Group, List, Stack, Text, TextInput } from "@mantine/core";
import { useRef, useState, useSyncExternalStore } from "react";

import { counted } from "../../ui/format.ts";
import { chosenWords, Intake, UploadProgress } from "../../ui/intake.tsx";
import type { Chosen } from "../../upload/collect.ts";
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

/** `listed`: returns the ids of the files listed now. */
export function UploadCard({ listed }: { listed: () => Iterable<string> }) {
  const [chosen, setChosen] = useState<Chosen[]>([]);
  const [account, setAccount] = useState("");
  const upload = useRef<HTMLButtonElement>(null);
  const view = useUploads();

  const add = (more: Chosen[]) => {
    setChosen((before) => {
      const known = new Set(more.map(({ name }) => name));
      return [...before.filter(({ name }) => !known.has(name)), ...more];
    });
    upload.current?.focus();
  };
  const send = () => {
    if (chosen.length === 0) return;
    uploads.add(chosen, account.trim(), listed());
    setChosen([]);
  };

  return (
    <Card withBorder padding="md" component="section" aria-label="Upload statements">
      <div className={classes.parts}>
        <Intake title="Drop statements here" hint="Export from your bank as CSV or OFX" add={add} />
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
              description="Used for statements that do not name their account."
              value={account}
              onChange={(event) => setAccount(event.currentTarget.value)}
              maxLength={128}
              autoComplete="off"
              spellCheck={false}
            />
            <Group gap="sm">
              {/* Not `disabled`: it must be able to take the focus, so that Enter uploads the chosen files. */}
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
      {view.files > 0 && <Sent listed={listed} />}
    </Card>
  );
}

/** Remains after the upload, so that the content below does not move. */
function Sent({ listed }: { listed: () => Iterable<string> }) {
  const view = useUploads();
  return (
    <section aria-label="Upload status" className={classes.sent}>
      <UploadProgress {...view} stop={() => uploads.stop()} />
      {view.lost.length > 0 && (
        <div role="alert">
          <Text size="sm" mt="sm" className={classes.trouble}>
            {view.lost.length === 1
              ? "1 file was not uploaded:"
              : `${counted(view.lost.length, "file")} were not uploaded:`}
          </Text>
          <List size="sm" my={4} withPadding className={classes.lost}>
            {view.lost.map(({ chosen, why }) => (
              <List.Item key={chosen.name}>
                {chosen.name}: {why}
              </List.Item>
            ))}
          </List>
          <Button size="xs" variant="default" disabled={view.busy} onClick={() => uploads.again(listed())}>
            Upload again
          </Button>
        </div>
      )}
    </section>
  );
}
