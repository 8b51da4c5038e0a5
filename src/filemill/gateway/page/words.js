// Every sentence and number as people read it. What a user wrote is only ever set as text.
const UNITS = ["B", "KB", "MB", "GB", "TB"];

export function size(bytes) {
  let value = bytes, unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) { value /= 1000; unit += 1; }
  return `${unit && value < 100 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

export function count(number, one, many) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

// Control and direction marks are shown, never obeyed: a name must not look like another one.
export function safeName(name) {
  return String(name).replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (mark) => `U+${mark.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`);
}

// [kind, shape, word]: shape and word, not only colour. A ready file has no badge: silent when well.
const STATES = {
  queued: ["wait", "hourglass", "waiting"],
  scanning: ["run", "ring", "being checked"],
  uploaded: ["wait", "hourglass", "waiting"],
  processing: ["run", "ring", "reading"],
  processed: null,
  failed: ["fail", "octagon", "not readable"],
  quarantined: ["fail", "shield", "quarantined"],
};
const SHAPES = {
  hourglass: "M4.5 2.5h7M4.5 13.5h7M5.5 2.5v2.25L8 8l2.5-3.25V2.500M5.5 13.500v-2.25L8 8l2.500 3.25v2.25",
  ring: "M8 2.5a5.5 5.5 0 1 1-5.500 5.5",
  octagon: "M5.5 2h5L14 5.500v5L10.500 14h-5L2 10.500v-5zM6 6l4 4M10 6l-4 4",
  shield: "M8 2l5 2v4c0 3-2 5-5 6-3-1-5-3-5-6V4zM4.500 11.500l7-7",
  triangle: "M8 2.5l6 11H2zM8 6.500v3.250M8 11.750v.01",
};

export function badge(element, kind, shape, word) {
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("viewBox", "0 0 16 16");
  icon.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[shape]);
  icon.append(path);
  element.className = `state ${kind}`;
  element.replaceChildren(icon, word);
}

export function state(file) {
  if (file.status === "processed" && file.analysis === "pending") return ["run", "ring", "being analysed"];
  return file.status in STATES ? STATES[file.status] : ["wait", "hourglass", String(file.status)];
}

export function settled(file) {
  const read = ["processed", "failed", "quarantined"].includes(file.status);
  return read && (file.status !== "processed" || (file.analysis && file.analysis !== "pending"));
}

// The third line says what the file *is*, or why it is not ready.
export function thirdLine(file) {
  if (file.status_reason && file.status_reason.detail) return [file.status_reason.detail, "fail"];
  const found = [file.description, file.summary, file.title].find((text) => typeof text === "string" && text.trim());
  if (found) return [found, "found"];
  return [file.content_type || "", ""];
}
