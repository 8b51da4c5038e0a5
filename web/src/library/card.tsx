/** One file in the grid or the list. The whole of it is one link; the box is its own target. */
import { memo } from "preact/compat";
import { useState } from "preact/hooks";
import type { Hit } from "../api/shapes";
import { exactly, size, when } from "../parts/format";
import { Icon } from "../parts/icons";
import { kindOf, pictureOf } from "../parts/kinds";
import { Name } from "../parts/name";
import { visible } from "../parts/names";
import { found, stateOf } from "../parts/states";
import { State } from "../parts/bits";
import { words } from "../words";
import { Marked, Why } from "./why";

interface PlaceProps {
  id: string;
  /** What it looks like; undefined until its page is here. */
  file: Hit | undefined;
  chosen: boolean;
  onPick: (id: string, range: boolean) => void;
}

type FileProps = PlaceProps & { file: Hit };

export function Thumb({ file, px }: { file: Hit; px: number }) {
  const [failed, fail] = useState(false);
  // Of what a password protects no picture was made.
  const picture = file.status === "processed" && !file.needs_password ? pictureOf(file.content_type) : null;
  if (!picture || failed) return <Icon name={kindOf(file.content_type).icon} class="kindsign" />;
  return (
    <img
      src={`/api/metadata/files/${file.file_id}/renditions/${picture}`}
      alt=""
      width={px}
      height={Math.round((px * 3) / 4)}
      loading="lazy"
      decoding="async"
      onError={() => fail(true)}
    />
  );
}

function Pick({ file, chosen, onPick }: Omit<FileProps, "id">) {
  return (
    <label class="pick">
      <input
        type="checkbox"
        checked={chosen}
        onClick={(event) => {
          event.stopPropagation();
          onPick(file.file_id, event.shiftKey);
        }}
      />
      <span class="vh">{words.library.select(visible(file.filename))}</span>
    </label>
  );
}

/** The third line: what the file is, or what it waits for. */
function Third({ file }: { file: Hit }) {
  const state = stateOf(file);
  if (state)
    return (
      <p class="state">
        <State said={state} />
      </p>
    );
  const text = found(file.summary);
  return (
    <p class={text ? "found" : "found none"} title={file.summary ?? ""}>
      {text}
    </p>
  );
}

/** The room that a file takes until it is here. */
const Blank = ({ id, look }: { id: string; look: string }) => (
  <li class={`${look} blank`} data-file={id} aria-busy="true">
    <span class="thumb rt" />
    <i class="b1" />
    <i class="b2" />
  </li>
);

export const Card = memo(function Card(props: PlaceProps) {
  return props.file ? <FullCard {...props} file={props.file} /> : <Blank id={props.id} look="card" />;
});

export const ListRow = memo(function ListRow(props: PlaceProps) {
  return props.file ? <FullRow {...props} file={props.file} /> : <Blank id={props.id} look="row" />;
});

function FullCard({ file, chosen, onPick }: FileProps) {
  const kind = kindOf(file.content_type);
  const address = `/files/${file.file_id}`;
  const photo = kind.family === "image" || kind.family === "video";
  return (
    <li class={`card ${photo ? "" : "doc"} ${chosen ? "sel" : ""}`} data-file={file.file_id}>
      <a class="thumb" href={address} tabIndex={-1} aria-hidden="true">
        <Thumb file={file} px={256} />
      </a>
      <Pick file={file} chosen={chosen} onPick={onPick} />
      <p class="nm">
        <Icon name={kind.icon} class="k" />
        <a href={address}>
          <Name name={file.title ?? file.filename} />
        </a>
      </p>
      <p class="m">
        {kind.one}, {size(file.size)}
        {file.tags.length > 0 && `, ${file.tags.join(", ")}`}
      </p>
      <Third file={file} />
    </li>
  );
}

function FullRow({ file, chosen, onPick }: FileProps) {
  const address = `/files/${file.file_id}`;
  const state = stateOf(file);
  return (
    <li class={chosen ? "row sel" : "row"} data-file={file.file_id}>
      <Pick file={file} chosen={chosen} onPick={onPick} />
      <a class="rt" href={address} tabIndex={-1} aria-hidden="true">
        <Thumb file={file} px={44} />
      </a>
      <div class="rb">
        <p class="nm">
          <a href={address}>
            <Name name={file.title ?? file.filename} />
          </a>
          {file.tags.slice(0, 3).map((tag) => (
            <span class="tagc" key={tag}>
              {visible(tag)}
            </span>
          ))}
        </p>
        <p class="sn">
          <Why file={file} />
          {file.highlights.length ? <Marked text={file.highlights[0]!} /> : kindOf(file.content_type).one}
        </p>
      </div>
      {state ? (
        <p class="state">
          <State said={state} />
        </p>
      ) : (
        <p class={file.summary ? "rf" : "rf none"} title={file.summary ?? ""}>
          {found(file.summary)}
        </p>
      )}
      <p class="rs">{size(file.size)}</p>
      <p class="rw" title={exactly(file.created_at)}>
        {when(file.created_at)}
      </p>
    </li>
  );
}
