// The page of one scan, running or finished.

import { Alert, Anchor, Stack, Text } from "@mantine/core";
import { type ReactNode, useEffect, useState, useSyncExternalStore } from "react";
import { Link, useLocation } from "wouter";
import { useConfig } from "../../api/config.ts";
import { DownloadButton, FileLink } from "../../downloads/links.tsx";
import { useParameter } from "../../ui/address.ts";
import { ConnectionBar } from "../../ui/connection-bar.tsx";
import { DeleteDialog, type Deletion } from "../../ui/delete-dialog.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { count, date } from "../../ui/format.ts";
import { type Action, JobHeader } from "../../ui/job-header.tsx";
import { JobTabs } from "../../ui/job-tabs.tsx";
import { Trouble, Waiting } from "../../ui/notes.tsx";
import { Problems } from "../../ui/problems.tsx";
import { stateName } from "../../ui/state.tsx";
import { Verdict } from "../../ui/verdict.tsx";
import { filePath, reportPath, scanAddress } from "./addresses.ts";
import { CancelButton } from "./cancel-button.tsx";
import { CodesList } from "./codes-list.tsx";
import { leave, useSession, useView } from "./current.ts";
import { deletionOf } from "./deletion.ts";
import { Viewer } from "./evidence/viewer.tsx";
import { MatchesList } from "./matches-list.tsx";
import { ProgressPanel } from "./progress-panel.tsx";
import { ReceiptPanel } from "./receipt-panel.tsx";
import { RetryButton } from "./retry-button.tsx";
import { TO_HEADING } from "./scans-page.tsx";
import { isOver, type Session, type View } from "./session.ts";
import { TokenForm } from "./token-field.tsx";
import { detailWords, noFailureWords, partlyRead, partlyWords, phaseOf, stateOf, verdictWords } from "./words.ts";

export function ScanPage({ id }: { id: string }) {
  const session = useSession(id, useConfig());
  const view = useView(session);
  const rows = useSyncExternalStore(session.matches.subscribe, session.matches.version);
  const [, go] = useLocation();
  const [item, setItem] = useParameter("item");
  /** Match ids in the order of the table, for the previous and next buttons of the viewer. */
  const [shown, setShown] = useState<string[]>([]);
  const [asked, ask] = useState<Deletion | null>(null);
  const show = (match: string | null) => setItem(match, { replace: item !== null && match !== null });
  const name = view.detail?.source ?? "Scan";

  useEffect(() => {
    const state = view.state ? `${stateName(stateOf(phaseOf(view.state, view.paused)))} · ` : "";
    document.title = `${view.state === "RUNNING" ? `${view.percent} % ` : ""}${state}${name} · Riffle`;
  }, [view.state, view.paused, view.percent, name]);

  if (view.problem?.kind === "not_found") {
    return (
      <EmptyState title="Scan not found" whole>
        It may have been deleted, or the address is incomplete.{" "}
        <Anchor component={Link} href="/scans">
          View all scans
        </Anchor>
        .
      </EmptyState>
    );
  }
  if (view.state === null) {
    return view.problem ? (
      <Trouble title="Could not load the scan" message={view.problem.message} again={() => session.retryNow()} />
    ) : (
      <Waiting label="Loading the scan…" />
    );
  }
  const over = isOver(view.state);
  const paused = view.paused && !over;
  const phase = phaseOf(view.state, paused);
  const actions: Action[] = [];
  if (over) {
    actions.push({ name: "New scan", href: "/" });
    const source = view.detail?.source ?? "these files";
    const uploaded = view.detail?.source_kind === "upload";
    actions.push({ name: "Delete", danger: true, run: () => ask(deletionOf({ session_id: id, source, uploaded })) });
  }
  return (
    <Stack gap="lg">
      <JobHeader
        title={name}
        state={stateOf(phase)}
        detail={detailWords(phase)}
        beside={<ConnectionBar link={view.link} over={over} retry={() => session.retryNow()} />}
        about={<About view={view} />}
        primary={<Primary id={id} session={session} view={view} />}
        actions={actions}
      />
      <Outcome id={id} session={session} view={view} />
      {paused && (
        <Alert color="yellow" title="Google no longer accepts the access token" role="alert" variant="light">
          <Stack gap="sm">
            <Text size="sm">
              Matches found so far are kept. Enter a new token and the scan continues where it stopped. It waits until
              one day after it started.
            </Text>
            {view.renewing ? (
              <Waiting label="Checking the new token…" />
            ) : (
              <TokenForm label="Continue with this token" use={(token) => session.renew(token)} />
            )}
          </Stack>
        </Alert>
      )}
      <ProgressPanel view={view} listed={session.matches.size} />
      {view.receipt && <ReceiptPanel receipt={view.receipt} />}
      <JobTabs
        tabs={[
          {
            id: "results",
            name: "Results",
            number: session.matches.size,
            panel: () => (
              <MatchesList matches={session.matches} version={rows} view={view} open={show} order={setShown} />
            ),
          },
          {
            id: "problems",
            name: "Problems",
            number: view.failures,
            color: "red",
            panel: () => <NotRead id={id} session={session} view={view} />,
          },
          {
            id: "codes",
            name: "Codes",
            panel: () => (
              <CodesList id={id} over={over} complete={view.state === "COMPLETE"} found={session.matches.size} />
            ),
          },
        ]}
      />
      <DeleteDialog
        about={asked}
        close={() => ask(null)}
        gone={() => {
          go("/scans", { replace: true, state: TO_HEADING });
          leave();
        }}
      />
      {item !== null && <Viewer session={id} match={item} order={shown} show={show} />}
    </Stack>
  );
}

