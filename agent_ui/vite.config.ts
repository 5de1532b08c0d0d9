import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  base: "/",
  plugins: [react()],
  build: {
    outDir: here("../contactcentre/static"),
    emptyOutDir: true,
    // A data: URL would need a word of its own in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: { desk: here("index.html"), board: here("board.html") } },
  },
  // `npm run dev` beside a desk that runs: its address is DESK_URL.
  server: {
    proxy: { "/api": { target: process.env.DESK_URL ?? "http://127.0.0.1:8080", ws: true } },
  },
  test: {
    environment: "happy-dom",
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
  },
});
