// A dialog over the page.

import { Modal, type ModalProps } from "@mantine/core";

/** Its heading is a <header> of its own, which would count as a second banner of the page. */
const ATTRIBUTES: NonNullable<ModalProps["attributes"]> = { header: { role: "presentation" } };

export function Dialog(props: ModalProps) {
  return <Modal attributes={ATTRIBUTES} closeButtonProps={{ "aria-label": "Close" }} {...props} />;
}
