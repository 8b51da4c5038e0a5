"""A real mill with work behind it: verified, moved to other engines, started there; whoever looks notices nothing."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from support.engines import Engines
from support.mill import Mill, wait_for
from support.quiet import wait_until_quiet

SAMPLES = Path(__file__).parents[2] / "test_data"


def command(mill: Mill, *arguments: str) -> str:
    """Run an operator's command in the mill's environment; it must end well."""
    run = [sys.executable, "-m", "filemill.cli", *arguments]
    done = subprocess.run(run, env=mill.environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def seen(client: httpx.Client, file_id: str) -> dict[str, object]:
    """What a user sees of a file: everything but the addresses."""
    document: dict[str, object] = client.get(f"/api/metadata/files/{file_id}").json()
    text = client.get(f"/api/metadata/files/{file_id}/text")
    audit = client.get(f"/api/metadata/files/{file_id}/audit").json()["items"]
    uploads = [entry for entry in audit if not entry["action"].startswith("opened")]
    return document | {"words": text.text, "audit": uploads, "content": client.get(
        f"/api/upload/files/{file_id}/content").content}  # fmt: skip


@pytest.fixture(params=["embedded", pytest.param("servers", marks=pytest.mark.servers)])
def fresh_engines(request: pytest.FixtureRequest) -> Engines | None:
    """A set that nobody has used; None means embedded. The session's own has the session's mill on it."""
    return request.getfixturevalue("server_engines")() if request.param == "servers" else None  # type: ignore[no-any-return]


def test_mill_when_it_is_moved_then_everything_is_there_as_it_was(
    tmp_path: Path, fresh_engines: Engines | None
) -> None:
    """Uploads, a delete, an edit and a search; `verify` here, `move`, and the same on the other side."""
    old = Mill(tmp_path / "old")
    old.start()
    try:
        with old.client() as client:
            files = [
                client.post("/api/upload/files", files={"file": (path.name, path.read_bytes())}).json()["file_id"]
                for path in sorted(SAMPLES.glob("*.*"))[:6]
            ]
            wait_until_quiet(old, 90)
            client.patch(f"/api/metadata/files/{files[0]}", json={"title": "Carried along"})
            client.delete(f"/api/upload/files/{files[1]}")
            wait_until_quiet(old, 30)
            before = {file_id: seen(client, file_id) for file_id in files if file_id != files[1]}
    finally:
        assert old.stop() == 0
    assert "all is well" in command(old, "verify")

    new = Mill(tmp_path / "new", fresh_engines)
    wanted = {"FILEMILL_DATA_DIR": str(tmp_path / "new")} | new.engines.environment()
    (tmp_path / "production.env").write_text("".join(f"{name}={value}\n" for name, value in wanted.items()))
    assert "both are the same" in command(old, "move", "--to-env", str(tmp_path / "production.env"))

    new.start()
    try:
        wait_until_quiet(new, 60)
        with new.client() as client:
            assert {file_id: seen(client, file_id) for file_id in before} == before
            assert client.get(f"/api/upload/files/{files[1]}").status_code == 404

            def found() -> bool:
                hits = client.get("/api/metadata/files", params={"q": "carried"}).json()["items"]
                return [hit["file_id"] for hit in hits] == [files[0]]

            wait_for(found, "the word index to be made anew")
            assert client.post(f"/api/upload/files/{files[1]}/restore").status_code == 200
            client.post("/api/upload/files", files={"file": ("after.txt", b"after the move")})
            wait_until_quiet(new, 60)
    finally:
        assert new.stop() == 0
    assert "all is well" in command(new, "verify")
