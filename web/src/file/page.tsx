/** One file: its picture with the lit evidence, what was found, and the whole story. */
import { useEffect, useState } from "preact/hooks";
import { go, usePlace, withQuery } from "../address";
import { call, Problem } from "../api/client";
import { useFile } from "../api/queries";
import type { Document } from "../api/shapes";
import { analyse, remove, restore } from "../library/deeds";
import { Button, Empty, Loading, ProblemNote, SignButton, State } from "../parts/bits";
import { size } from "../parts/format";
import { Icon } from "../parts/icons";
import { kindOf } from "../parts/kinds";
import { Menu } from "../parts/menu";
import { say, sayProblem } from "../parts/messages";
import { Name } from "../parts/name";
import { visible } from "../parts/names";
import { useLetters } from "../parts/shortcuts";
import { isLocked, stateOf } from "../parts/states";
import { words } from "../words";
import { factsOf } from "./facts";
import { change } from "./changing";
import { Info } from "./info";
import { LockedNotice } from "./locked";
import { Share } from "./share";
import { Story } from "./story";
import { Viewer } from "./viewer";

export function FilePage({ id }: { id: string }) {
  const asked = useFile(id);
  const { query, anchor } = usePlace();
  const file = asked.data;
  const lit = anchor.startsWith("finding=") ? anchor.slice(8) : null;
  useEffect(() => {
    document.title = `${visible(file?.title ?? file?.filename ?? "")} · ${words.product}`;
  }, [file?.title, file?.filename]);
  useLetters({
    Escape: () => go("/"),
  });
  // What was known of a file that is gone now is not shown any more.
  if (!file || isGone(asked.error)) return <NoFile id={id} asked={asked} />;
  const facts = factsOf(file);
  const light = (finding: string | null) => {
    const fact = facts.find((one) => one.id === finding);
    go(
      withQuery({ page: fact?.page ? String(fact.page) : query.get("page") }) + (finding ? `#finding=${finding}` : ""),
      true,
    );
  };
  return (
    <main id="main" class="filepage" tabIndex={-1} data-file={id}>
      <Head file={file} />
      <Viewer file={file} facts={facts} lit={lit} onLight={light} page={Number(query.get("page")) || 1} />
      <Info file={file} facts={facts} lit={lit} onLight={light} tab={query.get("tab") ?? "findings"} />
      <Story id={id} />
    </main>
  );
}

const isGone = (error: unknown): boolean => error instanceof Problem && error.status === 404;

interface Asked {
  error: unknown;
  refetch: () => unknown;
}

function NoFile({ id, asked }: { id: string; asked: Asked }) {
  const gone = isGone(asked.error);
  return (
    <main id="main" class="scroll" tabIndex={-1}>
      {gone ? (
        <Empty icon="document" title={words.file.gone}>
          <p>{words.file.goneText}</p>
          <div class="acts">
            <Button icon="retry" onClick={() => void restore([id])}>
              {words.file.restore}
            </Button>
            <a class="btn" href="/">
              {words.notFound.home}
            </a>
          </div>
        </Empty>
      ) : asked.error ? (
        <ProblemNote error={asked.error} retry={() => void asked.refetch()} />
      ) : (
        <Loading />
      )}
    </main>
  );
}

