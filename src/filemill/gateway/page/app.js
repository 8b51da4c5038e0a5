// Puts the page together: dropping and choosing files, the live list, the search field, health, theme.
import { refresh, search } from "./files.js";
import { add, onStored } from "./uploads.js";
import { badge } from "./words.js";

const SETTLED_MS = 15_000; // nothing on its way: the live stream tells, this is only the safety net
const MOVING_MS = 2_000;
const EVENT_TYPES = ["uploaded", "progress", "processed", "analyzed", "failed", "updated", "deleted", "restored", "quarantined", "purged"];

let timer = 0;
let soon = 0;

async function load() {
  clearTimeout(timer);
  const moving = await refresh();
  clearTimeout(timer);
  timer = setTimeout(load, document.hidden ? SETTLED_MS : moving ? MOVING_MS : SETTLED_MS);
}

// Many events at once become one reload.
function changed() {
  clearTimeout(soon);
  soon = setTimeout(load, 250);
}

function listen() {
  const stream = new EventSource("/api/notifications/events");
  stream.addEventListener("message", changed);
  for (const type of EVENT_TYPES) stream.addEventListener(`file.${type}`, changed);
}

async function health() {
  const summary = document.getElementById("health-summary");
  let sum;
  try {
    const answer = await fetch("/health");
    sum = await answer.json();
  } catch {
    summary.textContent = "The gateway cannot be reached.";
    return;
  }
  const states = Object.entries(sum.services || {});
  const down = states.filter(([, service]) => service.status !== "ok").map(([name]) => name);
  summary.textContent = down.length ? `${down.join(", ")} not ready` : "All are ready.";
  for (const item of document.querySelectorAll("#services [data-service]")) {
    const service = (sum.services || {})[item.dataset.service];
    const mark = item.querySelector(".state");
    mark.hidden = !service || service.status === "ok";
    if (mark.hidden) continue;
    if (service.status === "degraded") badge(mark, "warn", "triangle", "reduced");
    else badge(mark, "fail", "octagon", "down");
  }
}

const choose = document.getElementById("choose");
choose.addEventListener("change", () => {
  add(choose.files);
  choose.value = "";
});

let depth = 0; // dragenter and dragleave come for every element on the way
addEventListener("dragenter", (event) => {
  event.preventDefault();
  depth += 1;
  document.body.classList.add("dragging");
});
addEventListener("dragleave", () => {
  depth -= 1;
  document.body.classList.toggle("dragging", depth > 0);
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  depth = 0;
  document.body.classList.remove("dragging");
  add(event.dataTransfer.files);
});
addEventListener("paste", (event) => {
  if (event.clipboardData.files.length) add(event.clipboardData.files);
});

const query = document.getElementById("query");
function find(words) {
  const address = new URL(location.href);
  if (words) address.searchParams.set("q", words);
  else address.searchParams.delete("q");
  history.replaceState(null, "", address);
  query.value = words;
  search(words);
}
document.getElementById("search").addEventListener("submit", (event) => {
  event.preventDefault();
  find(query.value.trim());
});
query.addEventListener("search", () => find(query.value.trim()));
document.getElementById("files-all").addEventListener("click", () => find(""));
addEventListener("keydown", (event) => {
  if (event.key === "/" && !(event.target instanceof HTMLInputElement)) {
    event.preventDefault();
    query.focus();
  }
});

document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("filemill.theme", root.dataset.theme);
});

onStored(changed);
query.value = new URL(location.href).searchParams.get("q") || "";
search(query.value).then(load);
health();
setInterval(health, 30_000);
listen();
