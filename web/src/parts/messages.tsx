/** Short messages at the bottom left: at most three, six seconds, longer under the pointer. Errors stay until they are closed. */
import { useEffect, useRef } from "preact/hooks";
import { Problem } from "../api/client";
import { Store, useStore } from "../store";
import { words } from "../words";
import { SignButton } from "./bits";
import { Icon } from "./icons";

interface Message {
  id: number;
  text: string;
  tone: "ok" | "fail";
  action?: { label: string; run: () => void } | undefined;
}

const SHOWN_MS = 6_000;
const messages = new Store<Message[]>([]);
let last = 0;

export function say(text: string, action?: Message["action"]): void {
  last += 1;
  messages.set([...messages.get(), { id: last, text, tone: "ok" as const, action }].slice(-3));
}

/** Tell of what did not go, and what helps. */
export function sayFailure(text: string): void {
  last += 1;
  messages.set([...messages.get(), { id: last, text, tone: "fail" as const }].slice(-3));
}

/** Tell of a deed that failed, in the words of the service. */
export function sayProblem(error: unknown): void {
  const problem = error instanceof Problem ? error : null;
  sayFailure(problem ? `${problem.message}${problem.requestId ? ` (${problem.requestId})` : ""}` : String(error));
}

const drop = (id: number) => messages.set(messages.get().filter((message) => message.id !== id));

/** Undo the newest message's deed, if it has one. */
export function undoLast(): boolean {
  const message = messages.get().findLast((one) => one.action);
  if (!message?.action) return false;
  message.action.run();
  drop(message.id);
  return true;
}

export function Messages() {
  const box = useRef<HTMLDivElement>(null);
  const shown = useStore(messages);
  useEffect(() => {
    // In the top layer, and again for each change: else a dialog that was opened later lies over them.
    box.current?.hidePopover();
    if (shown.length) box.current?.showPopover();
  }, [shown]);
  return (
    <div class="toasts floating" role="status" aria-live="polite" popover="manual" ref={box}>
      {shown.map((message) => (
        <One key={message.id} message={message} />
      ))}
    </div>
  );
}

function One({ message }: { message: Message }) {
  useEffect(() => {
    if (message.tone === "fail") return;
    let timer = 0;
    const look = () => {
      const held = document.querySelector(`[data-message="${message.id}"]:is(:hover, :focus-within)`);
      if (held) timer = window.setTimeout(look, 1_000);
      else drop(message.id);
    };
    timer = window.setTimeout(look, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [message.id]);
  return (
    <div class="toast" data-message={message.id} role={message.tone === "fail" ? "alert" : undefined}>
      <Icon name={message.tone === "ok" ? "ready" : "failed"} class={message.tone} />
      <p>{message.text}</p>
      {message.action && (
        <button
          type="button"
          class="btn small"
          onClick={() => {
            message.action?.run();
            drop(message.id);
          }}
        >
          {message.action.label}
        </button>
      )}
      <SignButton icon="close" name={words.close} class="tiny" onClick={() => drop(message.id)} />
    </div>
  );
}
