import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { packed } from "./pack.ts";

/** Where `riffle serve` listens while the page is developed. */
const server = process.env.RIFFLE_SERVER ?? "http://127.0.0.1:8750";

export default defineConfig({
  plugins: [react(), packed()],
  // One script, on purpose: docs/adr/0006.
  build: { target: "es2023", assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  server: {
    proxy: {
      "/api": server,
      "/storage": server,
      "/ws": { target: server, ws: true },
      "^/sessions/[^/]+/(report\\.xlsx|files/)": server,
    },
  },
});
