"""What `filemill users export` does: everything of one owner over HTTP, member by member, into a zip with a manifest.

It asks the services as any program does, so it works on whatever engines, and holds one block of one file in memory. An
admin has no right to read others' files: a key of the owner that only reads is made for it, and ended with it.
"""

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from filemill import __version__
from filemill.cli import screen
from filemill.cli.api import Api, CallFailed
from filemill.client.downloading import safe_name

MANIFEST = "manifest.json"
KEY_LIFE_S = 24 * 3600
BLOCK_BYTES = 256 * 1024
KEYS = "/api/access/keys"
LISTS = {
    "keys.jsonl": KEYS,
    "logins.jsonl": "/api/access/logins",
    "webhooks.jsonl": "/api/notifications/webhooks",
    "searches.jsonl": "/api/metadata/searches",
    "rules.jsonl": "/api/metadata/rules",
    "holds.jsonl": "/api/upload/holds",
    "processing-jobs.jsonl": "/api/processing/jobs",
    "ai-jobs.jsonl": "/api/ai/jobs",
}
"""Lists that have a page or more."""
OF_A_FILE = {"audit": "/api/metadata/files/{}/audit", "timeline": "/api/metadata/files/{}/timeline",
             "shares": "/api/upload/files/{}/shares"}  # fmt: skip
NOT_SERVED = frozenset({"file-scanning", "file-quarantined"})


