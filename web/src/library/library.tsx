/** The library and the search: the same page, with and without words. */
import { useEffect, useRef, useState } from "preact/hooks";
import { go, usePlace, withQuery } from "../address";
import { call } from "../api/client";
import { queries, useStats, useTags } from "../api/queries";
import type { SearchPage } from "../api/shapes";
import { arrivals } from "../live/freshen";
import { Button, Empty, Loading, ProblemNote } from "../parts/bits";
import { Dialog } from "../parts/dialog";
import { count } from "../parts/format";
import { countFamilies } from "../parts/kinds";
import { Field, Form } from "../parts/form";
import { Icon } from "../parts/icons";
import { Menu } from "../parts/menu";
import { say, sayProblem } from "../parts/messages";
import { useStore } from "../store";
import { words } from "../words";
import { Bulk, takeAll } from "./bulk";
import { Facets } from "./facets";
import { Files } from "./files";
import { FirstRun } from "./first_run";
import { isListed, useFirst } from "./pages";
import { parse, withCondition } from "./query";
import { clear } from "./selection";

const toText = (text: string) => go(withQuery({ q: text || null, saved: null }, "/"));
const sum = (counts: Record<string, number>) => Object.values(counts).reduce((all, one) => all + one, 0);

/** How many files there are of the one type that is asked for, and of nothing else: that is on record, and no search has to count it. */
function exactly(text: string, byType: Record<string, number> | undefined): Record<string, number> | null {
  const { conditions, words } = parse(text);
  const [only, ...more] = conditions;
  if (words || more.length || only?.name !== "type" || !byType) return null;
  const found = countFamilies(byType).find(([kind]) => kind.family === only.value);
  return found ? { [only.value]: found[1] } : null;
}

export function Library() {
  const { query } = usePlace();
  const text = query.get("q") ?? "";
  const sort = query.get("sort") ?? "";
  const asked = { q: text, sort };
  const files = useFirst(asked);
  // What is on the screen: the search before, until the first page of this one is here.
  const before = useRef(asked);
  if (!files.isPlaceholderData) before.current = asked;
  const shown = before.current;
  const stats = useStats();
  const tags = useTags(!text && Boolean(stats.data?.files));
  useEffect(clear, [text, sort]);
  useEffect(() => {
    document.title = `${text || words.library.title} · ${words.product}`;
  }, [text]);
  const first = files.data;
  if (!text && stats.data?.files === 0 && !first?.items.length && !files.isFetching) return <FirstRun />;
  const exact = exactly(text, stats.data?.by_type);
  const capped = Boolean(text) && first?.facets_among != null;
  const byType = text ? (capped && exact ? exact : (first?.facets.type ?? {})) : (stats.data?.by_type ?? {});
  // Among the newest that were counted there may be none of a rare size, while older ones are on the screen.
  const least = capped ? (first?.items.length ?? 0) : 0;
  const total = text ? Math.max(sum(byType), least) : (stats.data?.files ?? 0);
  const list = (query.get("view") ?? (parse(text).words ? "list" : "grid")) === "list";
  return (
    <Files
      list={list}
      asked={shown}
      byDay={!shown.q && ["", "newest", "oldest"].includes(shown.sort)}
      matched={Boolean(parse(text).words)}
      onAll={() => takeAll(shown)}
      head={
        <>
          <Head text={text} sort={sort} list={list} total={total} capped={capped && !exact} first={first} />
          <Facets
            text={text}
            byType={byType}
            byTag={(text ? first?.facets.tag : tags.data) ?? {}}
            total={total}
            capped={capped}
            exactType={exact !== null}
            onChange={toText}
          />
          {!text && (sort === "" || sort === "newest") && <Arrivals onShow={() => void files.refetch()} />}
        </>
      }
      foot={
        <>
          {files.isPending && <Loading rows={6} />}
          {files.error && !files.data && <ProblemNote error={files.error} retry={() => void files.refetch()} />}
          {first && !first.items.length && <Nothing text={text} />}
        </>
      }
    >
      <Bulk asked={shown} total={capped && !exact ? null : total} />
    </Files>
  );
}

interface HeadProps {
  text: string;
  sort: string;
  list: boolean;
  total: number;
  capped: boolean;
  first: SearchPage | undefined;
}

