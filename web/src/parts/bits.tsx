/** The small pieces that every page is made of. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Problem } from "../api/client";
import { words } from "../words";
import { Icon, type IconName } from "./icons";
import type { Said } from "./states";

export function State({ said }: { said: Said }) {
  return (
    <span class={`st ${said.tone}`}>
      <Icon name={said.icon} />
      <span>{said.text}</span>
    </span>
  );
}

interface BarProps {
  value: number;
  label: string;
  class?: string;
}

/** A share from 0 to 100; drawn with attributes, since the page's CSP allows no inline style. */
export function Bar({ value, label, class: more = "" }: BarProps) {
  const width = Math.max(0, Math.min(100, value));
  return (
    <svg
      class={`pbar ${more}`}
      viewBox="0 0 100 4"
      preserveAspectRatio="none"
      role="progressbar"
      aria-label={label}
      aria-valuenow={Math.round(width)}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <rect class="track" width="100" height="4" />
      <rect class="fill" width={width} height="4" />
    </svg>
  );
}

interface SignProps {
  icon: IconName;
  name: string;
  onClick?: () => void;
  class?: string;
  disabled?: boolean;
}

/** A button that is a sign only: its name is read out and shown on hover. */
export function SignButton({ icon, name, onClick, class: more = "", disabled = false }: SignProps) {
  return (
    <button type="button" class={`ib ${more}`} aria-label={name} title={name} onClick={onClick} disabled={disabled}>
      <Icon name={icon} />
    </button>
  );
}

interface ButtonProps {
  icon?: IconName;
  children: ComponentChildren;
  onClick?: () => void;
  class?: string;
  disabled?: boolean;
  type?: "button" | "submit";
  /** Why it cannot be pressed, say. */
  title?: string;
}

export function Button(props: ButtonProps) {
  const { icon, children, onClick, class: more = "", disabled = false, type = "button", title } = props;
  return (
    <button type={type} class={`btn ${more}`} onClick={onClick} disabled={disabled} title={title}>
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

/** What failed, why, and the way on: the button only where trying again can help. */
export function ProblemNote({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = error instanceof Problem ? error : new Problem(0, { detail: String(error), retryable: true });
  return (
    <div class="absent problem" role="alert" data-code={problem.code}>
      <Icon name="person" />
      <div>
        <p>
          <b>{words.codes[problem.code] ?? problem.title}</b> {problem.message}
        </p>
        {problem.requestId && (
          <p class="m">
            {words.problem.requestId} <code>{problem.requestId}</code>
          </p>
        )}
        {retry && problem.retryable && (
          <Button icon="retry" class="small" onClick={retry}>
            {words.again}
          </Button>
        )}
      </div>
    </div>
  );
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="none0">
      <Icon name={icon} />
      <b>{title}</b>
      {children}
    </div>
  );
}

/** Shapes of what is coming, after a moment; calls end after ten seconds, so this does too. */
export function Loading({ rows = 4 }: { rows?: number }) {
  const [shown, show] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => show(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class={shown ? "skel lines" : "lines"} aria-busy="true">
      <span class="vh">{words.loading}</span>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row}>
          <i class="b1" />
          <i class="b2" />
        </span>
      ))}
    </div>
  );
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** A part of a page that asks for something: loading, failed alone, or there. */
export function Part<T>({
  asked,
  rows,
  children,
}: {
  asked: Asked<T>;
  rows?: number;
  children: (data: T) => ComponentChildren;
}) {
  if (asked.data !== undefined) return <>{children(asked.data)}</>;
  if (asked.error) return <ProblemNote error={asked.error} retry={() => void asked.refetch()} />;
  return <Loading rows={rows ?? 4} />;
}