/** The action that most users need next. */
function Primary({ id, session, view }: { id: string; session: Session; view: View }): ReactNode {
  if (view.state === "COMPLETE") return <DownloadButton path={reportPath(id)}>Download report</DownloadButton>;
  if (isOver(view.state) || view.state === "FINALIZING") return null;
  return <CancelButton cancelling={view.cancelling} cancel={() => session.cancel()} />;
}

function Outcome({ id, session, view }: { id: string; session: Session; view: View }) {
  return (
    <>
      {view.state === "COMPLETE" && (
        <Verdict tone="fine">
          {verdictWords(view, partlyRead(view))}{" "}
          {view.failed > 0 && (
            <Anchor component={Link} href={`${scanAddress(id)}?tab=problems`}>
              View problems and retry
            </Anchor>
          )}
        </Verdict>
      )}
      {view.state === "CANCELLED" && (
        <Verdict tone="fine">Matches found before it was cancelled are kept. There is no report.</Verdict>
      )}
      {view.state === "FAILED" && (
        <Verdict tone="failed" title="The scan failed">
          {view.reason ?? "The server gave no reason."}
        </Verdict>
      )}
      {view.problem && (
        <Trouble
          title={view.problem.kind === "unreachable" ? "Connection lost" : "The server refused the request"}
          message={view.problem.message}
          again={() => session.retryNow()}
        />
      )}
    </>
  );
}

/** The files that could not be read, with the reasons. */
function NotRead({ id, session, view }: { id: string; session: Session; view: View }) {
  const config = useConfig();
  const partly = partlyRead(view);
  if (view.failures === 0 && view.failed > 0) return <Waiting label="Loading files that were not read…" />;
  const problems = session.failures().map(({ file, name, reason }) => ({
    id: String(file),
    place: <FileLink path={filePath(id, file)}>{name}</FileLink>,
    what: reason,
    text: `${name}\n${reason}`,
  }));
  return (
    <Problems
      places="File"
      problems={problems}
      next={
        view.state === "COMPLETE" &&
        view.failed > 0 && (
          <RetryButton id={id} failed={view.failed} lends={view.detail?.source_kind === "drive"} config={config} />
        )
      }
      more={partly ? partlyWords(partly) : null}
      none={noFailureWords(view.state, partly)}
    />
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
    <>
      {count(detail.codes)} {detail.codes === 1 ? "code" : "codes"}, {options.join(", ")} · {date(detail.created_at)}
      {detail.retry_of && (
        <>
          {" · retries the failed files of "}
          <Anchor component={Link} href={scanAddress(detail.retry_of)} size="sm">
            an earlier scan
          </Anchor>
        </>
      )}
    </>
  );
}
