/** Something that is shown once: to be copied now. */
import { words } from "../words";
import { SignButton } from "./bits";
import { say } from "./messages";

export function Secret({ text, note }: { text: string; note: string }) {
  return (
    <>
      {note && <p>{note}</p>}
      <div class="secret">
        <code>{text}</code>
        <SignButton
          icon="copy"
          name={words.copy}
          onClick={() => void navigator.clipboard?.writeText(text).then(() => say(words.copied))}
        />
      </div>
    </>
  );
}