function Head({ text, sort, list, total, capped, first }: HeadProps) {
  const [saving, setSaving] = useState(false);
  const [sorting, setSorting] = useState(false);
  const words_ = parse(text).words;
  const order = sort || (words_ ? "relevance" : "newest");
  const sorts = ["newest", "oldest", "name", "size", ...(words_ ? ["relevance"] : [])];
  return (
    <>
      <div class="head">
        <h1>{text ? words.library.foundTitle(total, capped) : words.library.title}</h1>
        <p class="m">{text ? <Notes first={first} /> : words.files(total, count(total))}</p>
        <div class="sp" />
        {text && (
          <button type="button" class="flt quiet" onClick={() => setSaving(true)}>
            <Icon name="bookmark" />
            <span>{words.library.saveSearch}</span>
          </button>
        )}
        <Menu
          open={sorting}
          onOpen={setSorting}
          class="flt quiet"
          label={words.library.sorts[order] ?? order}
          items={sorts.map((one) => ({
            label: words.library.sorts[one] ?? one,
            run: () => go(withQuery({ sort: one }, "/")),
          }))}
        />
        <div class="seg" role="group" aria-label={words.library.view}>
          <button
            type="button"
            aria-pressed={!list}
            aria-label={words.library.grid}
            title={words.library.grid}
            onClick={() => go(withQuery({ view: "grid" }, "/"), true)}
          >
            <Icon name="grid" />
          </button>
          <button
            type="button"
            aria-pressed={list}
            aria-label={words.library.list}
            title={words.library.list}
            onClick={() => go(withQuery({ view: "list" }, "/"), true)}
          >
            <Icon name="list" />
          </button>
        </div>
      </div>
      {saving && <SaveSearch text={text} onClose={() => setSaving(false)} />}
    </>
  );
}

/** What the search did of its own accord: words it took for others, what it did not look at. */
function Notes({ first }: { first: SearchPage | undefined }) {
  if (!first) return null;
  const corrected = Object.entries(first.corrected);
  const meant = Object.entries(first.did_you_mean);
  return (
    <>
      {corrected.map(([from, to]) => words.library.corrected(from, to)).join(" ")}
      {meant.map(([from, to]) => (
        <span key={from}>
          {words.library.didYouMean}{" "}
          <button
            type="button"
            class="plainlink"
            onClick={() => toText((new URLSearchParams(location.search).get("q") ?? "").replace(from, to))}
          >
            {to}
          </button>
          ?{" "}
        </span>
      ))}
      {first.ranked_among ? words.library.among(first.ranked_among) : ""}
      {first.not_indexed ? words.library.notIndexed(first.not_indexed) : ""}
    </>
  );
}

/** Files that came since the list was asked for: at its top they are shown at once, further down they wait behind a button. */
function Arrivals({ onShow }: { onShow: () => void }) {
  const came = useStore(arrivals);
  const waiting = [...came].filter((id) => !isListed(id)).length;
  useEffect(() => {
    if (waiting && (document.getElementById("main")?.scrollTop ?? 0) < 8) onShow();
  }, [came]);
  if (!waiting) return null;
  return (
    <button type="button" class="btn small newcomers" onClick={onShow}>
      {words.library.newFiles(waiting)}
    </button>
  );
}

function Nothing({ text }: { text: string }) {
  const { conditions } = parse(text);
  return (
    <Empty icon="search" title={words.library.none}>
      <p>{words.library.noneHelp}</p>
      <div class="acts">
        {conditions.map((condition) => (
          <Button key={condition.text} class="small" onClick={() => toText(withCondition(text, condition.name, null))}>
            {words.library.dropFilter(condition.text)}
          </Button>
        ))}
        <Button class="small" onClick={() => toText("")}>
          {words.library.clear}
        </Button>
      </div>
    </Empty>
  );
}

function SaveSearch({ text, onClose }: { text: string; onClose: () => void }) {
  const [name, setName] = useState(parse(text).words);
  const save = async () => {
    onClose();
    try {
      await call("POST", "/api/metadata/searches", { body: { name, query: text } });
      await queries.invalidateQueries({ queryKey: ["saved"] });
      say(words.library.savedAs(name));
    } catch (error) {
      sayProblem(error);
    }
  };
  return (
    <Dialog title={words.library.saveSearch} onClose={onClose}>
      <Form act={words.save} disabled={!name.trim()} onCancel={onClose} onSend={() => void save()}>
        <Field label={words.library.saveName} value={name} onText={setName} maxLength={100} required />
      </Form>
    </Dialog>
  );
}
