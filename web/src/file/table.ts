/** The first rows of a CSV (RFC 4180), for looking at; not for computing with. */
const ROWS_MOST = 200;
const COLUMNS_MOST = 40;

/** The separator that the first line has most of. */
function separatorOf(text: string): string {
  const line = text.slice(0, text.indexOf("\n") + 1 || undefined);
  const times = (sign: string) => line.split(sign).length;
  return [",", ";", "\t", "|"].reduce((best, sign) => (times(sign) > times(best) ? sign : best), ",");
}

export function readTable(text: string, separator: string | null = null): string[][] {
  const sign = separator ?? separatorOf(text);
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const endCell = () => {
    if (row.length < COLUMNS_MOST) row.push(cell);
    cell = "";
  };
  for (let at = text.charCodeAt(0) === 0xfeff ? 1 : 0; at < text.length && rows.length < ROWS_MOST; at += 1) {
    const letter = text[at]!;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') cell += text[(at += 1)];
      else quoted = false;
    } else if (letter === '"' && cell === "") quoted = true;
    else if (letter === sign) endCell();
    else if (letter === "\n") {
      endCell();
      rows.push(row);
      row = [];
    } else if (letter !== "\r") cell += letter;
  }
  if (cell || row.length) {
    endCell();
    rows.push(row);
  }
  return rows;
}
