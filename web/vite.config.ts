import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// A hub to work against while developing: CHATOPS_HUB=http://127.0.0.1:8765 npm run dev
const hub = process.env.CHATOPS_HUB ?? "http://127.0.0.1:8765";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { proxy: { "/api": { target: hub, ws: true } } },
  build: {
    target: "es2022",
    sourcemap: false,
    // The policy of the hub lets no data: script in, and a small file costs no more than a line.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // The tests are of pure functions: a process and a world for each file would cost more than they do.
  test: { include: ["src/**/*.test.ts"], pool: "threads", isolate: false },
});
