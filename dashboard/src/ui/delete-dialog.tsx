// Asks before something goes, and says what goes with it.

import { Button, Group, List, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { remove } from "../api/client.ts";
import { useAnnounce } from "./announcer.tsx";
import { Dialog } from "./dialog.tsx";
import { Trouble } from "./notes.tsx";

/** What is to be deleted, as a person knows it. */
export interface Deletion {
  id: string;
  /** "scan", "file". */
  thing: string;
  name: string;
  /** Of the API. */
  path: string;
  /** What goes for good, line by line. */
  losses: string[];
  /** What does not go. */
  stays: string | null;
  /** Said when it was asked for. */
  announced: string;
  /** The queries that show it. */
  queries: string[];
}

interface Props {
  /** `null`: nothing is asked. */
  about: Deletion | null;
  close: () => void;
  /** It is gone, or about to go, and the dialog is closed: the focus needs a place other than the button that asked. */
  gone: (id: string) => void;
}

/** Always there: where the focus goes back to is known only to a dialog that sees itself opened. */
export function DeleteDialog({ about, close, gone }: Props) {
  const queries = useQueryClient();
  const announce = useAnnounce();
  /** What it was about, while the dialog fades. */
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
            <Text size="sm">This goes, for good:</Text>
            <List size="sm" withPadding>
              {shown.losses.map((loss) => (
                <List.Item key={loss}>{loss}</List.Item>
              ))}
            </List>
          </div>
          {shown.stays !== null && <Text size="sm">{shown.stays}</Text>}
          {deletion.isError && <Trouble title="It was not deleted" message={deletion.error.message} />}
          <Group justify="end">
            <Button variant="default" onClick={leave} data-autofocus>
              Keep it
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
