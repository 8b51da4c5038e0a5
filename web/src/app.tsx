/** The frame around every page: rail, search, uploads, messages; which page is decided by the address. */
import { lazy, Suspense } from "preact/compat";
import { useEffect } from "preact/hooks";
import { usePlace } from "./address";
import { useReadsFiles } from "./api/queries";
import { FilePage } from "./file/page";
import { Library } from "./library/library";
import { Shortcuts } from "./parts/shortcuts";
import { DropCurtain, takeDrops } from "./parts/drops";
import { Empty, Loading } from "./parts/bits";
import { BottomTabs, FaultBar, OfflineBar, Rail, TopBar } from "./parts/frame";
import { Messages } from "./parts/messages";
import { NoFiles } from "./parts/no_files";
import { session } from "./session";
import { SignIn, SignInOver, Unreachable } from "./signin/signin";
import { useStore } from "./store";
import { rows } from "./uploads/queue";
import { Tray, trayOpen } from "./uploads/tray";
import { words } from "./words";

// What most visits never open comes when it is asked for.
const Live = lazy(() => import("./live/live"));
const Operations = lazy(() => import("./operations/operations"));

export function App() {
  const { state, lapsed } = useStore(session);
  const { path } = usePlace();
  const uploads = useStore(rows);
  const open = useStore(trayOpen);
  useEffect(takeDrops, []);
  if (state === "asking") return <p class="vh">{words.loading}</p>;
  if (state === "unreachable") return <Unreachable />;
  if (state === "out" && (!lapsed || path === "/signin")) return <SignIn />;
  const tray = uploads.length > 0 && open;
  return (
    <div class={tray ? "app with-tray" : "app"}>
      <a class="skip" href="#main" onClick={() => document.getElementById("main")?.focus()}>
        {words.skip}
      </a>
      <svg class="vh" aria-hidden="true" width="0" height="0">
        <defs>
          <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="2" height="6" class="hatch" />
          </pattern>
        </defs>
      </svg>
      <Rail />
      <div class="page">
        <TopBar />
        <OfflineBar />
        <FaultBar />
        <Suspense fallback={<Waiting />}>
          <Page path={path} />
        </Suspense>
      </div>
      <Tray />
      <BottomTabs />
      <Messages />
      <DropCurtain />
      <Shortcuts />
      {state === "out" && <SignInOver />}
    </div>
  );
}

function Page({ path }: { path: string }) {
  const reads = useReadsFiles();
  const file = /^\/files\/([0-9a-f-]{36})$/.exec(path);
  if (!reads && (file || path === "/" || path === "/signin"))
    return (
      <main id="main" class="scroll" tabIndex={-1}>
        <NoFiles />
      </main>
    );
  if (path === "/" || path === "/signin") return <Library />;
  if (file) return <FilePage key={file[1]} id={file[1]!} />;
  if (path === "/live") return <Live />;
  if (path === "/operations" || path.startsWith("/operations/")) return <Operations tab={path.split("/")[2] ?? ""} />;
  return (
    <main id="main" class="scroll" tabIndex={-1}>
      <Empty icon="help" title={words.notFound.title}>
        <p>{words.notFound.text}</p>
        <a class="btn" href="/">
          {words.notFound.home}
        </a>
      </Empty>
    </main>
  );
}

const Waiting = () => (
  <main id="main" class="scroll">
    <Loading />
  </main>
);
