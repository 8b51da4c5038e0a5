"""Choose the blob store from one setting: unset (or `file:///…`) means a local folder, `s3://bucket` and its kin a bucket."""

from pathlib import Path
from urllib.parse import unquote

from filemill.chassis import server_url
from filemill.chassis.database.build import open_sqlite
from filemill.chassis.durable_folder import make_durable
from filemill.chassis.errors import StartError, Unavailable
from filemill.chassis.settings import ServiceSettings
from filemill.chassis.storage.faulty import with_faults
from filemill.chassis.storage.local_pieces import ResumingLocalStore
from filemill.chassis.storage.store import BlobStore, ChecksStart, MakesBucket


def build_store(settings: ServiceSettings) -> BlobStore:
    """The store of this process; no call is made yet. Raises `StartError` for a URL or a folder that cannot be used."""
    root = settings.data_dir / "store"
    if settings.storage_url:
        url = server_url.split("STORAGE_URL", settings.storage_url, "s3://bucket or file:///folder")
        if url.scheme != "file":
            return with_faults(_remote(settings))
        if url.netloc not in ("", "localhost") or not url.path:
            raise StartError("STORAGE_URL: a folder is written file:///folder, with three slashes")
        root = Path(unquote(url.path))
    return with_faults(build_folder(root, "STORAGE_URL"))


def build_folder(root: Path, variable: str) -> ResumingLocalStore:
    """A store in a local folder that the setting `variable` names. Raises `StartError` if it cannot be made."""
    try:
        make_durable(root)
    except OSError as error:
        raise StartError(f"{variable}: the folder {root} cannot be made: {error.strerror}") from error
    return ResumingLocalStore(root, open_sqlite(root / "small.db"))


async def check_start(store: BlobStore, *, writes: bool) -> None:
    """Raise `StartError`, before any request is taken, if the store cannot be used as it is set."""
    if isinstance(store, ChecksStart):
        await store.check_start(writes=writes)
        return
    try:
        await store.check()
    except Unavailable as error:
        raise StartError(
            f"STORAGE_URL: {error.detail} Make it writable for this user, or name another folder"
        ) from error


def _remote(settings: ServiceSettings) -> BlobStore:
    try:
        # The adapter's libraries are loaded by whoever uses it, and by nobody else.
        from filemill.chassis.storage.remote_settings import read_bucket
        from filemill.chassis.storage.remote_store import RemoteStore, S3BlobStore
    except ImportError as error:
        raise StartError(f"STORAGE_URL: {error.name} is not installed; install filemill[engines]") from error
    bucket = read_bucket(settings)
    return S3BlobStore(bucket) if bucket.scheme == "s3" else RemoteStore(bucket)


def make_bucket(settings: ServiceSettings) -> str:
    """Make the bucket of `STORAGE_URL` if it is not there; returns what to tell. Raises `StartError`."""
    store = build_store(settings)
    if not isinstance(store, MakesBucket):
        raise StartError("STORAGE_URL: only a bucket of S3, or of a store that speaks it, can be made from here")
    return store.make_bucket()


def place_of_store(settings: ServiceSettings) -> str:
    """What is the same for two settings exactly if they choose the same store. Not for people: it may hold a secret."""
    folder = settings.data_dir / "store"
    return (settings.storage_url or folder.as_uri()).rstrip("/")
