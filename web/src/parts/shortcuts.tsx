/** Keys that act anywhere. Letters act only outside fields, and can be turned off. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { go } from "../address";
import { Store, useStore } from "../store";
import { words } from "../words";
import { Dialog } from "./dialog";
import { choose } from "./drops";
import { undoLast } from "./messages";

export const helpOpen = new Store(false);
const NAME = "filemill.letters";
const lettersOn = () => localStorage.getItem(NAME) !== "off";
const GO: Record<string, string> = { l: "/", v: "/live", o: "/operations" };

const inField = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));

/** Call `act` for a letter typed outside fields and dialogs, while the component is there; false means it was not meant. */
export function useLetters(acts: Record<string, () => void | false>): void {
  // With the page itself, not after its first picture: who is quick would type into nothing.
  useLayoutEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (document.querySelector("dialog[open]")) return;
      const typed = inField(event.target) && (event.target as HTMLInputElement).type !== "checkbox";
      if (typed || (event.key.length === 1 && !lettersOn())) return;
      const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (act && act() !== false) event.preventDefault();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  });
}

export function Shortcuts() {
  // Not state: the second letter may come before the page is drawn again.
  const going = useRef(false);
  const open = useStore(helpOpen);
  const steps = Object.fromEntries(
    Object.entries(GO).map(([key, path]) => [
      key,
      (): void | false => {
        if (!going.current) return false;
        going.current = false;
        go(path);
      },
    ]),
  );
  useLetters({
    ...steps,
    "/": () => document.getElementById("q")?.focus(),
    "?": () => helpOpen.set(true),
    u: () => choose(),
    g: () => {
      going.current = true;
    },
  });
  useEffect(() => {
    const undo = (event: KeyboardEvent) => {
      if (event.key === "z" && (event.ctrlKey || event.metaKey) && !inField(event.target) && undoLast())
        event.preventDefault();
    };
    addEventListener("keydown", undo);
    return () => removeEventListener("keydown", undo);
  }, []);
  if (!open) return null;
  return (
    <Dialog title={words.keys.title} onClose={() => helpOpen.set(false)}>
      <dl class="keys">
        {words.keys.list.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          defaultChecked={lettersOn()}
          onChange={(event) => localStorage.setItem(NAME, event.currentTarget.checked ? "on" : "off")}
        />
        <span>{words.keys.letters}</span>
      </label>
      <p class="m">
        <a href="/ui/licences.txt" target="_blank" rel="noreferrer">
          {words.keys.licences}
        </a>
      </p>
      <div class="acts">
        <button type="button" class="btn" onClick={() => helpOpen.set(false)}>
          {words.close}
        </button>
      </div>
    </Dialog>
  );
}