def export_owner(owner: str | None, output: Path) -> None:
    """Raises `CallFailed` if it broke off; then there is no file, and it is begun anew."""
    if output.exists():
        raise CallFailed(f"{output} is there already")
    partial = output.with_name(f".{output.name}.partial")
    try:
        with _reader(owner) as api, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            counts = _Export(api, archive).write()
        os.replace(partial, output)  # noqa: PTH105 - the same folder
    except OSError as error:
        raise CallFailed(f"{output} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    named = ", ".join(f"{count} {what}" for what, count in counts.items())
    screen.say(f"{output}  {screen.size(output.stat().st_size)}  {named}")


def check(path: Path, *, as_json: bool) -> bool:
    """Whether every member is what the manifest says, and nothing is missing or more."""
    wrong = []
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = orjson.loads(archive.read(MANIFEST))
            told = {one["name"]: one for one in manifest["members"]}
            there = set(archive.namelist()) - {MANIFEST}
            wrong = [f"{name} is missing" for name in sorted(told.keys() - there)]
            wrong += [f"{name} is not in the manifest" for name in sorted(there - told.keys())]
            for name in sorted(there & told.keys()):
                if _digest_of(archive, name) != told[name]["sha256"]:
                    wrong.append(f"{name} is not what was exported")
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise CallFailed(f"{path} is no export of filemill: {error}") from error
    if as_json:
        screen.json_line({"ok": not wrong, "members": len(told), "wrong": wrong})
    else:
        for one in wrong:
            screen.say(one)
        screen.say(f"{len(told)} members, {'all as they were exported' if not wrong else f'{len(wrong)} wrong'}")
    return not wrong


@contextmanager
def _reader(owner: str | None) -> Iterator[Api]:
    """Calls that read this owner's things."""
    own = Api()
    me = own.get("/api/session")["owner_id"]
    if owner in (None, me):
        yield own
        return
    asked = {"owner_id": owner, "scopes": ["files:read"], "name": "data export", "expires_in_s": KEY_LIFE_S}
    made = own.post(KEYS, asked)
    try:
        yield Api(key=made["key"])
    finally:
        own.delete(f"{KEYS}/{made['key_id']}")


class _Export:
    """One export on its way."""

    def __init__(self, api: Api, archive: zipfile.ZipFile) -> None:
        self._api = api
        self._archive = archive
        self._members: list[dict[str, Any]] = []
        self._left_out: list[dict[str, str]] = []
        self._counts: dict[str, int] = {}

    def write(self) -> dict[str, int]:
        """Everything; returns what there was how often."""
        session = self._api.get("/api/session")
        owner = session["owner_id"]
        total = self._api.get("/api/upload/stats")["files"]
        for name, path in LISTS.items():
            self._lines(name, (one for one in self._list(path) if one.get("owner_id", owner) == owner))
        self._lines("analytics.jsonl", [self._api.get("/api/metadata/analytics", **{"from": "1970-01-02T00:00:00Z"})])
        with screen.bars() as progress:
            done = 0
            for file in self._api.items("/api/upload/files", limit=200):
                self._file(file)
                done += 1
                progress("files", done, max(total, done))
        self._counts["files"] = done
        manifest = {
            "filemill": __version__, "owner_id": owner, "counts": self._counts, "members": self._members,
            "left_out": self._left_out,
            "not_here": "files in the trash (restore them first), secrets of keys and webhooks, which are not kept or not told",
        }  # fmt: skip
        self._archive.writestr(MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        return self._counts

    def _file(self, file: dict[str, Any]) -> None:
        file_id = file["file_id"]
        folder = f"files/{file_id}"
        self._lines(f"{folder}/file.jsonl", [file], count=False)
        versions = list(self._api.items(f"/api/upload/files/{file_id}/versions"))
        self._lines(f"{folder}/versions.jsonl", versions, count=False)
        for version in versions:
            self._content(folder, file_id, version)
        document = self._api.get(f"/api/metadata/files/{file_id}")
        self._lines(f"{folder}/metadata.jsonl", [document], count=False)
        if (document.get("text") or {}).get("state") == "found":
            self._stream(f"{folder}/text.txt", f"/api/metadata/files/{file_id}/text")
        for name, path in OF_A_FILE.items():
            self._lines(f"{folder}/{name}.jsonl", self._list(path.format(file_id)), count=False)

    def _content(self, folder: str, file_id: str, version: dict[str, Any]) -> None:
        name = f"{folder}/versions/{version['version']}/{safe_name(version['filename'])}"
        try:
            digest = self._stream(name, f"/api/upload/files/{file_id}/content", version=version["version"])
        except CallFailed as error:
            if error.code not in NOT_SERVED:
                raise
            self._left_out.append({"name": name, "why": error.code})
            return
        if digest != version["sha256"]:
            raise CallFailed(f"version {version['version']} of {file_id} came damaged; `filemill verify` names what is")
        self._counts["contents"] = self._counts.get("contents", 0) + 1

    def _list(self, path: str) -> Iterable[Any]:
        return self._api.items(path)

    def _lines(self, name: str, items: Iterable[Any], *, count: bool = True) -> None:
        number = 0

        def fill(put: Callable[[bytes], None]) -> None:
            nonlocal number
            for item in items:
                put(orjson.dumps(item) + b"\n")
                number += 1

        self._member(name, fill)
        if count:
            self._counts[name.removesuffix(".jsonl")] = number

    def _stream(self, name: str, path: str, **asked: Any) -> str:
        blocks = self._api.stream(path, **asked)
        first = next(blocks, b"")  # a refusal comes before there is a member

        def fill(put: Callable[[bytes], None]) -> None:
            put(first)
            for block in blocks:
                put(block)

        return self._member(name, fill)

    def _member(self, name: str, fill: Callable[[Callable[[bytes], None]], None]) -> str:
        digest, size = hashlib.sha256(), 0
        with self._archive.open(name, "w", force_zip64=True) as member:

            def put(block: bytes) -> None:
                nonlocal size
                member.write(block)
                digest.update(block)
                size += len(block)

            fill(put)
        self._members.append({"name": name, "size": size, "sha256": digest.hexdigest()})
        return digest.hexdigest()


def _digest_of(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    try:
        with archive.open(name) as member:
            while block := member.read(BLOCK_BYTES):
                digest.update(block)
    except (zipfile.BadZipFile, OSError) as error:
        return f"unreadable: {error}"
    return digest.hexdigest()
