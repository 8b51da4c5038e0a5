/** Share of types, type chips with counts, and the other filters. All of them write the one text that is searched for. */
import { useState } from "preact/hooks";
import { count } from "../parts/format";
import { Icon } from "../parts/icons";
import { countFamilies, mostFirst } from "../parts/kinds";
import { Menu } from "../parts/menu";
import { visible } from "../parts/names";
import { words } from "../words";
import { parse, sinceWhen, withCondition } from "./query";

interface FacetProps {
  text: string;
  byType: Record<string, number>;
  byTag: Record<string, number>;
  total: number;
  /** The service counted only the newest of them. */
  capped: boolean;
  /** But the types, which are right all the same. */
  exactType: boolean;
  onChange: (text: string) => void;
}

export function Facets({ text, byType, byTag, total, capped, exactType, onChange }: FacetProps) {
  const families = countFamilies(byType);
  const chosen = parse(text).conditions.find((condition) => condition.name === "type")?.value;
  const pick = (family: string | null) => onChange(withCondition(text, "type", family));
  // With a type chosen the counts are of that type alone, so the others would show nothing: only its chip stays.
  return (
    <section class="facets" aria-label={words.library.filters}>
      {!text && total > 0 && <Shares families={families} total={total} />}
      <div class="types" role="group" aria-label={words.library.types}>
        <button type="button" class="chip" aria-pressed={!chosen} onClick={() => pick(null)}>
          <span>{words.library.all}</span>
          {!chosen && <span class="n">{words.library.atLeast(count(total), capped && !exactType)}</span>}
        </button>
        {families.map(([kind, files]) => {
          const on = chosen === kind.family;
          return (
            <button
              type="button"
              class="chip"
              key={kind.family}
              aria-pressed={on}
              onClick={() => pick(on ? null : kind.family)}
            >
              <Icon name={kind.icon} />
              <span>{kind.many}</span>
              <span class="n">{words.library.atLeast(count(files), capped && !exactType)}</span>
              {on && <Icon name="close" />}
            </button>
          );
        })}
      </div>
      <Filters text={text} byTag={byTag} capped={capped} onChange={onChange} />
    </section>
  );
}

function Shares({ families, total }: { families: ReturnType<typeof countFamilies>; total: number }) {
  let at = 0;
  return (
    <svg class="compo" viewBox="0 0 1000 6" preserveAspectRatio="none" role="img" aria-label={words.library.share}>
      {families.map(([kind, files], index) => {
        const width = (files / total) * 1000;
        const x = at;
        at += width;
        return (
          <rect
            key={kind.family}
            class={`c${Math.min(index + 1, 7)}`}
            x={x}
            width={Math.max(width - 3, 1)}
            height="6"
            rx="1"
          />
        );
      })}
    </svg>
  );
}

function Filters({ text, byTag, capped, onChange }: Pick<FacetProps, "text" | "byTag" | "capped" | "onChange">) {
  const { conditions } = parse(text);
  const tags: [string, string][] = mostFirst(byTag)
    .slice(0, 12)
    .map(([tag, files]) => [`tag:${tag}`, `${visible(tag)} (${words.library.atLeast(count(files), capped)})`]);
  const menus: [string, string, [string, string][]][] = [
    ["created", words.library.added, words.library.filtersAdded],
    ["tag", words.library.tag, tags],
    ["status", words.library.status, words.library.filtersStatus],
    ["size", words.library.sizes, words.library.filtersSize],
  ];
  return (
    <div class="flts">
      {menus.map(([name, label, choices]) => {
        const on = conditions.find((condition) => condition.name === name);
        if (!on && !choices.length) return null;
        return (
          <Filter
            key={name}
            label={label}
            on={on?.value ?? null}
            choices={choices}
            onPick={(choice) => {
              const value = choice?.slice(choice.indexOf(":") + 1) ?? null;
              onChange(withCondition(text, name, name === "created" && value ? sinceWhen(value) : value));
            }}
          />
        );
      })}
    </div>
  );
}

interface FilterProps {
  label: string;
  on: string | null;
  choices: [string, string][];
  onPick: (choice: string | null) => void;
}

function Filter({ label, on, choices, onPick }: FilterProps) {
  const [open, setOpen] = useState(false);
  if (on)
    return (
      <button type="button" class="flt on" onClick={() => onPick(null)} aria-label={words.search.remove(label)}>
        <span>{label}: </span>
        <b>{visible(on)}</b>
        <Icon name="close" />
      </button>
    );
  return (
    <Menu
      open={open}
      onOpen={setOpen}
      class="flt"
      label={label}
      items={choices.map(([choice, said]) => ({ label: said, run: () => onPick(choice) }))}
    />
  );
}
