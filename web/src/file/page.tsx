export function FilePage({ id }: { id: string }) {
  return <main id="main">{id}</main>;
}
