/** The versions of a file, newest first, and a way to add one. */
import { useQuery } from "@tanstack/preact-query";
import { get } from "../api/client";
import type { Document, VersionPage } from "../api/shapes";
import { Button, Part } from "../parts/bits";
import { exactly, moment, size } from "../parts/format";
import { Icon } from "../parts/icons";
import { addVersion } from "../uploads/queue";
import { showTray } from "../uploads/tray";
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
    if (!chosen) return;
    addVersion(file, chosen);
    showTray();
  });
  input.click();
}
