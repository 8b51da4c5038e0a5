/** The bar that says how many files are chosen and what can be done with them. */
import { useState } from "preact/hooks";
import { Button, SignButton } from "../parts/bits";
import { Dialog } from "../parts/dialog";
import { useLetters } from "../parts/shortcuts";
import { useStore } from "../store";
import { words } from "../words";
import { analyse, remove, tag, zip } from "./deeds";
import { clear, selection } from "./selection";

export function Bulk() {
  const chosen = [...useStore(selection)];
  const [tagging, setTagging] = useState(false);
  useLetters(
    chosen.length
      ? {
          Escape: clear,
          t: () => setTagging(true),
          d: () => zip(chosen),
          r: () => void analyse(chosen),
          Delete: () => void remove(chosen),
        }
      : {},
  );
  if (!chosen.length) return null;
  return (
    <div class="bulk" role="toolbar" aria-label={words.bulk.selected(chosen.length)}>
      <b role="status">{words.bulk.selected(chosen.length)}</b>
      <Button icon="tag" class="ghost" onClick={() => setTagging(true)}>
        {words.bulk.tag}
      </Button>
      <Button icon="download" class="ghost" onClick={() => zip(chosen)}>
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

function Tagging({ ids, onClose }: { ids: string[]; onClose: () => void }) {
  const [text, setText] = useState("");
  const tags = text
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);
  return (
    <Dialog title={words.bulk.tagTitle(ids.length)} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onClose();
          if (tags.length) void tag(ids, tags);
        }}
      >
        <label for="bulk-tags">{words.bulk.tagLabel}</label>
        <input
          id="bulk-tags"
          class="line"
          autocomplete="off"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <div class="acts">
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button type="submit" class="primary" disabled={!tags.length}>
            {words.bulk.tagTitle(ids.length)}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
