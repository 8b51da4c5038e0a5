// The types of every service's API, made from docs/openapi. `--check` fails where a committed file says something else.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const SERVICES = ["access", "ai", "metadata", "notification", "processing", "upload"];
const HEAD = "// Made from docs/openapi by `npm run types`; do not edit.\n";
const check = process.argv.includes("--check");
const folder = new URL("../src/api/types/", import.meta.url);
const stale = [];

await mkdir(folder, { recursive: true });
for (const service of SERVICES) {
  const made = HEAD + astToString(await openapiTS(new URL(`../../docs/openapi/${service}.json`, import.meta.url)));
  const target = new URL(`${service}.ts`, folder);
  const found = await readFile(target, "utf8").catch(() => "");
  if (found === made) continue;
  if (check) stale.push(service);
  else await writeFile(target, made);
}
if (stale.length) {
  console.error(`the API types of ${stale.join(", ")} are not those of docs/openapi: run \`npm run types\` in web/`);
  process.exit(1);
}
