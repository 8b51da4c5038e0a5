/** What is known of a file, in tabs. */
import { go, withQuery } from "../address";
import type { Document } from "../api/shapes";
import { words } from "../words";
import { Audit } from "./audit";
import { Findings } from "./findings";
import type { Fact } from "./facts";
import { Properties } from "./properties";
import { Text } from "./text";
import { Versions } from "./versions";

export interface InfoProps {
  file: Document;
  facts: Fact[];
  lit: string | null;
  onLight: (fact: string | null) => void;
  tab: string;
}

export function Info({ file, facts, lit, onLight, tab }: InfoProps) {
  const names = Object.keys(words.file.tabs);
  const open = names.includes(tab) ? tab : "findings";
  const show = (name: string) => go(withQuery({ tab: name === "findings" ? null : name }), true);
  const move = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by) return;
    event.stopPropagation();
    const next = names[(names.indexOf(open) + by + names.length) % names.length]!;
    show(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <section class="info" aria-label={words.file.known}>
      <div class="tabrow" role="tablist" aria-label={words.file.known} onKeyDown={move}>
        {names.map((name) => (
          <button
            key={name}
            id={`tab-${name}`}
            type="button"
            role="tab"
            aria-selected={name === open}
            aria-controls="tab-body"
            tabIndex={name === open ? 0 : -1}
            onClick={() => show(name)}
          >
            {words.file.tabs[name]}
          </button>
        ))}
      </div>
      <div class="ibody" id="tab-body" role="tabpanel" aria-labelledby={`tab-${open}`} tabIndex={0}>
        {open === "findings" && <Findings file={file} facts={facts} lit={lit} onLight={onLight} />}
        {open === "text" && <Text file={file} fact={facts.find((fact) => fact.id === lit) ?? null} />}
        {open === "properties" && <Properties file={file} />}
        {open === "versions" && <Versions file={file} />}
        {open === "audit" && <Audit id={file.file_id} />}
      </div>
    </section>
  );
}
