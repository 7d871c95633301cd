import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { packed } from "./pack.ts";

/** Where `riffle serve` listens while the page is developed. */
const server = process.env.RIFFLE_SERVER ?? "http://127.0.0.1:8750";
/** The server answers only its own page, so the proxy replaces host and origin of each request. */
const beside = { target: server, changeOrigin: false };

export default defineConfig({
  plugins: [react(), packed()],
  // One script, on purpose: docs/adr/0006.
  build: { target: "es2023", assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  server: {
    proxy: {
      "/api": beside,
      "/storage": beside,
      "/ws": { ...beside, ws: true },
      "^/scans/[^/]+/(report\\.xlsx|files/)": beside,
    },
  },
});
