/** A file's name as it may be shown: its end always there, marks that would turn or hide text made visible. It is text, never markup. */
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;
const END_LENGTH = 9;

export function visible(name: string): string {
  return name.replace(HIDDEN, (mark) => `(U+${mark.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")})`);
}

/** The part that may be cut and the part that stays, split between whole characters. */
export function halves(name: string): [string, string] {
  const characters = Array.from(visible(name));
  const kept = Math.min(END_LENGTH, Math.floor(characters.length / 2));
  return [characters.slice(0, characters.length - kept).join(""), characters.slice(characters.length - kept).join("")];
}
