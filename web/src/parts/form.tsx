/** A form: named fields, then the button that sends it, and one that leaves where leaving is a choice. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { words } from "../words";
import { Button } from "./bits";
import type { IconName } from "./icons";

interface FormProps {
  /** What the button says: a verb with its object. */
  act: string;
  icon?: IconName;
  onSend: () => void;
  onCancel?: () => void;
  disabled?: boolean;
  class?: string;
  children: ComponentChildren;
}

export function Form({ act, icon, onSend, onCancel, disabled = false, class: more = "", children }: FormProps) {
  return (
    <form
      class={more}
      onSubmit={(event) => {
        event.preventDefault();
        onSend();
      }}
    >
      {children}
      <div class="acts">
        {onCancel && <Button onClick={onCancel}>{words.cancel}</Button>}
        <Button type="submit" class="primary" disabled={disabled} {...(icon ? { icon } : {})}>
          {act}
        </Button>
      </div>
    </form>
  );
}

interface FieldProps {
  label: string;
  value: string;
  onText: (text: string) => void;
  type?: "text" | "url";
  /** Several lines. */
  long?: boolean;
  required?: boolean;
  maxLength?: number;
  hint?: string;
}

export function Field({ label, value, onText, type = "text", long = false, required, maxLength, hint }: FieldProps) {
  const id = useId();
  const shared = {
    id,
    class: "line",
    value,
    required,
    maxLength,
    autocomplete: "off",
    "aria-describedby": hint ? `${id}-hint` : undefined,
    onInput: (event: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) => onText(event.currentTarget.value),
  };
  return (
    <>
      <label for={id}>{label}</label>
      {long ? <textarea {...shared} /> : <input type={type} {...shared} />}
      {hint && (
        <p class="m" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </>
  );
}
