/** Files from a drop, a paste or a chooser; folders are walked through. */

/** Folders larger than this are refused as a whole: a browser holds every entry in memory. */
export const FILES_MOST = 20_000;

export interface Found {
  files: File[];
  /** How many could not be read: taken away meanwhile, or not allowed. */
  unread: number;
}

/** More than `FILES_MOST` files lie in what was dropped. */
export class TooManyFiles extends Error {}

/** Rejects with `TooManyFiles`; then none of them is taken. */
export async function filesOf(data: DataTransfer): Promise<Found> {
  const entries = Array.from(data.items, (item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some((entry) => entry?.isDirectory)) return { files: Array.from(data.files), unread: 0 };
  const found: Found = { files: [], unread: 0 };
  for (const entry of entries) if (entry) await walk(entry, found);
  return found;
}

async function walk(entry: FileSystemEntry, found: Found): Promise<void> {
  if (entry.isFile) {
    if (found.files.length >= FILES_MOST) throw new TooManyFiles();
    const read = new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    await read.then(
      (file) => found.files.push(file),
      () => (found.unread += 1),
    );
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A reader gives at most a hundred entries a time.
    const some = await new Promise<FileSystemEntry[] | null>((resolve) =>
      reader.readEntries(resolve, () => resolve(null)),
    );
    if (!some) found.unread += 1;
    if (!some?.length) return;
    for (const child of some) await walk(child, found);
  }
}
