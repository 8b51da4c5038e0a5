/** The tray of uploads: docked at the right where there is room, else a bar that opens a sheet. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Bar, Button, SignButton, State } from "../parts/bits";
import { duration, size } from "../parts/format";
import { Icon } from "../parts/icons";
import { kindOfFamily } from "../parts/kinds";
import { Name } from "../parts/name";
import { Store, useStore } from "../store";
import { words } from "../words";
import { readyIn } from "./following";
import { dismiss, dismissDone, pause, pauseAll, resume, resumeAll, retryRefused, rows } from "./queue";
import { byNeed, OPEN, totals, type Row, type Totals } from "./row";

/** More rows than this are counted, not drawn. */
const DRAWN_MOST = 200;

/** Where it stands beside the page; anywhere else it lies over it, so it opens only when somebody asks for it. */
const beside = matchMedia("(min-width: 1181px)");
export const trayOpen = new Store(beside.matches);
beside.addEventListener("change", () => trayOpen.set(beside.matches));

/** Show what was just taken in: the tray, or the bar that stands for it. */
export const showTray = (): void => trayOpen.set(beside.matches || trayOpen.get());

export function headline(sum: Totals): string {
  const open = sum.files - sum.done - sum.refused;
  return open ? words.tray.uploading(sum.done, sum.files - sum.refused) : words.tray.done(sum.done);
}

export function Tray() {
  const all = useStore(rows);
  const open = useStore(trayOpen);
  useSheet(open, all.length > 0);
  if (!all.length) return null;
  const sum = totals(all);
  const share = sum.bytes ? (sum.sent / sum.bytes) * 100 : 100;
  if (!open) return <TrayBar sum={sum} share={share} />;
  const running = all.some((row) => !row.versionOf && ["queued", "sending", "lost"].includes(row.state));
  const halted = all.some((row) => ["paused", "held"].includes(row.state));
  const busy = all.some((row) => OPEN.has(row.state));
  // What is stored and could not be read, or is stored with other content, is not sent again: its page says what helps.
  const unsent = all.filter((row) => row.state === "refused" && !row.fileId).length;
  return (
    <>
      <TrayBar sum={sum} share={share} />
      <aside class="tray" aria-label={words.tray.name}>
        <header>
          <h2>{headline(sum)}</h2>
          {running && <SignButton icon="pause" name={words.tray.pauseAll} onClick={pauseAll} />}
          {!running && halted && <SignButton icon="play" name={words.tray.resumeAll} onClick={resumeAll} />}
          {!busy && <SignButton icon="close" name={words.tray.clear} onClick={dismissDone} />}
          <SignButton
            icon={beside.matches ? "forward" : "down"}
            name={words.tray.hide}
            class="hide"
            onClick={() => trayOpen.set(false)}
          />
        </header>
        {busy && (
          <>
            <div class="sum">
              <p class="big">{Math.floor(share)} %</p>
              <p class="m">
                {words.tray.progress(size(sum.sent), size(sum.bytes), size(sum.bytesPerSecond))}
                <br />
                {sum.leftMs !== null && words.tray.left(duration(sum.leftMs))}
              </p>
              <Bar value={share} label={words.tray.all} class="thick" />
            </div>
            {all.some((row) => OPEN.has(row.state) && !row.versionOf) && (
              <p class="safe">
                <Icon name="ready" />
                <span>{words.tray.promise}</span>
              </p>
            )}
          </>
        )}
        <Missing all={all} />
        {unsent > 1 && (
          <p class="safe">
            <Button icon="retry" class="small" onClick={retryRefused}>
              {words.tray.retryAll(unsent)}
            </Button>
          </p>
        )}
        <ul>
          {all
            .toSorted(byNeed)
            .slice(0, DRAWN_MOST)
            .map((row) => (
              <One key={row.key} row={row} />
            ))}
        </ul>
        {all.length > DRAWN_MOST && <p class="safe">{words.tray.more(all.length - DRAWN_MOST)}</p>}
        <Spoken share={share} files={sum.files} busy={busy} />
      </aside>
    </>
  );
}

/** What lies over the page takes the focus and gives it back; Escape closes it. */
function useSheet(open: boolean, there: boolean): void {
  const before = useRef(open);
  useEffect(() => {
    if (beside.matches || !there) return;
    if (open !== before.current) document.querySelector<HTMLElement>(open ? ".tray .hide" : ".traybar")?.focus();
    before.current = open;
    const close = (event: KeyboardEvent) => event.key === "Escape" && trayOpen.set(false);
    if (open) addEventListener("keydown", close);
    return () => removeEventListener("keydown", close);
  }, [open, there]);
}

function TrayBar({ sum, share }: { sum: Totals; share: number }) {
  const left = sum.leftMs === null ? "" : words.tray.left(duration(sum.leftMs));
  return (
    <button type="button" class="traybar" onClick={() => trayOpen.set(!trayOpen.get())}>
      <span class="pc">{Math.floor(share)} %</span>
      <span>
        <b>{headline(sum)}</b>
        <span class="m">{sum.bytesPerSecond ? `${size(sum.bytesPerSecond)}/s, ${left}` : words.tray.show}</span>
      </span>
      <Icon name="up" />
      <Bar value={share} label={words.tray.all} class="edge" />
    </button>
  );
}

