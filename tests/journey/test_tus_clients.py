"""Clients of tus that nobody here wrote, cut off at random places: every file has the bytes that were sent, and is there once.

The short run samples; the long one cuts 200 connections a client and kills servers as well.
"""

import hashlib
import os
import random
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from support.engines import Engines
from support.killer import Killer
from support.mill import Mill, wait_for
from support.programs import Require
from support.tus_clients import CuttingProxy, TusJs, TusPy, tus_js

SAMPLE_CUTS = 12
LONG_CUTS = int(os.environ.get("FILEMILL_TUS_CUTS", "200"))
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def javascript(require: Require) -> Iterator[TusJs]:
    with tus_js(require) as client:
        yield client


@pytest.fixture(params=["tuspy", "tus-js-client"])
def client(request: pytest.FixtureRequest) -> TusPy | TusJs:
    """Each client in turn."""
    found: TusPy | TusJs = TusPy() if request.param == "tuspy" else request.getfixturevalue("javascript")
    return found


def _seed() -> int:
    seed = int(os.environ.get("FILEMILL_TEST_SEED") or secrets.randbits(32))
    print(f"seed {seed}")
    return seed


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that a client says it has uploaded."""

    url: str
    name: str
    size: int
    sha256: str


def _upload_until_cut(mill: Mill, client: TusPy | TusJs, folder: Path, wanted: int) -> list[Sent]:
    """Upload files until so many connections were cut."""
    seed = _seed()
    dice, sent = random.Random(seed), []
    with CuttingProxy(mill.ports["gateway"], seed) as proxy:
        while proxy.cuts < wanted:
            data = dice.randbytes(dice.choice((1, 70_000, 3 * MIB, 7 * MIB)))
            path = folder / "sent.bin"
            path.write_bytes(data)
            name = f"{client.name}-{seed}-{len(sent)}.bin"
            url = client.send(f"http://127.0.0.1:{proxy.port}/api/upload/tus/", path, name, dice)
            sent.append(Sent(url, name, len(data), hashlib.sha256(data).hexdigest()))
        print(f"{client.name}: {len(sent)} files, {proxy.cuts} cuts of {proxy.connections} connections")
    return sent


def _check(mill: Mill, sent: list[Sent]) -> None:
    with mill.client() as look:
        for one in sent:
            head = look.head(httpx.URL(one.url).path, headers={"Tus-Resumable": "1.0.0"})
            assert head.status_code == 200
            assert head.headers["upload-offset"] == head.headers["upload-length"] == str(one.size)
            link = head.headers["filemill-file"]
            content = look.get(f"{link}/content").raise_for_status().content
            assert hashlib.sha256(content).hexdigest() == one.sha256
            rows = mill.rows("upload", "SELECT file_id, sha256, size FROM files WHERE filename = ?", one.name)
            assert rows == [(link.rpartition("/")[2], one.sha256, one.size)]


def test_client_when_its_connections_are_cut_then_every_file_is_whole_and_there_once(
    mill: Mill, client: TusPy | TusJs, tmp_path: Path
) -> None:
    """A sample: both clients, both sets of engines."""
    _check(mill, _upload_until_cut(mill, client, tmp_path, SAMPLE_CUTS))


def test_javascript_when_it_uses_more_of_the_protocol_then_the_file_is_whole(
    mill: Mill, javascript: TusJs, tmp_path: Path
) -> None:
    """Bytes with the creation, and parts side by side put together at the end."""
    data = random.Random(5).randbytes(5 * MIB)
    path = tmp_path / "sent.bin"
    path.write_bytes(data)
    with mill.client() as look:
        endpoint = f"{mill.url}/api/upload/tus/"
        at_once = {"uploadDataDuringCreation": True}
        for options in (at_once, {"parallelUploads": 3}, at_once | {"chunkSize": MIB}):
            outcome = javascript.job(endpoint, path, "more.bin", **options)
            assert look.get(f"{outcome['file']}/content").raise_for_status().content == data
            if options is at_once:
                assert outcome["requests"] == 1


@pytest.mark.slow
def test_client_when_cut_and_the_server_killed_for_long_then_every_file_is_whole(
    client: TusPy | TusJs, tmp_path: Path, fresh_engines: Engines | None
) -> None:
    """The long run: `FILEMILL_TUS_CUTS` cut connections, and `kill -9` of the upload service or the gateway now and then."""
    mill = Mill(tmp_path / "data", fresh_engines, FILEMILL_RESTART_PAUSE_MOST_S="0.5")
    killer, done, dice = Killer(mill, lambda: 1), threading.Event(), random.Random(_seed())

    def kill_sometimes() -> None:
        while not done.wait(dice.uniform(1, 3)):
            killer.kill(dice.choice(("upload", "upload", "gateway")))

    try:
        mill.start()
        thread = threading.Thread(target=kill_sometimes)
        thread.start()
        try:
            sent = _upload_until_cut(mill, client, tmp_path, LONG_CUTS)
        finally:
            done.set()
            thread.join()
        wait_for(mill.all_running, "every process to be back", 60)
        _check(mill, sent)
        print(f"kills: {dict(killer.kills)}")
        assert killer.kills.total() >= 5
    finally:
        mill.stop()
