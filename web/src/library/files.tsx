/** The scrolling page of files: only what can be seen is drawn, the place is kept for coming back. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Hit } from "../api/shapes";
import { count } from "../parts/format";
import { useLetters } from "../parts/shortcuts";
import { useStore } from "../store";
import { words } from "../words";
import { Card, ListRow } from "./card";
import { cardRowHeight, columnsFor, DAY_PX, layOut, ROW_PX } from "./layout";
import { choose, selection, toggle } from "./selection";
import { useWindow } from "./windowing";

interface FilesProps {
  list: boolean;
  hits: Hit[];
  byDay: boolean;
  complete: boolean;
  matched: boolean;
  /** The search that this is; its scroll place is kept under that name. */
  place: string;
  onEnd: () => void;
  head: ComponentChildren;
  foot: ComponentChildren;
  children: ComponentChildren;
}

const places = new Map<string, number>();

export function Files({ list, hits, byDay, complete, matched, place, onEnd, head, foot, children }: FilesProps) {
  const scroller = useRef<HTMLElement>(null);
  const above = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [top, setTop] = useState(0);
  const chosen = useStore(selection);
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
  const columns = list ? 1 : columnsFor(width, matchMedia("(max-width: 960px)").matches);
  const rows = layOut(hits, columns, byDay && !list, complete);
  const cardHeight = cardRowHeight(width, columns);
  const heightOf = (at: number) => (rows[at]?.kind === "day" ? DAY_PX : list ? ROW_PX : cardHeight);
  const shown = useWindow(scroller, rows.length, heightOf, top);
  useLayoutEffect(() => shown.measure(), [list, columns, cardHeight, rows.length, top]);
  // Coming back to the same search comes back to the same place.
  useLayoutEffect(() => {
    if (scroller.current) scroller.current.scrollTop = places.get(place) ?? 0;
  }, [place, width > 0]);
  const last = shown.getVirtualItems().at(-1)?.index ?? 0;
  useEffect(() => {
    if (!complete && last >= rows.length - 6) onEnd();
  }, [last, rows.length, complete]);
  const order = hits.map((hit) => hit.file_id);
  const underFocus = () => document.activeElement?.closest<HTMLElement>("[data-file]")?.dataset.file;
  useLetters({
    x: () => {
      const id = underFocus();
      if (id) toggle(id, order, false);
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
      choose(order);
    };
    addEventListener("keydown", all);
    return () => removeEventListener("keydown", all);
  });
  const step = (by: number) => {
    const at = order.indexOf(underFocus() ?? "");
    const next = order[Math.max(0, Math.min(order.length - 1, at < 0 ? 0 : at + by))];
    document.querySelector<HTMLElement>(`[data-file="${next}"] .nm a`)?.focus();
  };
  const one = (hit: Hit) => {
    const props = {
      file: hit,
      chosen: chosen.has(hit.file_id),
      onPick: (range: boolean) => toggle(hit.file_id, order, range),
    };
    return list ? <ListRow key={hit.file_id} {...props} /> : <Card key={hit.file_id} {...props} />;
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
          {list && hits.length > 0 && <ListHead matched={matched} />}
        </div>
        <div class="virtual" style={{ height: `${shown.getTotalSize()}px` }}>
          {width > 0 &&
            shown.getVirtualItems().map((item) => {
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
                      {row.day} {!row.open && <span>{words.files(row.files, count(row.files))}</span>}
                    </h2>
                  ) : list ? (
                    <ul class="rows">{row.files.map(one)}</ul>
                  ) : (
                    <ul class="cards" style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
                      {row.files.map(one)}
                    </ul>
                  )}
                </div>
              );
            })}
        </div>
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
