// The frame of all pages: the navigation rail and the routes. Each flow provides its pages from its own folder.

import { ActionIcon, Anchor, Stack, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { Link, matchRoute, Route, Switch, useLocation, useRouter } from "wouter";

import { get } from "./api/client.ts";
import { ConfigContext } from "./api/config.ts";
import classes from "./app.module.css";
import type { Config } from "./contracts.ts";
import { Signed } from "./downloads/links.tsx";
import { areSigned } from "./downloads/signed-links.ts";
import { FailedItems } from "./failed-items/failed-items-page.tsx";
import type { Flow } from "./flows/flow.ts";
import { flowsOf } from "./flows/index.ts";
import { Account } from "./sign-in/account.tsx";
import { Current, identityAt, useSignIn } from "./sign-in/current.ts";
import { Gate } from "./sign-in/gate.tsx";
import { EmptyState } from "./ui/empty-state.tsx";
import { Trouble, Waiting } from "./ui/notes.tsx";

export function App() {
  const config = useQuery({
    queryKey: ["config"],
    queryFn: ({ signal }) => get<Config>("/api/config", signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const signIn = config.data?.sign_in;
  const flows = config.data ? flowsOf(config.data).map(([, flow]) => flow) : [];
  return (
    <Current value={signIn ? identityAt(signIn) : null}>
      <div className={classes.frame}>
        <Rail flows={flows} />
        <main className={classes.content} id="content">
          {config.isPending && <Waiting label="Loading Riffle…" />}
          {config.isError && (
            <Trouble
              title="Riffle could not be loaded"
              message={config.error.message}
              again={() => void config.refetch()}
            />
          )}
          {config.data && (
            <ConfigContext value={config.data}>
              <Signed value={areSigned(config.data)}>
                <Pages flows={flows} />
              </Signed>
            </ConfigContext>
          )}
        </main>
      </div>
    </Current>
  );
}

function Pages({ flows }: { flows: Flow[] }) {
  const { parser } = useRouter();
  const [location] = useLocation();
  const routes = flows.flatMap((flow) => flow.routes);
  const hurried = routes.some(({ path, download }) => download && matchRoute(parser, path, location)[0]);
  return (
    <Gate hurried={hurried}>
      <Switch>
        <Route path="/">
          <Titled title="Home">
            <Home flows={flows} />
          </Titled>
        </Route>
        {routes.map(({ path, title, page }) => (
          <Route key={path} path={path}>
            {(parameters: Record<string, string | undefined>) => {
              const shown = page((name) => parameters[name] ?? "");
              return title === undefined ? shown : <Titled title={title}>{shown}</Titled>;
            }}
          </Route>
        ))}
        <Route path="/failed-items">
          <Titled title="Failed items">
            <FailedItems />
          </Titled>
        </Route>
        <Route>
          <Titled title="Page not found">
            <EmptyState title="Page not found" whole>
              Go to{" "}
              <Anchor component={Link} href="/">
                Home
              </Anchor>
              {flows.map(({ navigation: { path, title } }, at) => (
                <span key={path}>
                  {at === flows.length - 1 ? " or " : ", "}
                  <Anchor component={Link} href={path}>
                    {title}
                  </Anchor>
                </span>
              ))}
              .
            </EmptyState>
          </Titled>
        </Route>
      </Switch>
    </Gate>
  );
}

/** The start page: the start form of each flow that has one. */
function Home({ flows }: { flows: Flow[] }) {
  return (
    <Stack gap="xl">{flows.map(({ navigation, start: Start }) => Start && <Start key={navigation.path} />)}</Stack>
  );
}

function Titled({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Riffle`;
  }, [title]);
  return children;
}

function Rail({ flows }: { flows: Flow[] }) {
  const signIn = useSignIn();
  const open = signIn === null || signIn.kind === "in" || signIn.kind === "lapsed";
  return (
    <header className={classes.rail}>
      <a href="#content" className={classes.skip}>
        Skip to content
      </a>
      <Link href="/" className={classes.brand}>
        <img src="/icon.svg" alt="" width={26} height={26} />
        Riffle
      </Link>
      {open && flows.length > 0 && (
        <nav className={classes.pages} aria-label="Pages">
          <Entry path="/" title="Home">
            <path d="M4 11l8-7 8 7v9h-5.5v-6h-5v6H4z" />
          </Entry>
          {flows.map(({ navigation: { path, title, below, icon } }) => (
            <Entry key={path} path={path} title={title} below={below}>
              {icon}
            </Entry>
          ))}
          <Entry path="/failed-items" title="Failed items">
            <path d="M12 4l9 16H3z" />
            <path d="M12 10v4.5M12 17v.5" />
          </Entry>
        </nav>
      )}
      <div className={classes.tools}>
        <Account />
        <Scheme />
      </div>
    </header>
  );
}

interface EntryProps {
  path: string;
  title: string;
  /** The entry is also current at all addresses below this. */
  below?: string;
  /** The paths of its icon. */
  children: ReactNode;
}

function Entry({ path, title, below, children }: EntryProps) {
  const [location] = useLocation();
  const within = below !== undefined && (location === below || location.startsWith(`${below}/`));
  return (
    <Link href={path} className={classes.entry} aria-current={location === path ? "page" : within ? "true" : undefined}>
      <Icon>{children}</Icon>
      {title}
    </Link>
  );
}

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg
      width="20"
      height="20"
      viewBox="0 0 24 24"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      {children}
    </svg>
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
      aria-label={dark ? "Switch to light theme" : "Switch to dark theme"}
      onClick={() => setColorScheme(dark ? "light" : "dark")}
    >
      <Icon>
        {dark ? (
          <>
            <circle cx="12" cy="12" r="4.5" />
            <path d="M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2" />
          </>
        ) : (
          <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z" />
        )}
      </Icon>
    </ActionIcon>
  );
}
