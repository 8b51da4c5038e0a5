"""`filemill download`: files beside their places, checked, then renamed; nothing half-written stays (`client.downloading`)."""

import sys
from pathlib import Path

from filemill.cli import screen
from filemill.cli.api import CallFailed
from filemill.client import Mill


def download_files(file_ids: list[str], output: Path | None, zip_path: Path | None) -> None:
    """Fetch, check, and say where each is. Raises `CallFailed`, `MillError`."""
    if output is not None and (zip_path is not None or (len(file_ids) > 1 and not output.is_dir())):
        raise CallFailed("several files go into a folder (--output), or into one zip (--zip)")
    with Mill() as mill:
        try:
            if zip_path is not None:
                screen.say(str(mill.download_zip(file_ids, zip_path)))
                return
            for file_id in file_ids:
                if output is not None and str(output) == "-":
                    mill.download_into(file_id, sys.stdout.buffer)
                    continue
                screen.say(str(mill.download(file_id, output or Path())))
        except FileExistsError as error:
            raise CallFailed(f"{error}; choose another place with {'--zip' if zip_path else '--output'}") from error
        except OSError as error:
            raise CallFailed(f"cannot write {error.filename}: {error.strerror}") from error
