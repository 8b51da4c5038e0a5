/** A file behind a password. No call takes one, so what helps is a copy without it, as the next version of the same file. */
import type { Document } from "../api/shapes";
import { Button, Empty } from "../parts/bits";
import { Icon } from "../parts/icons";
import { words } from "../words";
import { pickVersion } from "./versions";

export function LockedNotice({ file }: { file: Document }) {
  return (
    <p class="alert warn notice" data-locked>
      <Icon name="person" class="warn" />
      <span>
        {file.text?.state === "needs-password" ? words.locked.text : words.locked.names} {words.locked.helps}
      </span>
      <Button icon="upload" class="small" onClick={() => pickVersion(file)}>
        {words.locked.copy}
      </Button>
    </p>
  );
}

/** In the place of what would be shown. */
export const LockedPart = () => (
  <Empty icon="person" title={words.state.needsPassword}>
    <p>{words.locked.part}</p>
  </Empty>
);
