// Asks for confirmation before a deletion and lists what is deleted.

import { Button, Group, List, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { remove } from "../api/client.ts";
import { useAnnounce } from "./announcer.tsx";
import { Dialog } from "./dialog.tsx";
import { Trouble } from "./notes.tsx";

/** What is to be deleted, in terms a user knows. */
export interface Deletion {
  id: string;
  /** "scan", "file". */
  thing: string;
  name: string;
  /** Address in the API. */
  path: string;
  /** What is deleted permanently, one line each. */
  losses: string[];
  /** What is kept. */
  stays: string | null;
  /** Announced when the deletion has been requested. */
  announced: string;
  /** Key of the queries that show it. */
  queries: string[];
}

interface Props {
  /** `null`: the dialog is closed. */
  about: Deletion | null;
  close: () => void;
  /** Called after a deletion when the dialog has closed: the focus must move, as the opening button disappears. */
  gone: (id: string) => void;
}

/** Always rendered: only a dialog that is mounted when it opens knows where to return the focus. */
export function DeleteDialog({ about, close, gone }: Props) {
  const queries = useQueryClient();
  const announce = useAnnounce();
  /** The last deletion, shown while the dialog fades out. */
  const last = useRef(about);
  if (about) last.current = about;
  const shown = about ?? last.current;
  const deleted = useRef<string | null>(null);
  const deletion = useMutation({
    mutationFn: ({ path }: Deletion) => remove(path),
    onSuccess: (_, { id, announced, queries: stale }) => {
      announce(announced);
      deleted.current = id;
      close();
      void queries.invalidateQueries({ queryKey: stale });
    },
  });
  useEffect(() => {
    if (about !== null || deleted.current === null) return;
    const id = deleted.current;
    deleted.current = null;
    gone(id);
  }, [about, gone]);
  const leave = () => {
    deletion.reset();
    close();
  };
  return (
    <Dialog
      opened={about !== null}
      onClose={leave}
      title={`Delete this ${shown?.thing}?`}
      centered
      returnFocus={deleted.current === null}
    >
      {shown && (
        <Stack gap="sm">
          <Text fw={500} style={{ overflowWrap: "anywhere" }}>
            {shown.name}
          </Text>
          <div>
            <Text size="sm">This permanently deletes:</Text>
            <List size="sm" withPadding>
              {shown.losses.map((loss) => (
                <List.Item key={loss}>{loss}</List.Item>
              ))}
            </List>
          </div>
          {shown.stays !== null && <Text size="sm">{shown.stays}</Text>}
          {deletion.isError && (
            <Trouble title={`The ${shown.thing} was not deleted`} message={deletion.error.message} />
          )}
          <Group justify="end">
            <Button variant="default" onClick={leave} data-autofocus>
              Cancel
            </Button>
            <Button color="red" loading={deletion.isPending} onClick={() => deletion.mutate(shown)}>
              Delete
            </Button>
          </Group>
        </Stack>
      )}
    </Dialog>
  );
}
