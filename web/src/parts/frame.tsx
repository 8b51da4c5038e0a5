/** Rail, top bar, bottom tabs of the phone, and the line that says when the server is away. */
import { usePlace } from "../address";
import { call } from "../api/client";
import { useGroups, useHealth, useLimits, useSaved, useStats } from "../api/queries";
import { connection } from "../live/stream";
import { SearchField } from "../library/search_field";
import { session, writesFiles } from "../session";
import { useStore } from "../store";
import { words } from "../words";
import { Bar, SignButton } from "./bits";
import { choose } from "./drops";
import { size, when } from "./format";
import { Icon, Mark, type IconName } from "./icons";
import { sayProblem } from "./messages";
import { helpOpen } from "./shortcuts";
import { toggleTheme } from "./theme";

const PLACES: [string, IconName, string][] = [
  ["/", "library", words.nav.library],
  ["/live", "live", words.nav.live],
  ["/operations", "operations", words.nav.operations],
];

const FAULT = "fault:";
const FAULTS_EVERY_MS = 5_000;

const isHere = (path: string, at: string): boolean =>
  at === "/" ? path === "/" || path.startsWith("/files/") : path === at || path.startsWith(`${at}/`);

function HandCount() {
  const groups = useGroups().data ?? [];
  const hand = groups.reduce((sum, group) => sum + group.count, 0);
  return hand ? (
    <span class="count bad" title={words.nav.needsHand(hand)}>
      {hand > 999 ? "999+" : hand}
    </span>
  ) : null;
}

export function Rail() {
  const { path, query } = usePlace();
  const writes = writesFiles(useStore(session));
  return (
    <nav class="rail" aria-label={words.nav.main}>
      <a class="brand" href="/">
        <Mark />
        <span>{words.product}</span>
      </a>
      {writes && (
        <button type="button" class="btn primary wide" onClick={() => choose()}>
          <Icon name="upload" />
          <span>{words.nav.uploadFiles}</span>
          <kbd>U</kbd>
        </button>
      )}
      <div class="links">
        {PLACES.map(([at, icon, name]) => (
          <a key={at} href={at} aria-current={isHere(path, at) && !query.get("saved") ? "page" : undefined}>
            <Icon name={icon} />
            <span>{name}</span>
            {at === "/operations" && <HandCount />}
          </a>
        ))}
        <Saved current={query.get("saved")} />
      </div>
      <div class="foot">
        <Room />
        <Me />
      </div>
    </nav>
  );
}

function Saved({ current }: { current: string | null }) {
  const saved = useSaved().data?.items ?? [];
  if (!saved.length) return null;
  return (
    <>
      <h2>{words.nav.saved}</h2>
      {saved.map((one) => (
        <a
          key={one.search_id}
          href={`/?${new URLSearchParams({ q: one.query, saved: one.name })}`}
          aria-current={current === one.name ? "page" : undefined}
        >
          <Icon name="bookmark" />
          <span>{one.name}</span>
        </a>
      ))}
    </>
  );
}

/** What is stored, for how much, and how much may be. */
function Room() {
  const stats = useStats().data;
  const limits = useLimits().data;
  if (!stats) return <div class="store" />;
  const quota = limits?.quota_bytes ?? null;
  return (
    <div class="store">
      <p>
        <b>{size(stats.bytes_stored)}</b> {words.nav.stored}
      </p>
      {quota !== null && (
        <Bar value={((limits?.used_bytes ?? 0) / quota) * 100} label={words.nav.stored} class="thin" />
      )}
      <p class="m">{quota === null ? words.nav.diskFor(size(stats.bytes)) : words.nav.ofQuota(size(quota))}</p>
    </div>
  );
}

function Me() {
  const { who } = useStore(session);
  if (!who) return null;
  const how = who.auth === "none" ? words.nav.thisMachine : words.nav.signedIn;
  const leave = () =>
    call("DELETE", "/api/session")
      .then(() => location.assign("/"))
      .catch(sayProblem);
  return (
    <div class="me">
      <span class="av" aria-hidden="true">
        {who.owner_id.slice(0, 2).toUpperCase()}
      </span>
      <span class="who">
        <b>{who.owner_id}</b>
        <span class="m">{how}</span>
      </span>
      {who.auth !== "none" && (
        <SignButton icon="forward" name={words.nav.signOut} class="tiny" onClick={() => void leave()} />
      )}
    </div>
  );
}

export function TopBar() {
  return (
    <header class="bar">
      <a class="brand phone" href="/" aria-label={`${words.product}, ${words.nav.library}`}>
        <Mark />
      </a>
      <SearchField />
      <div class="sp" />
      <SignButton icon="theme" name={words.nav.theme} onClick={toggleTheme} />
      <SignButton icon="help" name={words.nav.help} class="desk" onClick={() => helpOpen.set(true)} />
    </header>
  );
}

export function BottomTabs() {
  const { path } = usePlace();
  const writes = writesFiles(useStore(session));
  const [library, live, operations] = PLACES.map(([at, icon, name]) => (
    <a key={at} href={at} aria-current={isHere(path, at) ? "page" : undefined}>
      <Icon name={icon} />
      <span>{name}</span>
      {at === "/operations" && <HandCount />}
    </a>
  ));
  return (
    <nav class="tabs" aria-label={`${words.nav.main}, phone`}>
      {library}
      {live}
      {writes && (
        <button type="button" onClick={() => choose()}>
          <Icon name="upload" />
          <span>{words.nav.upload}</span>
        </button>
      )}
      {operations}
    </nav>
  );
}

/** What somebody has switched on to see the mill fail: nobody shall take it for a fault of the mill. */
export function FaultBar() {
  const services = useHealth(FAULTS_EVERY_MS).data?.services ?? {};
  const on = new Map<string, string>();
  for (const { dependencies } of Object.values(services))
    for (const [name, said] of Object.entries(dependencies ?? {}))
      if (name.startsWith(FAULT)) on.set(name.slice(FAULT.length), said.detail ?? "");
  if (!on.size) return null;
  return (
    <p class="alert warn offline" role="status">
      <Icon name="person" class="warn" />
      <span>
        <b>{words.faults([...on.keys()])}</b> {[...on.values()].join(" ")}
      </span>
    </p>
  );
}

/** Only once the loss has lasted: a stream that is opened anew is no news. */
export function OfflineBar() {
  const { state, at } = useStore(connection);
  if (state !== "lost" || session.get().state !== "in") return null;
  return (
    <p class="alert warn offline" role="status">
      <Icon name="person" class="warn" />
      <span>{words.offline(when(new Date(at).toISOString()))}</span>
    </p>
  );
}
