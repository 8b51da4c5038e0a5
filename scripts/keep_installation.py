"""Keep a small installation of this version, for the tests of upgrades: `make keep` at each tag.

A real mill on embedded engines takes the samples in, with a second version, a deleted file, tags, a hold, a link, a webhook; it
is stopped, and its data folder becomes `tests/journey/kept/VERSION.tar.xz`. Beside it VERSION.json says what its files were.
Tests upgrade a copy with the code of their day. An archive is never made anew: a version that exists is refused.
Its keys are those of an installation that nobody has: they are worth nothing.
"""

import argparse
import json
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from filemill import __version__  # noqa: E402
from support.kept_installation import FOLDER, what_a_user_sees  # noqa: E402
from support.mill import Mill  # noqa: E402
from support.quiet import wait_until_quiet  # noqa: E402

LEFT_OUT = frozenset({"logs", "run", "scratch", "models"})
"""What a start makes anew."""
MOST_BYTES = 1024 * 1024
"""A fixture is cloned by everybody, for ever."""
QUIET_S = 180.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", default=__version__, help="the name of the archive")
    parser.add_argument("--output", type=Path, default=FOLDER)
    asked = parser.parse_args()
    archive = asked.output / f"{asked.version}.tar.xz"
    if archive.exists():
        print(f"error: {archive.name} is kept already; archives are not made anew", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="filemill-keep-") as folder:
        data_dir = Path(folder) / "data"
        said = make(data_dir)
        asked.output.mkdir(parents=True, exist_ok=True)
        pack(data_dir, archive)
    size = archive.stat().st_size
    if size > MOST_BYTES:
        archive.unlink()
        print(f"error: {size} bytes are too many for a fixture ({MOST_BYTES})", file=sys.stderr)
        return 1
    text = json.dumps({"version": asked.version, **said}, indent=1, sort_keys=True, ensure_ascii=False)
    archive.with_name(f"{asked.version}.json").write_text(text + "\n", encoding="utf-8")
    print(f"written: {archive.name}, {size} bytes, {len(said['files'])} files")
    return 0


def make(data_dir: Path) -> dict[str, Any]:
    """Fill a data folder by a mill of its own, which is stopped when this returns; returns what its files are."""
    mill = Mill(data_dir)
    try:
        mill.start()
        with mill.client() as client:
            return fill(mill, client)
    finally:
        status = mill.stop()
        if status:
            raise RuntimeError(f"the mill ended with {status}: {mill.said()}")


def fill(mill: Mill, client: httpx.Client) -> dict[str, Any]:
    """A little of everything that leaves rows."""
    ids = {path.name: _upload(client, path) for path in sorted((ROOT / "test_data").iterdir()) if path.suffix != ".md"}
    wait_until_quiet(mill, QUIET_S)
    notes, receipt, qr = ids["notes.txt"], ids["receipt.txt"], ids.pop("qr.png")
    _ok(client.put(f"/api/upload/files/{notes}/content", content=b"A second version of the notes, about a heron.\n"))
    _ok(client.patch(f"/api/metadata/files/{receipt}", json={"title": "Kept", "tags": ["kept"], "custom": {"case": 7}}))
    _ok(client.delete(f"/api/upload/files/{qr}"))
    _ok(client.post(f"/api/upload/files/{ids['invoice.pdf']}/hold", json={"reason": "Kept for a test."}))
    _ok(client.post(f"/api/upload/files/{receipt}/shares", json={"expires_in": 3600}))
    _ok(client.post("/api/metadata/searches", json={"name": "kept", "query": "tag:kept"}))
    _ok(
        client.post(
            "/api/metadata/rules", json={"name": "never", "query": "tag:none", "after_days": 3650, "active": False}
        )
    )
    hook = {"url": "http://127.0.0.1:65533/hook", "event_types": ["file.expiring"]}
    _ok(client.post("/api/notifications/webhooks", json=hook))
    wait_until_quiet(mill, QUIET_S)
    return {"files": {file_id: what_a_user_sees(client, file_id) for file_id in ids.values()}, "deleted": [qr]}


def pack(data_dir: Path, archive: Path) -> None:
    """The folder as `data/`, without what a start makes anew and without anybody's name."""

    def nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        parts = Path(member.name).parts
        if (len(parts) > 1 and parts[1] in LEFT_OUT) or not (member.isdir() or member.isfile()):
            return None
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    with tarfile.open(archive, "w:xz", preset=9) as packed:
        packed.add(data_dir, arcname="data", filter=nobodys)


def _upload(client: httpx.Client, path: Path) -> str:
    answer = _ok(client.post("/api/upload/files", files={"file": (path.name, path.read_bytes())}))
    return str(answer.json()["file_id"])


def _ok(response: httpx.Response) -> httpx.Response:
    if not response.is_success:
        raise RuntimeError(
            f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text}"
        )
    return response


if __name__ == "__main__":
    sys.exit(main())
