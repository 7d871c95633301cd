import { Button, Group, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";

import { Dialog } from "../../ui/dialog.tsx";

export function CancelButton({ cancelling, cancel }: { cancelling: boolean; cancel: () => void }) {
  const [asking, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button variant="default" onClick={open} disabled={cancelling}>
        {cancelling ? "Cancelling…" : "Cancel scan"}
      </Button>
      <Dialog opened={asking} onClose={close} title="Cancel this scan?" centered>
        <Text size="sm">Matches found so far are kept, but there will be no report.</Text>
        <Group justify="end" mt="lg">
          <Button variant="default" onClick={close} data-autofocus>
            Keep scanning
          </Button>
          <Button
            color="red"
            onClick={() => {
              close();
              cancel();
            }}
          >
            Cancel scan
          </Button>
        </Group>
      </Dialog>
    </>
  );
}