function Head({ file }: { file: Document }) {
  const [sharing, setSharing] = useState(false);
  const [menu, setMenu] = useState(false);
  const [editing, setEditing] = useState(false);
  const kind = kindOf(file.content_type);
  const pages = Number(file.properties.page_count ?? 0);
  const state = stateOf({ ...file, needs_password: isLocked(file) });
  const name = visible(file.title ?? file.filename);
  const again = async () => {
    try {
      const jobs = await call<{ items: { job_id: string }[] }>(
        "GET",
        `/api/processing/jobs?file_id=${file.file_id}&limit=1`,
      );
      const job = jobs.items[0];
      if (job) await call("POST", `/api/processing/jobs/${job.job_id}/retry`);
      say(words.file.queued);
    } catch (error) {
      sayProblem(error);
    }
  };
  const trash = async () => {
    await remove([file.file_id], () => words.file.deleted(name));
    go("/");
  };
  useLetters({
    e: () => setEditing(true),
    d: () => file.status !== "quarantined" && location.assign(`${file.links.content}`),
    Delete: () => void trash(),
  });
  return (
    <header class="fhead">
      <a class="ib" href="/" aria-label={words.file.back} title={words.file.back}>
        <Icon name="back" />
      </a>
      <div class="ft">
        {editing ? (
          <EditTitle file={file} onClose={() => setEditing(false)} />
        ) : (
          <h1>
            <Name name={file.title ?? file.filename} />
            <SignButton icon="edit" name={words.file.editTitle} class="tiny" onClick={() => setEditing(true)} />
          </h1>
        )}
        <p class="m">
          <span>{[kind.one, pages ? words.file.pages(pages) : "", size(file.size)].filter(Boolean).join(", ")}</span>
          {file.version > 1 && <span>{words.file.version(file.version)}</span>}
          <Tags file={file} />
        </p>
      </div>
      <div class="sp" />
      <State said={state ?? { tone: "ok", icon: "ready", text: words.state.ready }} />
      <div class="fa">
        {file.status_reason?.retryable && (
          <Button icon="retry" class="primary" onClick={() => void again()}>
            {words.file.reprocess}
          </Button>
        )}
        {file.status !== "quarantined" && (
          <>
            <a class="btn" href={file.links.content} download={file.filename}>
              <Icon name="download" />
              <span>{words.file.download}</span>
            </a>
            <Button icon="link" onClick={() => setSharing(true)}>
              {words.file.share}
            </Button>
          </>
        )}
        <Menu
          open={menu}
          onOpen={setMenu}
          class="ib box"
          label={words.file.more}
          items={[
            { label: words.file.analyse, icon: "ai", run: () => void analyse([file.file_id]) },
            { label: words.delete, icon: "trash", danger: true, run: () => void trash() },
          ]}
        >
          <Icon name="more" />
        </Menu>
      </div>
      {sharing && <Share file={file} onClose={() => setSharing(false)} />}
      <Notices file={file} />
    </header>
  );
}

/** What somebody must know before they open the file. */
function Notices({ file }: { file: Document }) {
  const notes = [
    ...file.warnings.map((warning) => `${words.file.warnings}: ${warning.detail}`),
    ...(file.hold ? [words.file.held(file.hold.reason, file.hold.placed_by)] : []),
  ];
  return (
    <>
      {isLocked(file) && <LockedNotice file={file} />}
      {notes.map((note) => (
        <p class="alert warn notice" key={note}>
          <Icon name="person" class="warn" />
          <span>{note}</span>
        </p>
      ))}
    </>
  );
}

function EditTitle({ file, onClose }: { file: Document; onClose: () => void }) {
  const [title, setTitle] = useState(file.title ?? file.filename);
  return (
    <form
      class="edit"
      onSubmit={(event) => {
        event.preventDefault();
        onClose();
        void change(file, { title: title.trim() || null });
      }}
    >
      <label class="vh" for="title">
        {words.file.titleLabel}
      </label>
      <input
        id="title"
        class="line"
        autocomplete="off"
        ref={(field) => field?.focus()}
        value={title}
        onInput={(event) => setTitle(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          onClose();
        }}
      />
      <Button type="submit" class="primary">
        {words.save}
      </Button>
    </form>
  );
}

function Tags({ file }: { file: Document }) {
  const [adding, setAdding] = useState(false);
  const [text, setText] = useState("");
  const set = (tags: string[]) => void change(file, { tags });
  return (
    <>
      {file.tags.map((tag) => (
        <span class="tagc" key={tag}>
          <a href={`/?${new URLSearchParams({ q: `tag:"${tag}"` })}`}>{visible(tag)}</a>
          <button
            type="button"
            aria-label={words.file.removeTag(tag)}
            onClick={() => set(file.tags.filter((one) => one !== tag))}
          >
            <Icon name="close" />
          </button>
        </span>
      ))}
      {adding ? (
        <form
          class="newtag"
          onSubmit={(event) => {
            event.preventDefault();
            setAdding(false);
            setText("");
            if (text.trim()) set([...new Set([...file.tags, text.trim()])]);
          }}
        >
          <input
            class="line"
            aria-label={words.file.tagLabel}
            maxLength={100}
            ref={(field) => field?.focus()}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            onBlur={() => !text && setAdding(false)}
          />
        </form>
      ) : (
        <button type="button" class="addtag" onClick={() => setAdding(true)}>
          <Icon name="plus" />
          <span>{words.file.addTag}</span>
        </button>
      )}
    </>
  );
}
