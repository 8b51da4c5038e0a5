/** Draws only the rows that can be seen, of any number: TanStack's virtualiser under Preact. */
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import type { RefObject } from "preact";
import { useLayoutEffect, useReducer, useState } from "preact/hooks";

type Rows = Virtualizer<HTMLElement, HTMLElement>;

/** `heightOf` gives each row's height in pixels; `above_px` is what stands above the rows in the same scroller. */
export function useWindow(
  scroller: RefObject<HTMLElement>,
  count: number,
  heightOf: (row: number) => number,
  above_px: number,
): Rows {
  const [, redraw] = useReducer((times: number) => times + 1, 0);
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: heightOf,
    scrollMargin: above_px,
    overscan: 4,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw(undefined as never),
  };
  const [rows] = useState(() => new Virtualizer<HTMLElement, HTMLElement>(options));
  rows.setOptions(options);
  useLayoutEffect(() => rows._didMount(), [rows]);
  useLayoutEffect(() => rows._willUpdate());
  return rows;
}
