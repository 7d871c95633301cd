// Asks before a file goes, and says what goes with it.

import { Button, Group, List, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { remove } from "../api/client.ts";
import type { FileItem } from "../contracts.ts";
import { useAnnounce } from "../ui/announcer.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { counted } from "../ui/format.ts";
import { Trouble } from "../ui/notes.tsx";
import { nameOf } from "./words.ts";

/** Of the element that names a file on a page, and takes the focus when its button is gone. */
export function titleId(file: string): string {
  return `file-${file}`;
}

interface Props {
  /** `null`: nothing is asked. */
  file: FileItem | null;
  close: () => void;
}

/** Always there: where the focus goes back to is known only to a dialog that sees itself opened. */
export function DeleteDialog({ file, close }: Props) {
  const queries = useQueryClient();
  const announce = useAnnounce();
  /** What it was about, while the dialog fades. */
  const last = useRef(file);
  if (file) last.current = file;
  const deleted = useRef(false);
  const about = file ?? last.current;
  const deletion = useMutation({
    mutationFn: ({ id }: FileItem) => remove(`/api/files/${encodeURIComponent(id)}`),
    onSuccess: (_, gone) => {
      announce(`${nameOf(gone)} is being deleted.`);
      deleted.current = true;
      close();
      void queries.invalidateQueries({ queryKey: ["statements"] });
    },
  });
  useEffect(() => {
    if (file !== null || !deleted.current) return;
    // The button that asked is about to go.
    deleted.current = false;
    document.getElementById(titleId(last.current?.id ?? ""))?.focus();
  }, [file]);
  const leave = () => {
    deletion.reset();
    close();
  };
  return (
    <Dialog opened={file !== null} onClose={leave} title="Delete this file?" centered>
      {about && (
        <Stack gap="sm">
          <Text fw={500} style={{ overflowWrap: "anywhere" }}>
            {nameOf(about)}
          </Text>
          <div>
            <Text size="sm">This goes, for good:</Text>
            <List size="sm" withPadding>
              <List.Item>the file itself</List.Item>
              <List.Item>
                {about.new > 0
                  ? `its transactions: ${counted(about.new, "transaction")} came with it`
                  : "its transactions, if it has any"}
              </List.Item>
              <List.Item>their part of the months' figures</List.Item>
              <List.Item>what its timeline says, but that it was deleted</List.Item>
            </List>
          </div>
          <Text size="sm">Transactions that another file shows too stay.</Text>
          {deletion.isError && <Trouble title="It was not deleted" message={deletion.error.message} />}
          <Group justify="end">
            <Button variant="default" onClick={leave} data-autofocus>
              Keep it
            </Button>
            <Button color="red" loading={deletion.isPending} onClick={() => deletion.mutate(about)}>
              Delete
            </Button>
          </Group>
        </Stack>
      )}
    </Dialog>
  );
}
