/** Where a file matched, and the words around it. The service marks hits with two asterisks; everything is text. */
import type { Hit } from "../api/shapes";
import { visible } from "../parts/names";
import { words } from "../words";

export function Why({ file }: { file: Hit }) {
  const place = file.matched_at?.find((at) => at.field !== "name") ?? file.matched_at?.[0];
  const field = place?.field ?? file.matched_in?.[0];
  if (!field) return null;
  const said = place?.page ? words.library.page(place.page) : (words.library.places[field] ?? field);
  return <span class="why">{said}</span>;
}

export function Marked({ text }: { text: string }) {
  return (
    <>
      {visible(text.replace(/\s+/g, " "))
        .split("**")
        .map((part, at) => (at % 2 ? <mark key={at}>{part}</mark> : part))}
    </>
  );
}
