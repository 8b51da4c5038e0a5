/** The bar that says how many files are chosen, what can be done with them, and how far that is. */
import { useState } from "preact/hooks";
import { useLimits } from "../api/queries";
import { Bar, Button, SignButton } from "../parts/bits";
import { Dialog } from "../parts/dialog";
import { count } from "../parts/format";
import { Field, Form } from "../parts/form";
import { sayProblem } from "../parts/messages";
import { useLetters } from "../parts/shortcuts";
import { useStore } from "../store";
import { words } from "../words";
import { analyse, remove, running, tag, zip, type Running } from "./deeds";
import { chooseAll, clear, gathering, selection, wholeOf } from "./selection";
import type { Asked } from "./pages";

interface BulkProps {
  asked: Asked;
  /** How many files the search finds, as far as the service counted; null: more than it counts. */
  total: number | null;
}

/** Every file of the search, with a word where that does not work. */
export const takeAll = (asked: Asked): void => void chooseAll(asked).catch(sayProblem);

export function Bulk({ asked, total }: BulkProps) {
  const chosen = [...useStore(selection)];
  const known = useStore(gathering);
  const deed = useStore(running);
  const zipMost = useLimits().data?.max_zip_files ?? Infinity;
  const [tagging, setTagging] = useState(false);
  useLetters({
    ...(chosen.length || known !== null ? { Escape: clear } : {}),
    ...(chosen.length && !deed
      ? {
          t: () => setTagging(true),
          d: () => void zip(chosen),
          r: () => void analyse(chosen),
          Delete: () => void remove(chosen),
        }
      : {}),
  });
  if (deed) return <Doing deed={deed} />;
  if (known !== null) return <Counting files={known} />;
  if (!chosen.length) return null;
  const everything = wholeOf !== null || chosen.length === total;
  return (
    <div class="bulk" role="toolbar" aria-label={words.bulk.selected(chosen.length)}>
      <b role="status">{words.bulk.selected(chosen.length)}</b>
      {!everything && (
        <Button class="ghost said" onClick={() => takeAll(asked)}>
          {words.bulk.selectAll(total === null ? null : count(total))}
        </Button>
      )}
      <Button icon="tag" class="ghost" onClick={() => setTagging(true)}>
        {words.bulk.tag}
      </Button>
      <Button
        icon="download"
        class="ghost"
        onClick={() => void zip(chosen)}
        disabled={chosen.length > zipMost}
        {...(chosen.length > zipMost ? { title: words.bulk.zipMost(count(zipMost)) } : {})}
      >
        {words.bulk.zip}
      </Button>
      <Button icon="retry" class="ghost" onClick={() => void analyse(chosen)}>
        {words.bulk.reprocess}
      </Button>
      <Button icon="trash" class="ghost danger" onClick={() => void remove(chosen)}>
        {words.bulk.delete}
      </Button>
      <SignButton icon="close" name={words.bulk.clear} onClick={clear} />
      {tagging && <Tagging ids={chosen} onClose={() => setTagging(false)} />}
    </div>
  );
}

function Doing({ deed }: { deed: Running }) {
  return (
    <div class="bulk doing">
      <b role="status">{words.bulk.doing(count(deed.done), count(deed.all))}</b>
      <Bar value={(deed.done / deed.all) * 100} label={words.bulk.progress} />
      <Button class="ghost said" onClick={deed.stop}>
        {words.bulk.stop}
      </Button>
    </div>
  );
}

function Counting({ files }: { files: number }) {
  return (
    <div class="bulk doing">
      <b role="status">{words.bulk.counting(count(files))}</b>
      <Button class="ghost said" onClick={clear}>
        {words.bulk.stop}
      </Button>
    </div>
  );
}

function Tagging({ ids, onClose }: { ids: string[]; onClose: () => void }) {
  const [text, setText] = useState("");
  const tags = text
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);
  return (
    <Dialog title={words.bulk.tagTitle(ids.length)} onClose={onClose}>
      <Form
        act={words.bulk.tagTitle(ids.length)}
        disabled={!tags.length}
        onCancel={onClose}
        onSend={() => {
          onClose();
          if (tags.length) void tag(ids, tags, wholeOf);
        }}
      >
        <Field label={words.bulk.tagLabel} value={text} onText={setText} />
      </Form>
    </Dialog>
  );
}
