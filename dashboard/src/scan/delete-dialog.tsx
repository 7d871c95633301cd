// Asks before a scan goes, and says what goes with it.

import { Button, Group, List, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { remove } from "../api/client.ts";
import type { SessionState } from "../contracts.ts";
import { useAnnounce } from "../ui/announcer.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Trouble } from "../ui/notes.tsx";
import { isOver } from "./session.ts";

/** What is to be deleted, as a person knows it. */
export interface Deletable {
  session_id: string;
  source: string;
  uploaded: boolean;
}

/** May be deleted: one that runs has to be cancelled first. */
export function isDeletable(state: SessionState): boolean {
  return isOver(state);
}

/** What goes for good, line by line. */
export function lossesOf({ uploaded }: Pick<Deletable, "uploaded">): string[] {
  return [
    "its matches, and what is known of its files and codes",
    "its report: links to it and from it lead nowhere any more",
    ...(uploaded ? ["the files that were uploaded for it, unless another scan uses them"] : []),
  ];
}

interface Props {
  /** `null`: nothing is asked. */
  scan: Deletable | null;
  close: () => void;
  /** It is gone; the dialog is closed. */
  gone: (id: string) => void;
}

/** Always there: where the focus goes back to is known only to a dialog that sees itself opened. */
export function DeleteDialog({ scan, close, gone }: Props) {
  const queries = useQueryClient();
  const announce = useAnnounce();
  /** What it was about, while the dialog fades. */
  const last = useRef(scan);
  if (scan) last.current = scan;
  const about = scan ?? last.current;
  /** What just went: the button that asked goes with it, so that the focus must not go back there. */
  const deleted = useRef<string | null>(null);
  const deletion = useMutation({
    mutationFn: ({ session_id }: Deletable) => remove(`/api/sessions/${encodeURIComponent(session_id)}`),
    onSuccess: (_, { session_id, source }) => {
      announce(`The scan of ${source} was deleted.`);
      deleted.current = session_id;
      close();
      void queries.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  useEffect(() => {
    if (scan !== null || deleted.current === null) return;
    const id = deleted.current;
    deleted.current = null;
    gone(id);
  }, [scan, gone]);
  const leave = () => {
    deletion.reset();
    close();
  };
  return (
    <Dialog
      opened={scan !== null}
      onClose={leave}
      title="Delete this scan?"
      centered
      returnFocus={deleted.current === null}
    >
      {about && (
        <Stack gap="sm">
          <Text fw={500} style={{ overflowWrap: "anywhere" }}>
            {about.source}
          </Text>
          <div>
            <Text size="sm">This goes, for good:</Text>
            <List size="sm" withPadding>
              {lossesOf(about).map((loss) => (
                <List.Item key={loss}>{loss}</List.Item>
              ))}
            </List>
          </div>
          {!about.uploaded && <Text size="sm">The files that were read stay where they are.</Text>}
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
