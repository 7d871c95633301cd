// The form for a new scan: files, codes, options and the start button.

import { Button, Card, Container, Group, SegmentedControl, Stack, Switch, Text, Title } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";

import { useConfig } from "../../api/config.ts";
import type { Config, StartScan } from "../../contracts.ts";
import { UploadProgress } from "../../ui/intake.tsx";
import { Trouble, Waiting } from "../../ui/notes.tsx";
import type { Progress as Uploaded } from "../../upload/upload.ts";
import { upload } from "../../upload/upload.ts";
import { scanAddress } from "./addresses.ts";
import { Codes, type CodesChosen } from "./codes-field.tsx";
import { begin, leave, useView } from "./current.ts";
import type { Session } from "./session.ts";
import { Source, type SourceChosen } from "./source-field.tsx";
import { forget, named, pending, remember, requestId } from "./starting.ts";

export function NewScan() {
  const config = useConfig();
  // A scan that was requested before a reload.
  const [session, setSession] = useState<Session | null>(() => {
    const asked = pending();
    return asked ? begin(asked, config) : null;
  });
  const start = (message: StartScan) => {
    remember(message);
    setSession(begin(message, config));
  };
  const refused = (session: Session) => {
    forget();
    session.close();
    leave();
    setSession(null);
  };
  return (
    <>
      {session && <Starting session={session} back={() => refused(session)} />}
      {/* Stays mounted, so that the form keeps its content if the server refuses the scan. */}
      <div hidden={session !== null}>
        <Form config={config} start={start} />
      </div>
    </>
  );
}

function Starting({ session, back }: { session: Session; back: () => void }) {
  const view = useView(session);
  const [, go] = useLocation();
  useEffect(() => {
    if (view.id === null) return;
    named();
    go(scanAddress(view.id));
  }, [view.id, go]);
  if (view.problem?.kind === "refused") {
    return (
      <Container size={720} px={0}>
        <Trouble title="The scan was not started" message={view.problem.message} again={back} />
      </Container>
    );
  }
  return (
    <Stack align="center">
      <Waiting
        label={view.link.kind === "waiting" ? "Waiting for the server to start the scan…" : "Starting the scan…"}
      />
      <Button variant="default" size="xs" onClick={back}>
        Cancel
      </Button>
    </Stack>
  );
}

function Form({ config, start }: { config: Config; start: (message: StartScan) => void }) {
  const [source, setSource] = useState<SourceChosen | null>(null);
  const [codes, setCodes] = useState<CodesChosen>({ state: "none" });
  const [anywhere, setAnywhere] = useState(false);
  const [ocr, setOcr] = useState(false);
  const [pictures, setPictures] = useState(false);
  const [sending, setSending] = useState<Uploaded | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const abort = useRef<AbortController | null>(null);

  useEffect(() => {
    if (!sending) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [sending]);
  useEffect(() => () => abort.current?.abort(), []);

  const missing = whatIsMissing(source, codes);

  const go = async () => {
    if (missing || !source || codes.state !== "ready") return;
    setProblem(null);
    const message: StartScan = {
      request_id: requestId(),
      codes_key: codes.preview.codes_key,
      options: { match: anywhere ? "substring" : "token", ocr: ocr ? "auto" : "off", evidence: pictures },
    };
    if (source.kind === "folder") {
      start({ ...message, folders: [source.path] });
      return;
    }
    if (source.kind === "drive") {
      const { folder, token } = source;
      start(folder === null ? { ...message, token } : { ...message, folder_id: folder, token });
      return;
    }
    if (source.kind === "prefix") {
      start({ ...message, prefix: source.prefix });
      return;
    }
    const controller = new AbortController();
    abort.current = controller;
    try {
      const id = await upload(source.files, config.limits, setSending, controller.signal);
      setSending(null);
      start({ ...message, upload_id: id });
    } catch (error) {
      if (!controller.signal.aborted) setProblem(error instanceof Error ? error.message : String(error));
      setSending(null);
    }
  };

  return (
    <Container size={860} px={0}>
      <form
        aria-label="New scan"
        onSubmit={(event) => {
          event.preventDefault();
          void go();
        }}
      >
        <Stack gap="lg">
          <div>
            <Title order={1} fz={26}>
              Find codes in drawings
            </Title>
            <Text c="dimmed" mt={4}>
              Choose files and a list of codes. Matches appear during the scan, and you get one Excel report at the end.
            </Text>
          </div>
          <Card withBorder padding="lg" component="section" aria-labelledby="step-files">
            <Title order={2} fz="lg" id="step-files" mb="sm">
              1. Files
            </Title>
            <Source config={config} chosen={source} choose={setSource} disabled={sending !== null} />
          </Card>
          <Card withBorder padding="lg" component="section" aria-labelledby="step-codes">
            <Title order={2} fz="lg" id="step-codes" mb="sm">
              2. Codes
            </Title>
            <Codes limits={config.limits} chosen={codes} choose={setCodes} />
          </Card>
          <Card withBorder padding="lg" component="section" aria-labelledby="step-options">
            <Title order={2} fz="lg" id="step-options" mb="sm">
              3. Options
            </Title>
            <Stack gap="md">
              <div>
                <SegmentedControl
                  aria-label="How codes are matched"
                  value={anywhere ? "substring" : "token"}
                  onChange={(value) => setAnywhere(value === "substring")}
                  data={[
                    { value: "token", label: "Whole codes" },
                    { value: "substring", label: "Anywhere in a word" },
                  ]}
                />
                <Text size="sm" c="dimmed" mt={6}>
                  {anywhere
                    ? "HOLE-1 is also found in HOLE-12 and XHOLE-1."
                    : "HOLE-1 is not found in HOLE-12. Upper and lower case and hyphen style are ignored."}
                </Text>
              </div>
              <Switch
                label="Read text in images (OCR)"
                description={
                  config.ocr.available
                    ? "Scanned pages take about a second each."
                    : "Not available: Tesseract is not installed on the server."
                }
                disabled={!config.ocr.available}
                checked={ocr}
                onChange={(event) => setOcr(event.currentTarget.checked)}
              />
              <Switch
                label="Images in the report"
                description="Shows each code on its page, for the first 1,000 matches."
                checked={pictures}
                onChange={(event) => setPictures(event.currentTarget.checked)}
              />
            </Stack>
          </Card>
          {problem && <Trouble title="Upload failed" message={problem} again={() => void go()} />}
          {sending ? (
            <Card withBorder padding="lg" component="section" aria-label="Upload">
              <UploadProgress {...sending} busy stop={() => abort.current?.abort()} />
            </Card>
          ) : (
            <Group gap="md">
              <Button type="submit" size="md" disabled={missing !== null} aria-describedby="what-is-missing">
                Start scan
              </Button>
              <Text size="sm" c="dimmed" id="what-is-missing" aria-live="polite">
                {missing ?? "Ready."}
              </Text>
            </Group>
          )}
        </Stack>
      </form>
    </Container>
  );
}

function whatIsMissing(source: SourceChosen | null, codes: CodesChosen): string | null {
  const files = source === null || (source.kind === "upload" && source.files.length === 0);
  if (files && codes.state === "none") return "Choose files and codes first.";
  if (files) return "Choose files first.";
  switch (codes.state) {
    case "none":
      return "Enter the codes to look for.";
    case "reading":
      return "Reading the codes…";
    case "refused":
      return "The codes cannot be used yet. See the message above.";
    case "ready":
      return null;
  }
}
