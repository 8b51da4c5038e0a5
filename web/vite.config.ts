import preact from "@preact/preset-vite";
import { defineConfig } from "vite";

// The gateway serves the built files at /ui/ and index.html at every address of the console.
export default defineConfig({
  base: "/ui/",
  plugins: [preact()],
  build: {
    outDir: "../src/filemill/gateway/ui",
    emptyOutDir: true,
    target: "es2022",
    // A file of its own for every picture and font: the page's CSP knows no data: but for pictures.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8080", "/health": "http://127.0.0.1:8080" } },
});
