/** Where the visitor is: path, filters and anchor, all in the address bar. Every page reads it here and goes elsewhere through here. */
import { useMemo, useSyncExternalStore } from "preact/compat";

export interface Place {
  path: string;
  query: URLSearchParams;
  anchor: string;
}

const watchers = new Set<() => void>();
const tell = () => watchers.forEach((watcher) => watcher());
const current = () => location.pathname + location.search + location.hash;

addEventListener("popstate", tell);

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Go to an address of the console; `replace` leaves no step for the back button. */
export function go(address: string, replace = false): void {
  if (address === current()) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  tell();
}

/** The address with some of its filters changed; an empty value takes a filter out. */
export function withQuery(changes: Record<string, string | null | undefined>, path = location.pathname): string {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  return path + (text ? `?${text}` : "");
}

export function usePlace(): Place {
  const address = useSyncExternalStore(watch, current);
  return useMemo(() => {
    const url = new URL(address, location.origin);
    return { path: url.pathname, query: url.searchParams, anchor: decodeURIComponent(url.hash.slice(1)) };
  }, [address]);
}

const OURS = /^\/($|files\/|live$|operations(\/|$)|signin$)/;

/** One listener instead of a component for every link: plain clicks on addresses of the console stay on the page. */
export function keepLinksInside(): void {
  document.addEventListener("click", (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = (event.target as Element).closest?.("a");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (!OURS.test(link.pathname)) return;
    event.preventDefault();
    go(link.pathname + link.search + link.hash);
  });
}
