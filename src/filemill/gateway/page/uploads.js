// The upload rows: three at a time, progress, retry. Nothing sent twice: each file keeps its idempotency key.
import { problemFrom } from "./api.js";
import { count, safeName, size } from "./words.js";

const AT_ONCE = 3;
const section = document.getElementById("uploads");
const rows = document.getElementById("upload-rows");
const summary = document.getElementById("uploads-summary");
const retryAll = document.getElementById("uploads-retry");
const uploads = [];
let stored = () => {};

export function onStored(callback) {
  stored = callback;
}

export function add(files) {
  for (const file of files) {
    const upload = { file, key: key(), state: "queued", sent: 0, problem: null, ...row(file) };
    uploads.push(upload);
    rows.append(upload.row);
  }
  next();
}

// randomUUID exists only where the page is served securely; getRandomValues exists everywhere.
function key() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function row(file) {
  const item = document.createElement("li");
  item.className = "row";
  const what = document.createElement("div");
  what.className = "what";
  const name = document.createElement("bdi");
  name.className = "name";
  name.textContent = name.title = safeName(file.name);
  const third = document.createElement("span");
  third.className = "third";
  what.append(name, third);
  const total = document.createElement("span");
  total.className = "size";
  total.textContent = size(file.size);
  const bar = document.createElement("progress");
  bar.max = Math.max(file.size, 1);
  bar.value = 0;
  bar.setAttribute("aria-label", `Upload of ${safeName(file.name)}`);
  item.append(what, total, bar);
  return { row: item, third, bar };
}

function next() {
  let free = AT_ONCE - uploads.filter((upload) => upload.state === "sending").length;
  for (const upload of uploads) {
    if (free > 0 && upload.state === "queued") {
      free -= 1;
      send(upload);
    }
  }
  show();
}

function send(upload) {
  const form = new FormData();
  form.append("file", upload.file, upload.file.name);
  const call = new XMLHttpRequest();
  call.open("POST", "/api/upload/files");
  call.setRequestHeader("Idempotency-Key", upload.key);
  call.upload.addEventListener("progress", (event) => {
    upload.sent = Math.min(event.loaded, upload.file.size);
    show();
  });
  call.addEventListener("load", () => {
    if (call.status >= 200 && call.status < 300) {
      upload.state = "stored";
      stored();
    } else {
      fail(upload, problemFrom(call.responseText, call.status));
    }
    next();
  });
  call.addEventListener("error", () => {
    fail(upload, Object.assign(new Error("The connection was lost."), { retryable: true }));
    next();
  });
  upload.state = "sending";
  call.send(form);
}

function fail(upload, problem) {
  upload.state = "failed";
  upload.problem = problem;
}

function show() {
  section.hidden = uploads.length === 0;
  for (const upload of uploads) {
    const sending = upload.state === "sending" || upload.state === "queued";
    upload.bar.hidden = !sending;
    upload.bar.value = upload.sent;
    upload.third.className = upload.state === "failed" ? "third fail" : "third";
    upload.third.textContent = sentence(upload);
  }
  const done = uploads.filter((upload) => upload.state === "stored").length;
  summary.textContent = `${done} of ${count(uploads.length, "file", "files")} stored`;
  retryAll.hidden = !uploads.some((upload) => upload.state === "failed" && upload.problem.retryable);
}

function sentence(upload) {
  if (upload.state === "queued") return "Waiting for its turn.";
  if (upload.state === "stored") return "Stored.";
  if (upload.state === "failed") return upload.problem.message;
  if (upload.sent >= upload.file.size) return "Sent, being put on record.";
  return `${Math.floor((100 * upload.sent) / Math.max(upload.file.size, 1))} % sent`;
}

retryAll.addEventListener("click", () => {
  for (const upload of uploads) {
    if (upload.state === "failed" && upload.problem.retryable) Object.assign(upload, { state: "queued", sent: 0, problem: null });
  }
  next();
});
