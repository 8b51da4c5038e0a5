import { expect, test } from "vitest";
import { FILES_MOST, filesOf, TooManyFiles } from "./dropping";

const file = (name: string) => ({
  isFile: true,
  file: (found: (file: { name: string }) => void) => found({ name }),
});
const lost = { isFile: true, file: (_: unknown, failed: (error: Error) => void) => failed(new Error("NotFoundError")) };
/** A reader gives at most a hundred at a time, as browsers' do, and then none. */
const folder = (...children: unknown[]) => ({
  isDirectory: true,
  createReader: () => {
    let at = 0;
    return { readEntries: (found: (some: unknown[]) => void) => found(children.slice(at, (at += 100))) };
  },
});
const closed = {
  isDirectory: true,
  createReader: () => ({
    readEntries: (_: unknown, failed: (error: Error) => void) => failed(new Error("NotAllowed")),
  }),
};
const dropped = (...entries: unknown[]) =>
  ({ items: entries.map((entry) => ({ webkitGetAsEntry: () => entry })), files: [] }) as unknown as DataTransfer;

test("every file of every folder is found, also beyond the first hundred", async () => {
  const many = Array.from({ length: 250 }, (_, at) => file(`${at}.txt`));
  const found = await filesOf(dropped(folder(folder(...many), file("last.txt")), file("beside.txt")));
  expect(found.files.length).toBe(252);
  expect(found.files.at(-1)?.name).toBe("beside.txt");
  expect(found.unread).toBe(0);
});

test("what cannot be read is counted, and the rest is taken", async () => {
  const found = await filesOf(dropped(folder(lost, file("a.txt"), closed, file("b.txt"))));
  expect(found.files.map(({ name }) => name)).toEqual(["a.txt", "b.txt"]);
  expect(found.unread).toBe(2);
});

test("a folder with too many files is refused as a whole, not cut off", async () => {
  const most = Array.from({ length: FILES_MOST }, (_, at) => file(`${at}`));
  expect((await filesOf(dropped(folder(...most), folder()))).files.length).toBe(FILES_MOST);
  await expect(filesOf(dropped(folder(...most, file("one more"))))).rejects.toThrow(TooManyFiles);
});
