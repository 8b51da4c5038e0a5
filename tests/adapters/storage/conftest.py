"""Each kind of blob store, for the one suite."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from filemill.chassis.storage.remote_client import Patience
from filemill.chassis.storage.remote_store import S3BlobStore
from filemill.chassis.storage.store import BlobStore
from support.blob_stores import LocalPlace, Place, S3Place
from support.http_fault_proxy import HttpFaultProxy
from support.servers.ceph import Ceph
from support.servers.swift import Swift

Opened = Callable[[Place], BlobStore]
IMPATIENT = Patience(connect_s=0.5, read_s=0.5, part_s=1.0, ask_s=3.0, send_s=4.0)
SEED = 20260


@pytest.fixture
def s3_place(swift_server: Swift, monkeypatch: pytest.MonkeyPatch) -> S3Place:
    """A bucket of OpenStack Swift."""
    return S3Place(swift_server, monkeypatch)


@pytest.fixture
def ceph_place(ceph_server: Ceph, monkeypatch: pytest.MonkeyPatch) -> S3Place:
    """A bucket of Ceph."""
    return S3Place(ceph_server, monkeypatch)


@pytest.fixture
def local_place(tmp_path: Path) -> LocalPlace:
    """A folder."""
    return LocalPlace(tmp_path / "store")


@pytest.fixture(
    params=[
        "local",
        pytest.param("s3", marks=pytest.mark.servers),
        pytest.param("ceph", marks=[pytest.mark.servers, pytest.mark.slow]),
    ]
)
def place(request: pytest.FixtureRequest) -> Place:
    """Where the blobs of a test are."""
    found: Place = request.getfixturevalue(f"{request.param}_place")
    return found


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    """Opens stores and closes them after the test."""
    stores: list[BlobStore] = []

    def open_one(place: Place) -> BlobStore:
        stores.append(place.open())
        return stores[-1]

    yield open_one
    for store in stores:
        await store.close()


@pytest.fixture
async def store(place: Place, opened: Opened) -> BlobStore:
    """A store on `place`."""
    return opened(place)


@pytest.fixture
def proxy(swift_server: Swift) -> Iterator[HttpFaultProxy]:
    """Between the store and Swift."""
    with HttpFaultProxy(swift_server.port, seed=SEED) as proxy:
        yield proxy


@pytest.fixture
def far(s3_place: S3Place, proxy: HttpFaultProxy) -> S3BlobStore:
    """A store that reaches Swift through the proxy, and does not wait long."""
    return s3_place.through(proxy.port, IMPATIENT)
