/** The scrolling page of files: only what can be seen is drawn and asked for, the place is kept for coming back. */
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { ProblemNote } from "../parts/bits";
import { count, day } from "../parts/format";
import { useLetters } from "../parts/shortcuts";
import { useStore } from "../store";
import { words } from "../words";
import { Card, ListRow } from "./card";
import { cardRowHeight, columnsFor, DAY_PX, layOut, ROW_PHONE_PX, ROW_PX } from "./layout";
import { missing, spotsOf } from "./line";
import { goOn, lineOf, useHits, type Asked } from "./pages";
import { selection, toggle } from "./selection";
import { useWindow } from "./windowing";

interface FilesProps {
  list: boolean;
  asked: Asked;
  byDay: boolean;
  matched: boolean;
  head: ComponentChildren;
  foot: ComponentChildren;
  children: ComponentChildren;
  onAll: () => void;
}

const places = new Map<string, number>();
/** So many rows before the end the next page is asked for. */
const AHEAD_ROWS = 40;

export function Files({ list, asked, byDay, matched, head, foot, children, onAll }: FilesProps) {
  const scroller = useRef<HTMLElement>(null);
  const above = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [top, setTop] = useState(0);
  const [problem, setProblem] = useState<unknown>(null);
  const chosen = useStore(selection);
  const line = useStore(lineOf(asked));
  // The search that this is; its scroll place is kept under that name.
  const place = `${asked.q}|${asked.sort}|${list}`;
  useLayoutEffect(() => {
    const measure = () => {
      setWidth(above.current?.clientWidth ?? 0);
      setTop((above.current?.offsetTop ?? 0) + (above.current?.offsetHeight ?? 0));
    };
    const watcher = new ResizeObserver(measure);
    if (above.current) watcher.observe(above.current);
    measure();
    return () => watcher.disconnect();
  }, []);
  const phone = matchMedia("(max-width: 960px)").matches;
  const columns = list ? 1 : columnsFor(width, phone);
  const spots = useMemo(() => spotsOf(line), [line]);
  const next = useMemo(() => missing(line), [line]);
  const rows = useMemo(() => layOut(spots, columns, byDay && !list, !next), [spots, columns, byDay, list, next]);
  const cardHeight = cardRowHeight(width, columns);
  const rowHeight = list ? (phone ? ROW_PHONE_PX : ROW_PX) : cardHeight;
  const heightOf = (at: number) => (rows[at]?.kind === "day" ? DAY_PX : rowHeight);
  const shown = useWindow(scroller, rows.length, heightOf, top);
  useLayoutEffect(() => shown.measure(), [rowHeight, rows, top]);
  // Coming back to the same search comes back to the same place.
  useLayoutEffect(() => {
    if (scroller.current) scroller.current.scrollTop = places.get(place) ?? 0;
  }, [place, width > 0]);
  const items = width > 0 ? shown.getVirtualItems() : [];
  const drawn = items.flatMap(({ index }) => {
    const row = rows[index];
    return row?.kind === "files" ? row.files : [];
  });
  const hits = useHits(asked, [...new Set(drawn.map((spot) => spot.cursor))]);
  const last = items.at(-1)?.index ?? 0;
  const more = () => {
    setProblem(null);
    goOn(asked).catch(setProblem);
  };
  const wanted = next !== null && line.length > 0 && (next.inside || last >= rows.length - AHEAD_ROWS);
  useEffect(() => {
    if (wanted) more();
  }, [wanted, next?.cursor]);
  const underFocus = () => document.activeElement?.closest<HTMLElement>("[data-file]")?.dataset.file;
  const pick = useCallback(
    (id: string, range: boolean) =>
      toggle(
        id,
        spots.map((spot) => spot.id),
        range,
      ),
    [spots],
  );
  const step = (by: number) => {
    const id = underFocus();
    const at = id ? spots.findIndex((spot) => spot.id === id) : -1;
    const to = spots[Math.max(0, Math.min(spots.length - 1, at < 0 ? 0 : at + by))];
    document.querySelector<HTMLElement>(`[data-file="${to?.id}"] .nm a`)?.focus();
  };
  useLetters({
    x: () => {
      const id = underFocus();
      if (id) pick(id, false);
    },
    j: () => step(1),
    k: () => step(-1),
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    ArrowDown: () => step(columns),
    ArrowUp: () => step(-columns),
  });
  useEffect(() => {
    const all = (event: KeyboardEvent) => {
      if (event.key !== "a" || !(event.ctrlKey || event.metaKey) || event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      onAll();
    };
    addEventListener("keydown", all);
    return () => removeEventListener("keydown", all);
  });
  const one = (id: string) => {
    const props = { id, file: hits.get(id), chosen: chosen.has(id), onPick: pick };
    return list ? <ListRow key={id} {...props} /> : <Card key={id} {...props} />;
  };
  return (
    <>
      <main
        id="main"
        class={chosen.size ? "scroll choosing" : "scroll"}
        ref={scroller}
        tabIndex={-1}
        onScroll={(event) => places.set(place, event.currentTarget.scrollTop)}
      >
        <div ref={above}>
          {head}
          {list && spots.length > 0 && <ListHead matched={matched} />}
        </div>
        <div class="virtual" style={{ height: `${shown.getTotalSize()}px` }}>
          {items.map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            return (
              <div
                key={item.key}
                class="vrow"
                style={{ transform: `translateY(${item.start - top}px)`, height: `${item.size}px` }}
              >
                {row.kind === "day" ? (
                  <h2 class="day">
                    {day(`${row.day}T12:00:00`)} {!row.open && <span>{words.files(row.files, count(row.files))}</span>}
                  </h2>
                ) : list ? (
                  <ul class="rows">{row.files.map((spot) => one(spot.id))}</ul>
                ) : (
                  <ul class="cards" style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
                    {row.files.map((spot) => one(spot.id))}
                  </ul>
                )}
              </div>
            );
          })}
        </div>
        {problem !== null && <ProblemNote error={problem} retry={more} />}
        {foot}
      </main>
      {children}
    </>
  );
}

function ListHead({ matched }: { matched: boolean }) {
  return (
    <div class="lhead" aria-hidden="true">
      <span />
      <span />
      <span>{matched ? words.library.headName : words.library.headNamePlain}</span>
      <span>{words.library.headFound}</span>
      <span>{words.library.headSize}</span>
      <span>{words.library.headAdded}</span>
    </div>
  );
}
