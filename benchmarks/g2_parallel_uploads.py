"""G2 and G3: large bodies, several at once and as forms. Ours: SHA-256, committed row and event, bytes synced.

Anchors: nginx WebDAV PUT, and FastAPI's `UploadFile` copied to a folder; neither hashes, records or syncs anything.
On tmpfs where there is room, so that the disk is not what is measured.
"""

import json
from pathlib import Path
from typing import Any

import big_bodies
import nginx
import processes
from big_bodies import Bodies, Side

ROUNDS = 5


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    one, eight = Bodies(60), Bodies(8, parallel=8)
    with big_bodies.tmpfs_folder(6 * one.total) as (folder, place):
        command = processes.filemill("upload", folder / "ours", FILEMILL_DEDUPE="off")
        form_app = processes.anchor_app(
            "upload_file_app", ANCHOR_FOLDER=str(_made(folder / "form")), TMPDIR=str(folder)
        )
        with (
            processes.running(*command) as ours,
            nginx.serving(folder / "nginx") as (name, web),
            processes.running(*form_app) as form,
        ):
            blobs, files = folder / "ours" / "store" / "blobs", folder / "nginx" / "files"
            at_once = {
                "ours": Side(ours, lambda: eight.put(ours.port, "/files?filename={}.bin"), blobs),
                "forms": Side(ours, lambda: eight.post(ours.port), blobs),
                "nginx": Side(web, lambda: eight.put(web.port, "/{}.bin"), files),
            }
            g2 = big_bodies.race(at_once, eight.total, ROUNDS, eight.sha256())
            one_form = {
                "ours": Side(ours, lambda: one.post(ours.port), blobs),
                "nginx": Side(web, lambda: one.put(web.port, "/{}.bin"), files),
                "UploadFile": Side(form, lambda: one.post(form.port), folder / "form"),
            }
            g3 = big_bodies.race(one_form, one.total, ROUNDS, one.sha256())
    put_is = f"{name} WebDAV PUT: no hash, no row"
    durable = f"hash, row, event, {place}"
    row = big_bodies.row
    return [
        row("G2", f"8 x 128 MB at once: {durable}", g2, "nginx", put_is, 0.85),
        row("G3a", f"1 GB form: {durable}", g3, "UploadFile", "FastAPI UploadFile: no hash, no row", 1.4),
        row("G3b", f"1 GB form: {durable}", g3, "nginx", put_is, 0.85),
        row("G3-8", f"8 x 128 MB forms at once: {durable}", g2 | {"ours": g2["forms"]}, "nginx", put_is, 0.7),
    ]


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
