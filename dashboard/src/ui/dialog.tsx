// A dialog over the page.

import { Modal, type ModalProps } from "@mantine/core";

/** Mantine renders the heading as a <header>, which would count as a second banner landmark. */
const ATTRIBUTES: NonNullable<ModalProps["attributes"]> = { header: { role: "presentation" } };

export function Dialog(props: ModalProps) {
  return <Modal attributes={ATTRIBUTES} closeButtonProps={{ "aria-label": "Close" }} {...props} />;
}
