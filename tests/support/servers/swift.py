"""OpenStack Swift with its S3 API, from PyPI: an S3 store that checks signatures and really keeps what it is given.

It runs as the tests' own user: it comes from this environment's Python, which another user may not be able to read.
"""

import sys
from importlib.metadata import version
from pathlib import Path
from signal import SIGKILL, Signals

from support.servers.ports import free_ports, is_open
from support.servers.s3 import S3Server
from support.servers.server import Server

_LAUNCH = Path(__file__).with_name("swift_launch.py")
_FILTERS = (
    "catch_errors gatekeeper healthcheck listing_formats bulk s3api tempauth copy slo dlo versioned_writes symlink"
)
_S3API = """
s3_acl = false
location = us-east-1
dns_compliant_bucket_names = false
check_bucket_owner = false
min_segment_size = 5242880
"""


class Swift(S3Server, Server):
    """One node, one replica, four processes forked from one parent."""

    name = "swift"
    access_key, secret_key = "test:tester", "testing"

    def __init__(self) -> None:
        Server.__init__(self)
        S3Server.__init__(self)
        self.port, *self._inner = free_ports(4)

    def start(self) -> None:
        """Write the configuration if need be, and start it."""
        if not (self.folder / "swift.conf").exists():
            self._configure()
        inner = [str(port) for port in self._inner]
        # -P: this folder has a swift.py too
        self.launch([sys.executable, "-P", str(_LAUNCH), str(self.folder), *inner], self._is_ready)

    def version(self) -> str:
        """Of the installed package."""
        return version("swift")

    def halt(self, number: Signals = SIGKILL) -> None:
        """Stop it hard: a graceful stop of an idle Swift takes longer than the tests that used it."""
        del number
        if self.process is not None:
            self.kill()

    def _is_ready(self) -> bool:
        return all(is_open(port) for port in (self.port, *self._inner))

    def _configure(self) -> None:
        (self.folder / "node" / "d1").mkdir(parents=True)
        (self.folder / "recon").mkdir()
        self.write(
            "swift.conf",
            "[swift-hash]\nswift_hash_path_prefix = t\nswift_hash_path_suffix = t\n"
            "[storage-policy:0]\nname = p0\ndefault = yes\n",
        )
        common = (
            f"bind_ip = 127.0.0.1\nworkers = 0\nuser = {self.runs_as}\nswift_dir = {self.folder}\n"
            f"log_level = WARNING\nlog_address = {self.folder}/nolog\n"
        )
        for kind, port in zip(("object", "container", "account"), self._inner, strict=True):
            self.write(
                f"{kind}.conf",
                f"[DEFAULT]\nbind_port = {port}\n{common}devices = {self.folder}/node\nmount_check = false\n"
                f"[pipeline:main]\npipeline = {kind}-server\n"
                f"[app:{kind}-server]\nuse = egg:swift#{kind}\nrecon_cache_path = {self.folder}/recon\n"
                "fallocate_reserve = 0\n",
            )
        settings = {
            "s3api": _S3API,
            "tempauth": f"user_{self.access_key.replace(':', '_')} = {self.secret_key} .admin\n",
            "versioned_writes": "allow_versioned_writes = true\nallow_object_versioning = true\n",
        }
        filters = "".join(
            f"[filter:{name}]\nuse = egg:swift#{name}\n{settings.get(name, '')}" for name in _FILTERS.split()
        )
        self.write(
            "proxy.conf",
            f"[DEFAULT]\nbind_port = {self.port}\n{common}[pipeline:main]\npipeline = {_FILTERS} proxy-server\n"
            "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\nallow_account_management = true\n"
            + filters,
        )
