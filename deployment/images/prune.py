"""Leave in an image what its service needs: not the other services, not the tests and headers of libraries.

Runs inside the build, by the Python of the image. The tests of `tests/alone` prove that a service can do without the rest.
"""

import shutil
import sys
import sysconfig
from pathlib import Path

SHARED = {"chassis", "contracts"}
S3_ONLY = {"s3", "endpoints.json", "partitions.json", "sdk-default-configuration.json", "_retry.json"}
"""Of the descriptions of 400 services that botocore carries; we sign links and list unfinished uploads."""
UNREAD = ("*.c", "*.h", "*.hpp", "*.pxd", "*.pyi", "*.pyx")
TESTS = ("numpy/*/tests", "numpy/tests", "sqlalchemy/testing", "greenlet/tests")


def main(service: str) -> None:
    """Prune the installation that runs this."""
    place = Path(sysconfig.get_paths()["purelib"])
    if service != "operator":
        for room in (place / "filemill").iterdir():
            if room.is_dir() and room.name not in SHARED | {service}:
                shutil.rmtree(room)
    for described in (place / "botocore" / "data").glob("*"):
        if described.name not in S3_ONLY:
            shutil.rmtree(described) if described.is_dir() else described.unlink()
    for pattern in TESTS:
        for folder in place.glob(pattern):
            shutil.rmtree(folder)
    for pattern in UNREAD:
        for file in place.rglob(pattern):
            file.unlink()


if __name__ == "__main__":
    main(sys.argv[1])
