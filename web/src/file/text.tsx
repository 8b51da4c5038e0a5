/** The words that were read, page by page, with the chosen finding marked. */
import { useEffect, useRef } from "preact/hooks";
import type { Document } from "../api/shapes";
import { Empty, Part } from "../parts/bits";
import { Icon } from "../parts/icons";
import { words } from "../words";
import type { Fact } from "./facts";
import { LockedPart } from "./locked";
import { usePages, type Page } from "./pages";

const CHARACTERS_MOST = 200_000;

export function Text({ file, fact }: { file: Document; fact: Fact | null }) {
  const asked = usePages(file);
  if (file.text?.state === "needs-password") return <LockedPart />;
  if (file.text?.state !== "found")
    return (
      <Empty icon="text" title={words.text.empty}>
        <p>{file.text?.reason?.detail}</p>
      </Empty>
    );
  return (
    <Part asked={asked} rows={8}>
      {(text) => <Read text={text} fact={fact} url={file.links.text!} />}
    </Part>
  );
}

function Read({ text, fact, url }: { text: { pages: Page[] }; fact: Fact | null; url: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.querySelector("mark")?.scrollIntoView({ block: "center" }), [fact?.id]);
  let left = CHARACTERS_MOST;
  const shown = text.pages.filter((page) => (left -= page.text.length) > -page.text.length);
  return (
    <div class="readtext" ref={box}>
      <p>
        <a href={url} download>
          <Icon name="download" /> {words.text.download}
        </a>
      </p>
      {shown.map((page) => (
        <section key={page.number}>
          {text.pages.length > 1 && <h3>{words.text.page(page.number)}</h3>}
          <Words text={page.text} span={fact?.span && (fact.page ?? 1) === page.number ? fact.span : null} />
        </section>
      ))}
      {shown.length < text.pages.length && <p class="m">{words.text.truncated}</p>}
    </div>
  );
}

function Words({ text, span }: { text: string; span: [number, number] | null }) {
  if (!span) return <pre>{text}</pre>;
  // Places count Unicode characters, JavaScript's strings UTF-16 units.
  const characters = Array.from(text);
  const part = (from: number, to?: number) => characters.slice(from, to).join("");
  return (
    <pre>
      {part(0, span[0])}
      <mark>{part(span[0], span[1])}</mark>
      {part(span[1])}
    </pre>
  );
}
