/** What an operator looks at: what is stuck and why, jobs, webhooks, storage, figures, models, keys. */
import { lazy, Suspense } from "preact/compat";
import { useEffect } from "preact/hooks";
import { useGroups, useReadsFiles } from "../api/queries";
import { Loading } from "../parts/bits";
import { NoFiles } from "../parts/no_files";
import { words } from "../words";
import { Access } from "./access";
import { Hand } from "./hand";
import { Jobs } from "./jobs";
import { ModelList } from "./models";
import { Storage } from "./storage";
import { Webhooks } from "./webhooks";

// The chart library comes with the page that draws.
const Analytics = lazy(() => import("./analytics"));

/** What is about somebody's own files. */
const OF_FILES = new Set(["jobs", "webhooks", "storage", "analytics", "models"]);

export default function Operations({ tab }: { tab: string }) {
  const reads = useReadsFiles();
  const hand = (useGroups().data ?? []).reduce((sum, group) => sum + group.count, 0);
  const open = tab in words.ops.tabs ? tab : "";
  useEffect(() => {
    document.title = `${words.ops.tabs[open]} · ${words.product}`;
    // On a phone the row of tabs is wider than the page.
    document.querySelector(".subtabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [open]);
  return (
    <main id="main" class="scroll opspage" tabIndex={-1}>
      <div class="head">
        <h1>{words.ops.title}</h1>
      </div>
      <nav class="subtabs" aria-label={words.ops.title}>
        {Object.entries(words.ops.tabs).map(([name, said]) => (
          <a
            key={name}
            href={name ? `/operations/${name}` : "/operations"}
            aria-current={name === open ? "page" : undefined}
          >
            {said}
            {name === "" && hand > 0 && <span class="count bad">{hand}</span>}
          </a>
        ))}
      </nav>
      <Suspense fallback={<Loading />}>
        {open === "" && <Hand />}
        {!reads && OF_FILES.has(open) && <NoFiles />}
        {reads && open === "jobs" && <Jobs />}
        {reads && open === "webhooks" && <Webhooks />}
        {reads && open === "storage" && <Storage />}
        {reads && open === "analytics" && <Analytics />}
        {reads && open === "models" && <ModelList />}
        {open === "keys" && <Access />}
      </Suspense>
    </main>
  );
}
