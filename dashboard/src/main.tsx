import "./styles.ts";

import { Anchor, createTheme, MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { ApiError } from "./api/client.ts";
import { App } from "./app.tsx";
import { dropPrintedToken } from "./sign-in/printed-token.ts";
import { Announcer } from "./ui/announcer.tsx";

// Dark enough as a background for white text in both colour schemes.
const theme = createTheme({
  primaryColor: "cyan",
  primaryShade: 9,
  respectReducedMotion: true,
  // Underlines, because a link must be recognisable by more than its colour.
  components: { Anchor: Anchor.extend({ defaultProps: { underline: "always" } }) },
  defaultRadius: "md",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
});

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < 3 && !(error instanceof ApiError && !error.passes),
    },
  },
});

dropPrintedToken();
// `riffle serve` prints an address with a token; a user may also paste it while the page is open.
window.addEventListener("hashchange", dropPrintedToken);

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <QueryClientProvider client={queries}>
          <Announcer>
            <App />
          </Announcer>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
