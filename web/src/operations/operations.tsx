/** What an operator looks at: what is stuck and why, jobs, webhooks, storage, figures, models, keys. */
import { lazy, Suspense } from "preact/compat";
import { useEffect } from "preact/hooks";
import { useGroups } from "../api/queries";
import { Loading } from "../parts/bits";
import { words } from "../words";
import { Access } from "./access";
import { Hand } from "./hand";
import { Jobs } from "./jobs";
import { ModelList } from "./models";
import { Storage } from "./storage";
import { Webhooks } from "./webhooks";

// The chart library comes with the page that draws.
const Analytics = lazy(() => import("./analytics"));

export default function Operations({ tab }: { tab: string }) {
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
        {open === "jobs" && <Jobs />}
        {open === "webhooks" && <Webhooks />}
        {open === "storage" && <Storage />}
        {open === "analytics" && <Analytics />}
        {open === "models" && <ModelList />}
        {open === "keys" && <Access />}
      </Suspense>
    </main>
  );
}
