import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { packed } from "./pack.ts";

/** Where `riffle serve` listens while the page is developed. */
const server = process.env.RIFFLE_SERVER ?? "http://127.0.0.1:8750";

export default defineConfig({
  plugins: [react(), packed()],
  build: { target: "es2023", assetsInlineLimit: 0, reportCompressedSize: true },
  server: {
    proxy: {
      "/api": server,
      "/storage": server,
      "/ws": { target: server, ws: true },
      "^/sessions/[^/]+/(report\\.xlsx|files/)": server,
    },
  },
});
