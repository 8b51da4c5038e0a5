/** The versions of a file, newest first, and a way to add one. */
import { useQuery } from "@tanstack/preact-query";
import { get, send } from "../api/client";
import { queries } from "../api/queries";
import type { Document, VersionPage } from "../api/shapes";
import { Button, Part } from "../parts/bits";
import { exactly, moment, size } from "../parts/format";
import { Icon } from "../parts/icons";
import { say, sayProblem } from "../parts/messages";
import { visible } from "../parts/names";
import { words } from "../words";

export function Versions({ file }: { file: Document }) {
  const asked = useQuery({
    queryKey: ["versions", file.file_id, file.version],
    queryFn: ({ signal }) => get<VersionPage>(`/api/upload/files/${file.file_id}/versions`, signal),
  });
  return (
    <>
      <Part asked={asked}>
        {(page) => (
          <ul class="plainlist">
            {page.items.map((version) => (
              <li key={version.version}>
                <span>
                  <b>{words.file.version(version.version)}</b>{" "}
                  {version.version === file.version && <span class="tagc">{words.versions.current}</span>}
                  <br />
                  <time class="m" title={exactly(version.created_at)}>
                    {moment(version.created_at)}, {size(version.size)}
                  </time>
                </span>
                <a
                  href={`${file.links.content}?version=${version.version}`}
                  download={version.filename}
                  aria-label={`${words.versions.download} ${version.version}`}
                >
                  <Icon name="download" />
                </a>
              </li>
            ))}
          </ul>
        )}
      </Part>
      <Button icon="upload" class="small" onClick={() => pickVersion(file)}>
        {words.versions.newVersion}
      </Button>
    </>
  );
}

/** Ask for a file, and make it the next version. */
export function pickVersion(file: Document): void {
  const input = document.createElement("input");
  input.type = "file";
  input.addEventListener("change", () => {
    const chosen = input.files?.[0];
    if (chosen) void replace(file, chosen);
  });
  input.click();
}

/** Streams the file from the disk; `If-Match` refuses it if somebody else was faster. */
async function replace(file: Document, content: File): Promise<void> {
  const address = `/api/upload/files/${file.file_id}/content?filename=${encodeURIComponent(content.name)}`;
  say(words.versions.sending(visible(content.name)));
  try {
    await send("PUT", address, { headers: { "If-Match": `"${file.sha256}"` }, body: content, timeoutMs: 0 });
    say(words.versions.sent);
    await queries.invalidateQueries({ queryKey: ["file", file.file_id] });
  } catch (error) {
    sayProblem(error);
  }
}
