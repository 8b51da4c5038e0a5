/** What people noted about a file, by names of their own; a value that reads as a number or as yes or no is kept as one. */
import { useState } from "preact/hooks";
import type { Document } from "../api/shapes";
import { Button, SignButton } from "../parts/bits";
import { Field, Form } from "../parts/form";
import { visible } from "../parts/names";
import { words } from "../words";
import { change } from "./changing";

const said = words.properties;

export const shownValue = (value: unknown): string =>
  visible(typeof value === "string" ? value : JSON.stringify(value));

function meant(text: string): unknown {
  const bare = text.trim();
  if (bare === "true" || bare === "false") return bare === "true";
  return /^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,14})?$/.test(bare) ? Number(bare) : text;
}

export function Fields({ file }: { file: Document }) {
  const [adding, setAdding] = useState(false);
  const fields = Object.entries(file.custom);
  return (
    <>
      <h3>{said.fields}</h3>
      <dl class="gist">
        {fields.map(([name, value]) => (
          <div key={name} class="own">
            <dt>{visible(name)}</dt>
            <dd>
              {shownValue(value)}
              <SignButton
                icon="close"
                class="tiny"
                name={said.removeField(visible(name))}
                onClick={() => void change(file, { custom: { [name]: null } })}
              />
            </dd>
          </div>
        ))}
      </dl>
      {adding ? (
        <Add file={file} onClose={() => setAdding(false)} />
      ) : (
        <Button icon="plus" class="small" onClick={() => setAdding(true)}>
          {said.addField}
        </Button>
      )}
    </>
  );
}

function Add({ file, onClose }: { file: Document; onClose: () => void }) {
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  return (
    <Form
      class="describe"
      act={said.addField}
      disabled={!name.trim() || !value.trim()}
      onCancel={onClose}
      onSend={() => {
        onClose();
        void change(file, { custom: { [name.trim()]: meant(value) } });
      }}
    >
      <Field label={said.fieldName} value={name} onText={setName} maxLength={100} required />
      <Field label={said.fieldValue} value={value} onText={setValue} required />
    </Form>
  );
}
