// The list: the newest files or the hits of a search, each with what is known of it.
import { get } from "./api.js";
import { badge, count, safeName, settled, size, state, thirdLine } from "./words.js";

const rows = document.getElementById("file-rows");
const title = document.getElementById("files-title");
const counted = document.getElementById("files-count");
const problem = document.getElementById("files-problem");
const empty = document.getElementById("files-empty");
const back = document.getElementById("files-all");
const known = new Map(); // file id -> what metadata says of it
let query = "";
let running = null;

export function search(words) {
  query = words.trim();
  return refresh();
}

// Returns whether something is still on its way; an answer that was overtaken by a newer question is dropped.
export async function refresh() {
  if (running) running.abort();
  const mine = (running = new AbortController());
  try {
    const list = query
      ? await get(`/api/metadata/files?q=${encodeURIComponent(query)}&limit=20`, mine.signal)
      : await get("/api/upload/files?limit=20", mine.signal);
    const items = list.items || [];
    if (!query) await learn(items, mine.signal);
    if (running !== mine) return true;
    problem.hidden = true;
    draw(items, list);
    return items.some((file) => !settled({ ...file, ...known.get(file.file_id) }));
  } catch (error) {
    if (running !== mine || mine.signal.aborted) return true;
    problem.hidden = false;
    problem.textContent = `The list could not be loaded. ${error.message}${error.requestId ? ` (request ${error.requestId})` : ""}`;
    return true;
  }
}

async function learn(items, signal) {
  const open = items.filter((file) => !known.has(file.file_id) || !settled(known.get(file.file_id)));
  await Promise.all(open.map(async (file) => {
    try {
      known.set(file.file_id, await get(`/api/metadata/files/${encodeURIComponent(file.file_id)}`, signal));
    } catch {
      known.delete(file.file_id); // the row still shows what upload knows; a part fails alone
    }
  }));
}

function draw(items, list) {
  title.textContent = query ? "Found" : "Newest files";
  back.hidden = !query;
  counted.textContent = query && list.next_cursor ? `the first ${items.length}` : count(items.length, "file", "files");
  empty.hidden = items.length > 0;
  empty.textContent = query ? "Nothing found for these words." : "Files you upload appear here, with what was found in them.";
  rows.replaceChildren(...items.map((file) => row({ ...file, ...known.get(file.file_id) })));
}

function row(file) {
  const item = document.createElement("li");
  item.className = "row";
  const what = document.createElement("div");
  what.className = "what";
  const link = document.createElement("a");
  link.className = "name";
  link.href = `/api/upload/files/${encodeURIComponent(file.file_id)}/content`;
  const name = document.createElement("bdi");
  name.textContent = link.title = safeName(file.filename);
  link.append(name);
  const third = document.createElement("span");
  const [words, kind] = hit(file) || thirdLine(file);
  third.className = `third ${kind}`;
  third.textContent = words;
  what.append(link, third);
  const mark = document.createElement("span");
  const current = state(file);
  mark.hidden = !current;
  if (current) badge(mark, ...current);
  const total = document.createElement("span");
  total.className = "size";
  total.textContent = size(file.size);
  total.title = file.created_at || "";
  item.append(what, mark, total);
  return item;
}

// Why it matched: the place, then the words around it. Marks in a highlight are taken off, never obeyed.
function hit(file) {
  if (!query) return null;
  const first = Array.isArray(file.highlights) ? file.highlights[0] : file.highlights;
  const found = typeof first === "string" ? first : first && (first.snippet || first.text);
  const place = Array.isArray(file.matched_in) ? file.matched_in.join(", ") : file.matched_in;
  if (!found && !place) return null;
  const plain = found ? String(found).replace(/<\/?(mark|em|b)>/g, "") : "";
  return [[place, plain].filter(Boolean).join(": "), "found"];
}
