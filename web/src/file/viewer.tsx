/** What the file looks like. User content is never markup here: pages are pictures, drawings are rasters, HTML is text. */
import { useQuery } from "@tanstack/preact-query";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { go, withQuery } from "../address";
import { send } from "../api/client";
import type { Document } from "../api/shapes";
import { Empty, Part, SignButton } from "../parts/bits";
import { familyOf, kindOf } from "../parts/kinds";
import { visible } from "../parts/names";
import { useLetters } from "../parts/shortcuts";
import { words } from "../words";
import { Boxes } from "./boxes";
import type { Fact } from "./facts";
import { isLocked } from "../parts/states";
import { LockedPart } from "./locked";
import { linesOf, usePages } from "./pages";
import { Player } from "./player";
import { readTable } from "./table";

export interface ViewerProps {
  file: Document;
  facts: Fact[];
  lit: string | null;
  onLight: (fact: string | null) => void;
  page: number;
}

const STRIP_PAGES = 40;
const TEXT_BYTES = 262_144;
const ZOOMS = [0.5, 0.75, 1, 1.5, 2, 3];

export function Viewer(props: ViewerProps) {
  const { file } = props;
  const family = familyOf(file.content_type);
  const has = (name: string) => file.renditions.some((rendition) => rendition.name === name);
  const held = file.status === "quarantined";
  let inside;
  if (!held && (family === "audio" || family === "video")) inside = <Player file={file} />;
  else if (!held && (file.content_type === "text/csv" || file.content_type === "text/tab-separated-values"))
    inside = <Sheet file={file} />;
  else if (!held && has("preview")) inside = <Pages {...props} />;
  else if (!held && file.text?.state === "found") inside = <Words file={file} />;
  else
    inside = (
      <div class="stage">
        {file.status === "quarantined" ? (
          <Empty icon="quarantined" title={words.file.heldBack}>
            <p>
              {file.status_reason?.detail} {words.file.heldBackText}
            </p>
          </Empty>
        ) : isLocked(file) ? (
          <LockedPart />
        ) : (
          <Empty icon={kindOf(file.content_type).icon} title={words.file.noPreview}>
            <p>{words.file.noPreviewText}</p>
          </Empty>
        )}
      </div>
    );
  return (
    <section class="viewer" aria-label={words.file.preview}>
      {inside}
    </section>
  );
}

