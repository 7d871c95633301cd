// One scan, running or over.

import { Alert, Anchor, Badge, Button, Card, Group, Stack, Tabs, Text, Title } from "@mantine/core";
import { useEffect, useState, useSyncExternalStore } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { Status } from "../connection/status.tsx";
import type { Config } from "../contracts.ts";
import { DownloadButton } from "../downloads/links.tsx";
import { reportPath } from "../downloads/mint.ts";
import { Viewer } from "../evidence/viewer.tsx";
import { TO_HEADING } from "../sessions/history.tsx";
import { count, date } from "../ui/format.ts";
import { Empty, Trouble, Waiting } from "../ui/notes.tsx";
import { CancelButton } from "./cancel-button.tsx";
import { CodesList } from "./codes-list.tsx";
import { leave, useSession, useView } from "./current.ts";
import { type Deletable, DeleteDialog, isDeletable } from "./delete-dialog.tsx";
import { FailuresList } from "./failures-list.tsx";
import { MatchesTable } from "./matches-table.tsx";
import { ProgressPanel } from "./progress-panel.tsx";
import { ReceiptPanel } from "./receipt-panel.tsx";
import { RetryButton } from "./retry-button.tsx";
import { isOver, type View } from "./session.ts";
import { TokenForm } from "./token-field.tsx";
import { stateWords } from "./words.ts";

export function SessionPage({ id, config }: { id: string; config: Config }) {
  const session = useSession(id, config);
  const view = useView(session);
  const rows = useSyncExternalStore(session.matches.subscribe, session.matches.version);
  const search = useSearch();
  const [, go] = useLocation();
  const [tab, setTab] = useState<string | null>("matches");
  /** The order in which the table shows the matches: the viewer leafs through it. */
  const [shown, setShown] = useState<string[]>([]);
  const [asked, ask] = useState<Deletable | null>(null);
  const evidence = new URLSearchParams(search).get("match");
  const show = (match: string | null) =>
    go(match === null ? `/sessions/${id}` : `/sessions/${id}?match=${match}`, {
      replace: evidence !== null && match !== null,
    });

  useEffect(() => {
    const words = view.state ? stateWords(view.state) : "Scan";
    document.title = `${view.state === "RUNNING" ? `${view.percent} % ` : ""}${words} · Riffle`;
  }, [view.state, view.percent]);

  if (view.problem?.kind === "not_found") {
    return (
      <Empty title="There is no such scan" whole>
        It may have been removed, or the address is not complete.{" "}
        <Anchor component={Link} href="/sessions">
          Look at all scans
        </Anchor>
        .
      </Empty>
    );
  }
  if (view.state === null) {
    return view.problem ? (
      <Trouble title="The scan cannot be shown" message={view.problem.message} again={() => session.retryNow()} />
    ) : (
      <Waiting label="Opening the scan…" />
    );
  }
  const over = isOver(view.state);
  const paused = view.paused && !over;
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="start" gap="md">
        <div>
          <Group gap="sm">
            <Title order={1} fz={24}>
              {paused ? "Waiting for an access token" : stateWords(view.state)}
            </Title>
            <Status link={view.link} over={over} retry={() => session.retryNow()} />
          </Group>
          {view.detail && <About view={view} />}
        </div>
        <Group gap="sm">
          {!over && view.state !== "FINALIZING" && (
            <CancelButton cancelling={view.cancelling} cancel={() => session.cancel()} />
          )}
          {view.state === "COMPLETE" && view.failed > 0 && (
            <RetryButton id={id} failed={view.failed} lends={view.detail?.source_kind === "drive"} config={config} />
          )}
          {view.state === "COMPLETE" && <DownloadButton path={reportPath(id)}>Download report</DownloadButton>}
          {isDeletable(view.state) && (
            <Button
              variant="default"
              onClick={() =>
                ask({
                  session_id: id,
                  source: view.detail?.source ?? "these files",
                  uploaded: view.detail?.source_kind === "upload",
                })
              }
            >
              Delete
            </Button>
          )}
          {over && (
            <Button component={Link} href="/" variant="default">
              New scan
            </Button>
          )}
        </Group>
      </Group>

      {view.state === "FAILED" && (
        <Trouble title="The scan could not be done" message={view.reason ?? "The server gave no reason."} />
      )}
      {view.problem && (
        <Trouble title="Something is in the way" message={view.problem.message} again={() => session.retryNow()} />
      )}

      {paused && (
        <Alert color="yellow" title="Google no longer takes the access token" role="alert" variant="light">
          <Stack gap="sm">
            <Text size="sm">
              What was found stays, and the scan goes on where it was as soon as it has a new one. It waits for a day
              after its start.
            </Text>
            {view.renewing ? (
              <Waiting label="Trying the new token…" />
            ) : (
              <TokenForm label="Go on with this token" use={(token) => session.renew(token)} />
            )}
          </Stack>
        </Alert>
      )}
      <ProgressPanel view={view} listed={session.matches.size} />
      {view.receipt && <ReceiptPanel receipt={view.receipt} />}

      <Card withBorder padding="md">
        <Tabs value={tab} onChange={setTab} keepMounted={false}>
          <Tabs.List mb="md">
            <Tabs.Tab value="matches" rightSection={<Count value={session.matches.size} />}>
              Matches
            </Tabs.Tab>
            <Tabs.Tab value="failures" rightSection={<Count value={view.failures} color="red" />}>
              Not read
            </Tabs.Tab>
            <Tabs.Tab value="codes">Codes</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="matches">
            <MatchesTable matches={session.matches} version={rows} view={view} open={show} order={setShown} />
          </Tabs.Panel>
          <Tabs.Panel value="failures">
            <FailuresList session={session} id={id} over={over} />
          </Tabs.Panel>
          <Tabs.Panel value="codes">
            <CodesList id={id} over={over} complete={view.state === "COMPLETE"} found={session.matches.size} />
          </Tabs.Panel>
        </Tabs>
      </Card>
      <DeleteDialog
        scan={asked}
        close={() => ask(null)}
        gone={() => {
          go("/sessions", { replace: true, state: TO_HEADING });
          leave();
        }}
      />
      {evidence !== null && <Viewer session={id} match={evidence} order={shown} show={show} />}
    </Stack>
  );
}

function About({ view }: { view: View }) {
  const detail = view.detail;
  if (!detail) return null;
  const options = [
    detail.options.match === "substring" ? "anywhere in a word" : "whole codes",
    detail.options.ocr === "auto" ? "with OCR" : "without OCR",
  ];
  return (
    <Text size="sm" c="dimmed" mt={4}>
      {detail.source} · {count(detail.codes)} {detail.codes === 1 ? "code" : "codes"}, {options.join(", ")} ·{" "}
      {date(detail.created_at)}
      {detail.retry_of && (
        <>
          {" · reads again what failed in "}
          <Anchor component={Link} href={`/sessions/${detail.retry_of}`} size="sm">
            an earlier scan
          </Anchor>
        </>
      )}
    </Text>
  );
}

function Count({ value, color = "gray" }: { value: number; color?: string }) {
  return value === 0 ? null : (
    <Badge size="sm" variant="light" color={color} data-count={value}>
      {count(value)}
    </Badge>
  );
}
