"""Run Swift's four servers from one process that imports once.

`swift_launch.py FOLDER OBJECT-PORT CONTAINER-PORT ACCOUNT-PORT`.
Swift reads /etc/swift/swift.conf; this points it at the folder's own. When one server ends, all end.
"""

import ctypes
import os
import signal
import sys

from swift.common import utils
from swift.common.ring import RingBuilder
from swift.common.utils import config

PR_SET_PDEATHSIG = 1


def make_rings(folder: str, ports: list[int]) -> None:
    """One device for each kind of server."""
    for kind, port in zip(("object", "container", "account"), ports, strict=True):
        place = {"ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1", "replication_port": port}
        builder = RingBuilder(4, 1, 0)
        builder.add_dev({"id": 0, "region": 1, "zone": 1, "device": "d1", "weight": 1.0, "meta": "", **place})
        builder.rebalance()
        builder.get_ring().save(f"{folder}/{kind}.ring.gz")


def end_with_parent() -> None:
    """Die when the parent does: a server leaves the parent's process group, so a signal to that would miss it (prctl(2))."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """Make the rings, fork the servers, end with the first that ends."""
    folder, ports = sys.argv[1], [int(port) for port in sys.argv[2:]]
    utils.SWIFT_CONF_FILE = config.SWIFT_CONF_FILE = f"{folder}/swift.conf"
    make_rings(folder, ports)
    from swift.common.wsgi import run_wsgi

    for kind in ("account", "container", "object", "proxy"):
        if os.fork() == 0:
            end_with_parent()
            sys.exit(run_wsgi(f"{folder}/{kind}.conf", f"{kind}-server", default_port=0))
    os.wait()


if __name__ == "__main__":
    main()
