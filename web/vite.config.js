// Plain JavaScript, so that Vite can load it natively: the default loader writes a bundled copy of the
// configuration beside it, which fails where the sources are read-only.
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import autoprefixer from "autoprefixer";
import tailwindcss from "tailwindcss";
import { defineConfig } from "vitest/config";
import tailwindConfig from "./tailwind.config.js";

const server = process.env.VALS_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) },
  },
  css: {
    postcss: { plugins: [tailwindcss(tailwindConfig), autoprefixer()] },
  },
  build: {
    target: "es2022",
    // The content security policy allows no data: fonts, and hashed files are cached for ever anyway.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    // `npm run dev` shows the sources against a running system; its Origin check sees its own address.
    proxy: {
      "/api": { target: server, changeOrigin: true, headers: { origin: server } },
      "/socket.io": { target: server, changeOrigin: true, ws: true, headers: { origin: server } },
    },
  },
  test: {
    include: ["src/**/*.test.{ts,tsx}"],
    environment: "node",
  },
});
