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

// Shape and word, not only colour. A ready file has no badge: silent when well.
const STATES = {
  queued: ["wait", "\u29D6", "waiting"],
  scanning: ["run", "\u25CC", "being checked"],
  uploaded: ["wait", "\u29D6", "waiting"],
  processing: ["run", "\u25CC", "reading"],
  processed: null,
  failed: ["fail", "\u2715", "not readable"],
  quarantined: ["fail", "\u26E8", "quarantined"],
};

export function state(file) {
  if (file.status === "processed" && file.analysis === "pending") return ["run", "\u25CC", "being analysed"];
  return file.status in STATES ? STATES[file.status] : ["wait", "\u29D6", String(file.status)];
}

export function settled(file) {
  const read = ["processed", "failed", "quarantined"].includes(file.status);
  return read && (file.status !== "processed" || (file.analysis && file.analysis !== "pending"));
}

// The third line says what the file *is*, or why it is not ready.
export function thirdLine(file) {
  if (file.status_reason && file.status_reason.detail) return [file.status_reason.detail, "fail"];
  const found = [file.description, file.title].find((text) => typeof text === "string" && text.trim());
  if (found) return [found, "found"];
  return [file.content_type || "", ""];
}
