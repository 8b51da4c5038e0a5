import { halves, visible } from "./names";

/** One line, cut in the middle; `bdi`, so that a name in another direction turns nothing around it. */
export function Name({ name }: { name: string }) {
  const [head, tail] = halves(name);
  return (
    <span class="name split" title={visible(name)}>
      <bdi class="h">{head}</bdi>
      <bdi class="t">{tail}</bdi>
    </span>
  );
}
