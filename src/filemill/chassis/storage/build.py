"""Choose the blob store from one setting: unset (or `file:///…`) means a local folder."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from filemill.chassis.database.build import open_sqlite
from filemill.chassis.durable_folder import make_durable
from filemill.chassis.errors import StartError
from filemill.chassis.settings import ServiceSettings
from filemill.chassis.storage.local_store import LocalStore


def build_store(settings: ServiceSettings) -> LocalStore:
    """The store of this process. Raises `StartError` for a URL that no adapter serves or a folder that cannot be made."""
    root = settings.data_dir / "store"
    if settings.storage_url:
        url = urlsplit(settings.storage_url)
        if url.scheme != "file" or not url.path:
            raise StartError(
                f"STORAGE_URL: only file:///folder is built so far, not {url.scheme or 'nothing'}://; unset it"
            )
        root = Path(unquote(url.path))
    return build_folder(root, "STORAGE_URL")


def build_folder(root: Path, variable: str) -> LocalStore:
    """A store in a local folder that the setting `variable` names. Raises `StartError` if it cannot be made."""
    try:
        make_durable(root)
    except OSError as error:
        raise StartError(f"{variable}: the folder {root} cannot be made: {error.strerror}") from error
    return LocalStore(root, open_sqlite(root / "small.db"))


def place_of_store(settings: ServiceSettings) -> str:
    """What is the same for two settings exactly if they choose the same store. Not for people: it may hold a secret."""
    folder = settings.data_dir / "store"
    return (settings.storage_url or folder.as_uri()).rstrip("/")
