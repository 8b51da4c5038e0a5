"""What passes through to a remote store is never held in memory, and what a dead process left there is swept."""

import asyncio
import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from filemill.chassis.errors import Unavailable
from filemill.chassis.storage import remote_store
from filemill.chassis.storage.remote_store import S3BlobStore
from filemill.chassis.storage.store import (
    SweepsPartials,
)
from support.blob_stores import S3Place
from support.http_fault_proxy import HttpFaultProxy

pytestmark = pytest.mark.servers
_UPLOAD = """
import asyncio, sys
from filemill.chassis.settings import ServiceSettings, load
from filemill.chassis.storage.build import build_store
from filemill.chassis.storage.keys import new_key

def rss_mib(field):
    return int(next(line for line in open("/proc/self/status") if line.startswith(field)).split()[1]) // 1024

async def main(mib):
    store = build_store(load(ServiceSettings))
    await store.check()
    key, chunk = new_key(), bytes(64 * 1024)
    before = rss_mib("VmRSS")
    writer = await store.create(key, len)
    for _ in range(mib * 16):
        await writer.write(chunk)
    await writer.commit()
    seen = 0
    reader = await store.open(key)
    async for piece in reader.read():
        seen += len(piece)
    assert seen == reader.size_bytes == mib * 1024 * 1024
    await store.delete(key)
    print(before, rss_mib("VmHWM"))

asyncio.run(main(int(sys.argv[1])))
"""


def test_memory_when_a_large_body_passes_then_it_is_never_held(s3_place: S3Place) -> None:
    """A body of any size costs a few parts of memory, up and down (FILEMILL_TEST_BODY_MIB=1024 for the full goal)."""
    mib = os.environ.get("FILEMILL_TEST_BODY_MIB", "256")
    s3_place.settings()
    done = subprocess.run(
        [sys.executable, "-c", _UPLOAD, mib], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    before, most = (int(word) for word in done.stdout.split())
    print(f"{mib} MiB up and down: resident {before} MiB before, at most {most} MiB")
    assert most <= 100
    assert most - before <= 60


def test_crash_when_an_upload_is_killed_then_its_parts_are_swept_after_the_grace(
    s3_place: S3Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed process left in the store is not paid for until somebody looks; a living upload is not touched."""
    code = _UPLOAD.replace(
        "    await writer.commit()\n", "    print('here', flush=True)\n    await asyncio.sleep(60)\n"
    )
    s3_place.settings()
    process = subprocess.Popen([sys.executable, "-c", code, "40"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"here\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert len(s3_place.leftovers()) == 1
    store = s3_place.open()
    assert isinstance(store, SweepsPartials)
    assert asyncio.run(store.sweep_partials()) == 0
    monkeypatch.setattr(remote_store, "PARTIAL_GRACE", timedelta(seconds=-60))
    other = s3_place.open()
    assert isinstance(other, SweepsPartials)

    async def both() -> list[int]:
        return await asyncio.gather(store.sweep_partials(), other.sweep_partials())

    assert sum(asyncio.run(both())) >= 1  # Swift may thank both; neither may fail
    assert s3_place.leftovers() == []


async def test_sweep_partials_when_the_store_is_away_then_unavailable(far: S3BlobStore, proxy: HttpFaultProxy) -> None:
    """The keeper's loop tries again later."""
    proxy.down()
    with pytest.raises(Unavailable):
        await far.sweep_partials()
