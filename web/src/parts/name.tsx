import { halves, visible } from "./names";

/** One line, cut in the middle; `bdi`, so that a name in another direction turns nothing around it. Read aloud it is whole. */
export function Name({ name }: { name: string }) {
  const [head, tail] = halves(name);
  return (
    <span class="name split" title={visible(name)}>
      <span class="vh">{visible(name)}</span>
      <bdi class="h" aria-hidden="true">
        {head}
      </bdi>
      <bdi class="t" aria-hidden="true">
        {tail}
      </bdi>
    </span>
  );
}
