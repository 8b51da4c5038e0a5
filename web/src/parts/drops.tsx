/** Files dropped or pasted anywhere on the page, and the curtain that says so while they hover. */
import { Store, useStore } from "../store";
import { FILES_MOST, filesOf, TooManyFiles } from "../uploads/dropping";
import { add } from "../uploads/queue";
import { showTray } from "../uploads/tray";
import { words } from "../words";
import { Icon } from "./icons";
import { sayFailure } from "./messages";

const hovering = new Store(false);

/** Take files in and show that; more than `FILES_MOST` at once are refused as a whole. */
export function upload(files: Iterable<File>): void {
  const all = [...files];
  if (all.length > FILES_MOST) return sayFailure(words.tray.tooMany(FILES_MOST));
  add(all);
  showTray();
}

async function uploadDropped(data: DataTransfer): Promise<void> {
  try {
    const { files, unread } = await filesOf(data);
    if (files.length) upload(files);
    if (unread) sayFailure(words.tray.unread(unread));
  } catch (error) {
    if (!(error instanceof TooManyFiles)) throw error;
    sayFailure(words.tray.tooMany(FILES_MOST));
  }
}

/** Listens on the whole window; returns how to stop. */
export function takeDrops(): () => void {
  let depth = 0; // enter and leave come for every element on the way
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  const enter = (event: DragEvent) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth += 1;
    hovering.set(true);
  };
  const leave = (event: DragEvent) => {
    if (!hasFiles(event)) return;
    depth = Math.max(0, depth - 1);
    if (!depth) hovering.set(false);
  };
  const over = (event: DragEvent) => hasFiles(event) && event.preventDefault();
  const drop = (event: DragEvent) => {
    if (!event.dataTransfer || !hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    hovering.set(false);
    void uploadDropped(event.dataTransfer);
  };
  const paste = (event: ClipboardEvent) => {
    const files = event.clipboardData?.files;
    if (files?.length) upload(files);
  };
  const listeners = { dragenter: enter, dragleave: leave, dragover: over, drop, paste };
  for (const [name, listener] of Object.entries(listeners)) addEventListener(name, listener as EventListener);
  return () => {
    for (const [name, listener] of Object.entries(listeners)) removeEventListener(name, listener as EventListener);
  };
}

export function DropCurtain() {
  if (!useStore(hovering)) return null;
  return (
    <div class="curtain" aria-hidden="true">
      <div class="dropz">
        <Icon name="upload" />
        <b>{words.dropHere}</b>
      </div>
    </div>
  );
}

/** The browser's chooser, for files or a whole folder. */
export function choose(folder = false): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  if (folder) input.webkitdirectory = true;
  input.addEventListener("change", () => upload(input.files ?? []));
  input.click();
}
