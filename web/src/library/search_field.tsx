/** The search field: finished conditions are chips, the rest is words. Typing searches after a short rest; the address is the state. */
import { useEffect, useRef, useState } from "preact/hooks";
import { go, usePlace } from "../address";
import { Icon } from "../parts/icons";
import { words } from "../words";
import { join, parse } from "./query";

const REST_MS = 220;

export function SearchField() {
  const { path, query } = usePlace();
  const asked = path === "/" ? (query.get("q") ?? "") : "";
  const { conditions, words: rest } = parse(asked);
  const [typed, setTyped] = useState(rest);
  const [focused, setFocused] = useState(false);
  const timer = useRef(0);
  const field = useRef<HTMLInputElement>(null);
  // Another address (a chip, the back button) says what the field holds, unless somebody is typing.
  useEffect(() => {
    if (document.activeElement !== field.current) setTyped(rest);
  }, [asked]);

  const search = (text: string) => {
    clearTimeout(timer.current);
    const next = text.trim();
    const kept = new URLSearchParams(path === "/" ? location.search : "");
    if (next) kept.set("q", next);
    else kept.delete("q");
    kept.delete("saved");
    const address = kept.toString();
    go(address ? `/?${address}` : "/", path === "/");
  };
  const later = (text: string) => {
    setTyped(text);
    const now = join({ conditions, words: text });
    // A finished condition leaves the words and becomes a chip.
    if (/\s$/.test(text) && parse(text).conditions.length) {
      setTyped(parse(text).words);
      return search(now);
    }
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => search(now), REST_MS);
  };
  const openLast = (event: KeyboardEvent) => {
    const last = conditions.at(-1);
    if (event.key === "Escape") return field.current?.blur();
    if (event.key !== "Backspace" || typed || !last) return;
    event.preventDefault();
    setTyped(last.text);
    search(join({ conditions: conditions.slice(0, -1), words: "" }));
  };
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        search(join({ conditions, words: typed }));
        setTyped(parse(join({ conditions, words: typed })).words);
      }}
    >
      <Icon name="search" />
      {conditions.map((condition) => (
        <span class="op" key={condition.text}>
          <span class="k">{condition.name}:</span>
          {condition.value}
          <button
            type="button"
            aria-label={words.search.remove(condition.text)}
            onClick={() => search(join({ conditions: conditions.filter((one) => one !== condition), words: typed }))}
          >
            <Icon name="close" />
          </button>
        </span>
      ))}
      <label class="vh" for="q">
        {words.search.label}
      </label>
      <input
        id="q"
        ref={field}
        type="search"
        autocomplete="off"
        value={typed}
        placeholder={matchMedia("(max-width: 960px)").matches ? words.search.shortHint : words.search.hint}
        onInput={(event) => later(event.currentTarget.value)}
        onKeyDown={openLast}
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
      />
      <kbd>/</kbd>
      {focused && !typed && !conditions.length && (
        <div class="sug under">
          <p class="m">{words.search.operatorsTitle}</p>
          <ul>
            {words.search.operators.map(([operator, means]) => (
              <li key={operator}>
                <code>{operator}</code>
                <span class="m">{means}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </form>
  );
}
