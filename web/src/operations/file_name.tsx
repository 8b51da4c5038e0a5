/** The name of a file that only an id is known of. */
import { useFile } from "../api/queries";
import { Name } from "../parts/name";

export function FileName({ id }: { id: string }) {
  const file = useFile(id).data;
  return (
    <a class="filename" href={`/files/${id}`}>
      <Name name={file?.title ?? file?.filename ?? id} />
    </a>
  );
}