/** Bytes that a reload has lost: the same files, dropped again, go on where they stopped. */
function Missing({ all }: { all: Row[] }) {
  const missing = all.filter((row) => row.state === "needs-file");
  if (!missing.length) return null;
  const here = missing.reduce((sum, row) => sum + row.sent, 0);
  return (
    <p class="safe">
      <Icon name="person" class="warn" />
      <span>{words.tray.missing(missing.length, size(here))}</span>
    </p>
  );
}

function One({ row }: { row: Row }) {
  const name = <Name name={row.name} />;
  return (
    <li class={row.state === "refused" ? "up bad" : "up"} data-state={row.state} data-file={row.fileId ?? ""}>
      <span class="tt">
        {row.state === "ready" && row.fileId ? <Thumb id={row.fileId} /> : <Icon name="document" />}
      </span>
      <div class="ub">
        <p class="nm">{row.fileId ? <a href={`/files/${row.fileId}`}>{name}</a> : name}</p>
        {OPEN.has(row.state) && row.state !== "queued" && (
          <Bar
            value={row.size ? (row.sent / row.size) * 100 : 0}
            label={words.tray.of(row.name)}
            class={row.state === "sending" ? "" : "hold"}
          />
        )}
        <p class="ln">
          <Line row={row} />
        </p>
      </div>
      <div class="ua">
        <Actions row={row} />
      </div>
    </li>
  );
}

function Thumb({ id }: { id: string }) {
  const [there, set] = useState(true);
  const url = `/api/metadata/files/${id}/renditions/thumbnail`;
  return there ? (
    <img src={url} alt="" width={36} height={36} onError={() => set(false)} />
  ) : (
    <Icon name={kindOfFamily("other").icon} />
  );
}

function Line({ row }: { row: Row }) {
  const sent = words.tray.sent(size(row.sent), size(row.size));
  switch (row.state) {
    case "queued":
      return <span>{words.tray.queued(size(row.size))}</span>;
    case "sending":
      return <span>{words.tray[row.versionOf ? "sendingVersion" : "sending"](sent, size(row.bytesPerSecond))}</span>;
    case "paused":
      return <State said={{ tone: "warn", icon: "parked", text: words.tray.pausedAt(sent) }} />;
    case "lost":
      return <Countdown row={row} />;
    case "needs-file":
      return <State said={{ tone: "warn", icon: "person", text: words.tray.needsFile(sent) }} />;
    case "held":
      return <State said={{ tone: "wait", icon: "waiting", text: words.tray.held }} />;
    case "refused":
      return <State said={{ tone: "fail", icon: "failed", text: row.note }} />;
    case "reading":
      return <State said={{ tone: "run", icon: "running", text: row.note }} />;
    case "ready":
      return (
        <>
          <State said={{ tone: "ok", icon: "ready", text: words.tray.ready(readyIn(row)) }} />
          {row.note && <span class="g">{row.note}</span>}
        </>
      );
  }
}

function Countdown({ row }: { row: Row }) {
  const [now, set] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => set(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.ceil((row.nextTryAt - now) / 1000));
  return <State said={{ tone: "wait", icon: "waiting", text: words.tray.lost(row.note, seconds) }} />;
}

function Actions({ row }: { row: Row }) {
  switch (row.state) {
    case "queued":
    case "sending":
      if (row.versionOf)
        return <SignButton icon="close" name={words.tray.breakOff(row.name)} onClick={() => dismiss(row.key)} />;
      return <SignButton icon="pause" name={words.tray.pause(row.name)} onClick={() => pause(row.key)} />;
    case "paused":
      return (
        <>
          <SignButton icon="play" name={words.tray.resume(row.name)} onClick={() => resume(row.key)} />
          <SignButton icon="close" name={words.tray.remove(row.name)} onClick={() => dismiss(row.key)} />
        </>
      );
    case "lost":
      if (row.versionOf)
        return (
          <>
            <SignButton icon="retry" name={words.tray.tryNow(row.name)} onClick={() => resume(row.key)} />
            <SignButton icon="close" name={words.tray.breakOff(row.name)} onClick={() => dismiss(row.key)} />
          </>
        );
      return <SignButton icon="retry" name={words.tray.tryNow(row.name)} onClick={() => resume(row.key)} />;
    case "reading":
      return null;
    default:
      return <SignButton icon="close" name={words.tray.remove(row.name)} onClick={() => dismiss(row.key)} />;
  }
}

/** For screen readers: a sentence every quarter, not every tick. */
function Spoken({ share, files, busy }: { share: number; files: number; busy: boolean }) {
  const quarter = Math.floor(share / 25) * 25;
  return (
    <p class="vh" role="status">
      {busy ? words.tray.spoken(files, quarter) : ""}
    </p>
  );
}
