/** What the file says of itself, what people wrote about it, and the pictures that were made. */
import { useState } from "preact/hooks";
import type { Document } from "../api/shapes";
import { exactly, moment, size } from "../parts/format";
import { Field, Form } from "../parts/form";
import { Icon } from "../parts/icons";
import { visible } from "../parts/names";
import { words } from "../words";
import { change } from "./changing";
import { Fields, shownValue } from "./fields";

const TEXT_MOST = 300;

export function Properties({ file }: { file: Document }) {
  const said = words.properties;
  const own = Object.entries(file.properties).filter(([, value]) => value !== null && value !== "");
  return (
    <>
      <Description file={file} />
      <Listed
        rows={[
          [said.type, <code key="t">{file.content_type}</code>],
          [said.size, `${size(file.size)} (${file.size.toLocaleString("en")} B)`],
          [
            said.added,
            <time key="a" title={exactly(file.created_at)}>
              {moment(file.created_at)}
            </time>,
          ],
          [
            said.changed,
            <time key="c" title={exactly(file.updated_at)}>
              {moment(file.updated_at)}
            </time>,
          ],
          [said.owner, file.owner_id],
          ...(file.parent_id
            ? [
                [
                  said.from,
                  <a key="p" href={`/files/${file.parent_id}`}>
                    {visible(file.parent_path ?? "")}
                  </a>,
                ] as Row,
              ]
            : []),
          ...(file.external_id ? [[said.external, visible(file.external_id)] as Row] : []),
          [said.id, <code key="i">{file.file_id}</code>],
          [said.sha256, <code key="s">{file.sha256}</code>],
        ]}
      />
      {file.renditions.length > 0 && (
        <>
          <h3>{said.renditions}</h3>
          <ul class="plainlist">
            {file.renditions.map((rendition) => (
              <li key={rendition.name}>
                <a href={rendition.url} download={`${rendition.name}.${rendition.content_type.split("/")[1]}`}>
                  <Icon name="download" /> {rendition.name}
                </a>
                <span class="m">
                  {rendition.width && rendition.height ? `${said.pixels(rendition.width, rendition.height)}, ` : ""}
                  {size(rendition.size)}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      <Fields file={file} />
      {own.length > 0 && (
        <>
          <h3>{said.rest}</h3>
          <Listed
            rows={own.map(([name, value]) => [
              name.replaceAll("_", " "),
              name === "colours" ? <Colours value={value} /> : shown(value),
            ])}
          />
        </>
      )}
    </>
  );
}

type Row = [string, preact.ComponentChildren];

function Listed({ rows }: { rows: Row[] }) {
  return (
    <dl class="gist">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function shown(value: unknown): string {
  const text = shownValue(value);
  return text.length > TEXT_MOST ? `${text.slice(0, TEXT_MOST)}…` : text;
}

function Colours({ value }: { value: unknown }) {
  const colours = value as { hex: string; share: number }[];
  return (
    <svg
      class="swatches"
      viewBox="0 0 100 10"
      preserveAspectRatio="none"
      role="img"
      aria-label={colours.map((one) => one.hex).join(", ")}
    >
      {colours.map((one, at) => {
        const x = colours.slice(0, at).reduce((sum, before) => sum + before.share * 100, 0);
        return <rect key={one.hex} x={x} width={one.share * 100} height="10" fill={one.hex} />;
      })}
    </svg>
  );
}

function Description({ file }: { file: Document }) {
  const [editing, setEditing] = useState(false);
  const [text, setText] = useState(file.description ?? "");
  if (!editing)
    return (
      <p class="describe">
        <span class={file.description ? "" : "m"}>
          {file.description ? visible(file.description) : words.properties.noDescription}
        </span>{" "}
        <button type="button" class="plainlink" onClick={() => setEditing(true)}>
          {words.properties.editDescription}
        </button>
      </p>
    );
  return (
    <Form
      class="describe"
      act={words.save}
      onCancel={() => setEditing(false)}
      onSend={() => {
        setEditing(false);
        void change(file, { description: text.trim() || null });
      }}
    >
      <Field label={words.properties.description} value={text} onText={setText} long />
    </Form>
  );
}