function Pages({ file, facts, lit, onLight, page }: ViewerProps) {
  const pages = Math.max(1, Number(file.properties.page_count ?? 0));
  const at = Math.min(page, pages);
  const [zoom, setZoom] = useState(2);
  // Each picture of a page costs a sandbox; the strip shows those that somebody turned to.
  const [shown, setShown] = useState<ReadonlySet<number>>(new Set());
  const stage = useRef<HTMLDivElement>(null);
  const turn = (to: number) => {
    if (to >= 1 && to <= pages) go(withQuery({ page: String(to) }), true);
  };
  const larger = (by: number) => setZoom(Math.max(0, Math.min(ZOOMS.length - 1, zoom + by)));
  useLetters({ "[": () => turn(at - 1), "]": () => turn(at + 1), "+": () => larger(1), "-": () => larger(-1) });
  const base = `/api/metadata/files/${file.file_id}/renditions/`;
  // The preview is the first page and is there already; other pages are made when somebody turns to them.
  const url = at === 1 ? `${base}preview` : `${base}page-${at}`;
  const preview = file.renditions.find((rendition) => rendition.name === "preview");
  // Long texts weigh more than their pictures: they come once somebody points at the page.
  const [pointed, point] = useState(false);
  const words_ = usePages(file, pointed).data?.pages.find((one) => one.number === at);
  const lines = useMemo(() => linesOf(words_), [words_]);
  const here = facts.filter((fact) => fact.box && (fact.page ?? 1) === at);
  useEffect(() => {
    stage.current?.querySelector(".ev.on")?.scrollIntoView({ block: "center", behavior: "auto" });
  }, [lit, at, zoom]);
  return (
    <>
      {pages > 1 && (
        <ol class="pages">
          {Array.from({ length: Math.min(pages, STRIP_PAGES) }, (_, index) => (
            <li key={index}>
              <button type="button" aria-current={index + 1 === at} onClick={() => turn(index + 1)}>
                {index === 0 || shown.has(index + 1) ? (
                  <img
                    src={index === 0 ? `${base}thumbnail` : `${base}page-${index + 1}`}
                    alt={words.file.pageOf(index + 1, pages)}
                    width={52}
                    height={64}
                  />
                ) : (
                  <span class="blank" aria-label={words.file.pageOf(index + 1, pages)} />
                )}
              </button>
              {index + 1}
            </li>
          ))}
        </ol>
      )}
      <div
        class={ZOOMS[zoom] === 1 ? "stage" : "stage zoomed"}
        ref={stage}
        onPointerEnter={() => point(true)}
        tabIndex={0}
        aria-label={words.file.pageOf(at, pages)}
        role="group"
      >
        <Boxes
          key={url}
          url={url}
          alt={words.file.pageOf(at, pages)}
          facts={here}
          lines={lines}
          lit={lit}
          onLight={onLight}
          zoom={ZOOMS[zoom]!}
          shape={[preview?.width ?? 3, preview?.height ?? 4]}
          onShown={() => setShown((before) => (before.has(at) ? before : new Set([...before, at])))}
        />
      </div>
      <div class="vtools">
        {pages > 1 && (
          <>
            <SignButton icon="back" name={words.file.previous} onClick={() => turn(at - 1)} disabled={at === 1} />
            <span>
              {at} / {pages}
            </span>
            <SignButton icon="forward" name={words.file.next} onClick={() => turn(at + 1)} disabled={at === pages} />
            <i />
          </>
        )}
        <SignButton icon="minus" name={words.file.zoomOut} onClick={() => larger(-1)} disabled={zoom === 0} />
        <span>{Math.round(ZOOMS[zoom]! * 100)} %</span>
        <SignButton
          icon="plus"
          name={words.file.zoomIn}
          onClick={() => larger(1)}
          disabled={zoom === ZOOMS.length - 1}
        />
      </div>
    </>
  );
}

function Words({ file }: { file: Document }) {
  const text = useQuery({
    queryKey: ["text", file.file_id, file.version],
    queryFn: async ({ signal }) =>
      (await send("GET", file.links.text!, { signal, headers: { Accept: "text/plain" } })).text(),
  });
  return (
    <div class="stage reading">
      <Part asked={text}>{(all) => <pre tabIndex={0}>{visibleLines(all.slice(0, TEXT_BYTES))}</pre>}</Part>
    </div>
  );
}

/** Marks that turn text around are shown; line ends and tabs stay what they are. */
const visibleLines = (text: string): string =>
  text
    .split(/(\r?\n|\t)/)
    .map((part, at) => (at % 2 ? part : visible(part)))
    .join("");

function Sheet({ file }: { file: Document }) {
  const rows = useQuery({
    queryKey: ["sheet", file.file_id, file.version],
    queryFn: async ({ signal }) => {
      const headers = { Accept: "*/*", Range: `bytes=0-${TEXT_BYTES - 1}` };
      const text = await (await send("GET", file.links.content!, { signal, headers })).text();
      return readTable(text, file.content_type === "text/tab-separated-values" ? "\t" : null);
    },
  });
  return (
    <div class="stage reading" tabIndex={0} role="group" aria-label={words.file.preview}>
      <Part asked={rows}>
        {([head, ...body]) => (
          <table class="sheet">
            <thead>
              <tr>
                {head?.map((cell, at) => (
                  <th key={at} scope="col">
                    {visible(cell)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {body.map((row, at) => (
                <tr key={at}>
                  {row.map((cell, column) => (
                    <td key={column}>{visible(cell)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Part>
    </div>
  );
}
