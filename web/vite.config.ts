import preact from "@preact/preset-vite";
import license, { type Dependency } from "rollup-plugin-license";
import { defineConfig } from "vite";

/** The notices of every package that is in the built files, as their licences ask for. */
const notices = (packages: Dependency[]): string =>
  packages
    .map(({ name, version, license: licence, licenseText, noticeText }) =>
      [`${name} ${version} (${licence})`, licenseText?.trim(), noticeText?.trim()].filter(Boolean).join("\n\n"),
    )
    .join(`\n\n${"-".repeat(72)}\n\n`);

// The gateway serves the built files at /ui/ and index.html at every address of the console.
export default defineConfig({
  base: "/ui/",
  plugins: [
    preact(),
    license({
      thirdParty: {
        // Which licences fit is said by scripts/check_licences.py, of the lock file; here nothing may be without one.
        allow: {
          test: (one) => Boolean(one.license && one.licenseText),
          failOnUnlicensed: true,
          failOnViolation: true,
        },
        output: { file: "../src/filemill/gateway/ui/licences.txt", template: notices },
      },
    }),
  ],
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
