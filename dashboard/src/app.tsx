// The frame of all pages, and which page stands at which address.

import { ActionIcon, Anchor, Container, Group, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { get } from "./api/client.ts";
import classes from "./app.module.css";
import type { Config } from "./contracts.ts";
import { DownloadPage } from "./downloads/download-page.tsx";
import { Minted } from "./downloads/links.tsx";
import { areMinted, filePath, isDownload, reportPath } from "./downloads/mint.ts";
import { NewScan } from "./scan/new-scan.tsx";
import { SessionPage } from "./scan/session-page.tsx";
import { History } from "./sessions/history.tsx";
import { Account } from "./sign-in/account.tsx";
import { Current, identityAt, useSignIn } from "./sign-in/current.ts";
import { Gate } from "./sign-in/gate.tsx";
import { DeadLetters } from "./statements/dead-letters-page.tsx";
import { FilePage } from "./statements/file-page.tsx";
import { Files } from "./statements/files-page.tsx";
import { isStatements, Statements } from "./statements/frame.tsx";
import { Rules } from "./statements/rules-page.tsx";
import { Transactions } from "./statements/transactions-page.tsx";
import { Empty, Trouble, Waiting } from "./ui/notes.tsx";

export function App() {
  const config = useQuery({
    queryKey: ["config"],
    queryFn: ({ signal }) => get<Config>("/api/config", signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [location] = useLocation();
  const signIn = config.data?.sign_in;
  return (
    <Current value={signIn ? identityAt(signIn) : null}>
      <Header statements={config.data?.statements === true} />
      <Container component="main" size={1320} px="md" py="lg" id="content">
        {config.isPending && <Waiting label="Opening Riffle…" />}
        {config.isError && (
          <Trouble title="Riffle does not answer" message={config.error.message} again={() => void config.refetch()} />
        )}
        {config.data && (
          <Minted value={areMinted(config.data)}>
            <Gate hurried={isDownload(location)}>
              <Pages config={config.data} />
            </Gate>
          </Minted>
        )}
      </Container>
    </Current>
  );
}

// All in one script: a part loaded later, while the network is cut, would leave the page without it.
function Pages({ config }: { config: Config }) {
  return (
    <Switch>
      <Route path="/">
        <Titled title="New scan">
          <NewScan config={config} />
        </Titled>
      </Route>
      <Route path="/sessions">
        <Titled title="Scans">
          <History />
        </Titled>
      </Route>
      <Route path="/sessions/:id/report.xlsx">
        {({ id }) => (
          <Titled title="Download">
            <DownloadPage key={id} session={id} path={reportPath(id)} />
          </Titled>
        )}
      </Route>
      <Route path="/sessions/:id/files/:file">
        {({ id, file }) => (
          <Titled title="Download">
            <DownloadPage key={`${id} ${file}`} session={id} path={filePath(id, file)} />
          </Titled>
        )}
      </Route>
      <Route path="/sessions/:id">{({ id }) => <SessionPage key={id} id={id} config={config} />}</Route>
      <Route path="/files">
        <Titled title="Files">
          <Statements>
            <Files />
          </Statements>
        </Titled>
      </Route>
      <Route path="/files/:id">
        {({ id }) => (
          <Statements>
            <FilePage key={id} id={id} />
          </Statements>
        )}
      </Route>
      <Route path="/transactions">
        <Titled title="Transactions">
          <Statements>
            <Transactions />
          </Statements>
        </Titled>
      </Route>
      <Route path="/rules">
        <Titled title="Rules">
          <Statements>
            <Rules />
          </Statements>
        </Titled>
      </Route>
      <Route path="/dead-letters">
        <Titled title="Dead letters">
          <Statements>
            <DeadLetters />
          </Statements>
        </Titled>
      </Route>
      <Route>
        <Titled title="Not found">
          <Empty title="There is no such page" whole>
            <Anchor component={Link} href="/">
              Start a scan
            </Anchor>
            , look at{" "}
            <Anchor component={Link} href="/sessions">
              earlier ones
            </Anchor>
            , or at{" "}
            <Anchor component={Link} href="/files">
              statements
            </Anchor>
            .
          </Empty>
        </Titled>
      </Route>
    </Switch>
  );
}

function Titled({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Riffle`;
  }, [title]);
  return children;
}

function Header({ statements }: { statements: boolean }) {
  const [location] = useLocation();
  const signIn = useSignIn();
  const link = (href: string, label: string, here: boolean) => (
    <Link href={href} className={classes.link} aria-current={here ? "page" : undefined}>
      {label}
    </Link>
  );
  return (
    <header className={classes.header}>
      <a href="#content" className={classes.skip}>
        Skip to content
      </a>
      <Container size={1320} px="md" className={classes.bar}>
        <Link href="/" className={classes.brand}>
          <img src="/icon.svg" alt="" width={26} height={26} />
          <span className={classes.name}>Riffle</span>
        </Link>
        {(signIn === null || signIn.kind === "in" || signIn.kind === "lapsed") && (
          <Group component="nav" gap={4} wrap="nowrap" aria-label="Pages">
            {link("/", "New scan", location === "/")}
            {link("/sessions", "Scans", location.startsWith("/sessions"))}
            {statements && link("/files", "Statements", isStatements(location))}
          </Group>
        )}
        <Group gap="sm" wrap="nowrap" ml="auto" miw={0}>
          <Account />
          <Scheme />
        </Group>
      </Container>
    </header>
  );
}

function Scheme() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={dark ? "Light colours" : "Dark colours"}
      onClick={() => setColorScheme(dark ? "light" : "dark")}
    >
      <svg
        width="18"
        height="18"
        viewBox="0 0 24 24"
        aria-hidden="true"
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
      >
        {dark ? (
          <>
            <circle cx="12" cy="12" r="4.5" />
            <path d="M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2" />
          </>
        ) : (
          <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z" />
        )}
      </svg>
    </ActionIcon>
  );
}
