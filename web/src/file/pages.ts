/** The words of a file, page by page, with the place of each line where it is known. */
import { useQuery } from "@tanstack/preact-query";
import { get } from "../api/client";
import type { Document } from "../api/shapes";
import type { Box } from "./facts";

export interface Page {
  number: number;
  text: string;
  /** `start` and `end` count Unicode characters, where JavaScript's strings count UTF-16 units. */
  lines?: { start: number; end: number; box: Box | null }[];
}

export const usePages = (file: Document, wanted = true) =>
  useQuery({
    queryKey: ["pages", file.file_id, file.version],
    queryFn: ({ signal }) => get<{ pages: Page[] }>(`${file.links.text}?format=json`, signal),
    enabled: wanted && file.text?.state === "found",
  });

export interface Line {
  text: string;
  box: Box;
}

export function linesOf(page: Page | undefined): Line[] {
  const characters = Array.from(page?.text ?? "");
  return (page?.lines ?? []).flatMap(({ start, end, box }) =>
    box ? [{ text: characters.slice(start, end).join(""), box }] : [],
  );
}
