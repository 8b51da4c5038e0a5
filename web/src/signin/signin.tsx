/** Signing in: the whole page where nobody was in, a dialog over the living page where a session ended in the middle of something. */
import { useEffect, useState } from "preact/hooks";
import { go, usePlace } from "../address";
import { Problem, call } from "../api/client";
import { queries } from "../api/queries";
import type { Who } from "../api/shapes";
import { Button, Empty } from "../parts/bits";
import { Dialog } from "../parts/dialog";
import { Icon, Mark } from "../parts/icons";
import { ask, session } from "../session";
import { useStore } from "../store";
import { rows } from "../uploads/queue";
import { words } from "../words";

const AGAIN_MS = 5_000;

export function SignIn() {
  useEffect(() => {
    document.title = `${words.signin.title} · ${words.product}`;
  }, []);
  return (
    <main id="main" class="signin">
      <section class="sf">
        <a class="brand" href="/">
          <Mark />
          <span>{words.product}</span>
        </a>
        <div class="box">
          <h1>{words.signin.title}</h1>
          <Ways />
        </div>
      </section>
      <section class="sart">
        <Stone />
        <p>{words.signin.claim}</p>
      </section>
    </main>
  );
}

export function SignInOver() {
  const held = useStore(rows).filter((row) => row.state === "held").length;
  return (
    <Dialog title={words.signin.title} onClose={() => undefined} leave={false}>
      <p>{held ? words.signin.held(held) : words.signin.lapsed}</p>
      <Ways />
    </Dialog>
  );
}

/** Single sign-on where this installation knows an issuer, and a key. */
function Ways() {
  const [issuer, setIssuer] = useState(false);
  const { path } = usePlace();
  useEffect(() => {
    // The login answers with a way to the issuer, or 404 where there is none; it is only asked, not gone.
    fetch("/api/session/login?to=/", { redirect: "manual" })
      .then((answer) => setIssuer(answer.type === "opaqueredirect" || answer.ok))
      .catch(() => setIssuer(false));
  }, []);
  const to = path === "/signin" ? "/" : location.pathname + location.search;
  return (
    <>
      {issuer && (
        <>
          <a class="btn primary wide big" href={`/api/session/login?to=${encodeURIComponent(to)}`}>
            <Icon name="globe" />
            <span>{words.signin.issuer}</span>
          </a>
          <p class="or">
            <span>{words.signin.or}</span>
          </p>
        </>
      )}
      <KeyForm />
    </>
  );
}

function KeyForm() {
  const [key, setKey] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const enter = async () => {
    setBusy(true);
    setProblem(null);
    try {
      session.began(await call<Who>("POST", "/api/session", { body: { key: key.trim() } }));
      await queries.invalidateQueries();
      if (location.pathname === "/signin") go("/", true);
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      class="keyform"
      onSubmit={(event) => {
        event.preventDefault();
        void enter();
      }}
    >
      <label for="key">{words.signin.key}</label>
      <div class={problem ? "field bad" : "field"}>
        <input
          id="key"
          name="key"
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          value={key}
          aria-invalid={problem ? true : undefined}
          aria-describedby="key-note"
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </div>
      <p class={problem ? "err" : "hint"} id="key-note" role={problem ? "alert" : undefined}>
        {problem ? (
          <>
            <Icon name="failed" />
            <span>{problem.message}</span>
          </>
        ) : (
          <span>
            {words.signin.keyHint} <code>{words.signin.keyCommand}</code>
          </span>
        )}
      </p>
      <Button type="submit" class="primary wide big" disabled={busy || !key.trim()}>
        {busy ? words.signin.asking : words.signin.enter}
      </Button>
    </form>
  );
}

export function Unreachable() {
  useEffect(() => {
    const timer = setInterval(() => void ask(), AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <main id="main" class="plain centred">
      <Empty icon="person" title={words.signin.unreachable}>
        <p>{words.signin.unreachableText}</p>
        <Button icon="retry" class="small" onClick={() => void ask()}>
          {words.again}
        </Button>
      </Empty>
    </main>
  );
}

/** A millstone from above, furrow by furrow. */
function Stone() {
  const furrows = Array.from({ length: 24 }, (_, at) => {
    const angle = (at * Math.PI) / 12;
    const point = (radius: number, turn: number) =>
      `${(400 + radius * Math.cos(angle + turn)).toFixed(1)} ${(400 + radius * Math.sin(angle + turn)).toFixed(1)}`;
    return `M${point(90, 0)}Q${point(250, 0.05)} ${point(440, 0.42)}`;
  });
  return (
    <svg class="stone" viewBox="0 0 800 800" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <circle cx="400" cy="400" r="460" />
      <circle cx="400" cy="400" r="90" />
      <path d={furrows.join("")} />
    </svg>
  );
}
