"""Ceph's radosgw over one monitor and one object server in memory, from Debian's packages: the S3 store of the long run."""

import re
import shutil
import subprocess
from signal import SIGKILL, Signals
from uuid import uuid4

from support.servers.ports import free_ports, is_open
from support.servers.s3 import S3Server
from support.servers.server import Server

PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "monmaptool", "ceph-authtool")


def missing() -> list[str]:
    """The programs that are not installed."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


class Ceph(S3Server, Server):
    """Started fresh each time: its data is in memory."""

    name = "ceph"
    user = "ceph"
    access_key, secret_key = "filemill", "filemill-secret"

    def __init__(self) -> None:
        Server.__init__(self)
        S3Server.__init__(self)
        self.port, self._monitor, self._old_monitor, first = free_ports(4)
        self._messenger = (first, first + 40)
        self._parts: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Make the keys and the map, start monitor, object server and gateway, add a user."""
        self._configure()
        self._make_keys()
        self._start_part(["ceph-mon", "-i", "a"], ["mon", "stat"], "quorum")
        identity = str(uuid4())
        self._ceph("osd", "new", identity, "0")
        self.run(["ceph-osd", *self._conf, "-i", "0", "--mkfs", "--osd-uuid", identity])
        self._start_part(["ceph-osd", "-i", "0"], ["osd", "stat"], r"1 up")
        gateway = ["radosgw", *self._conf, "-n", "client.admin", "--keyring", str(self.folder / "keyring"), "-f"]
        self.launch(gateway, lambda: is_open(self.port))
        keys = ["--access-key", self.access_key, "--secret-key", self.secret_key]
        self.run(["radosgw-admin", *self._conf, "user", "create", "--uid", "t", "--display-name", "t", *keys])

    def version(self) -> str:
        """As `radosgw --version` says."""
        said = subprocess.run(["radosgw", "--version"], capture_output=True, text=True, check=True).stdout
        return said.split()[2]

    def halt(self, number: Signals = SIGKILL) -> None:
        """Stop all parts hard: nothing of it is kept."""
        del number
        if self.process is not None:
            self.kill()
        for part in reversed(self._parts):
            part.kill()
            part.wait()
        self._parts = []

    @property
    def _conf(self) -> list[str]:
        return ["-c", str(self.folder / "ceph.conf")]

    def _ceph(self, *words: str) -> str:
        return self.run(["ceph", *self._conf, "--connect-timeout", "5", *words])

    def _start_part(self, command: list[str], question: list[str], wanted: str) -> None:
        self.launch(
            [command[0], *self._conf, *command[1:], "-f"],
            lambda: re.search(wanted, self._ceph(*question).replace(":", "")) is not None,
        )
        assert self.process is not None
        self._parts.append(self.process)

    def _make_keys(self) -> None:
        keyring = str(self.folder / "keyring")
        everything = ["--cap", "mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *"]
        make = ["ceph-authtool", keyring, "--gen-key"]
        self.run([*make, "--create-keyring", "-n", "mon.", "--cap", "mon", "allow *"])
        self.run([*make, "-n", "client.admin", *everything])
        self.run([*make, "-n", "osd.0", "--cap", "mon", "allow profile osd", "--cap", "osd", "allow *"])
        place = f"[v2:127.0.0.1:{self._monitor},v1:127.0.0.1:{self._old_monitor}]"
        monmap = str(self.folder / "monmap")
        self.run(["monmaptool", "--create", "--fsid", self._fsid, "--addv", "a", place, monmap])
        self.run(["ceph-mon", *self._conf, "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring])

    def _configure(self) -> None:
        self._fsid = str(uuid4())
        for name in ("mon", "osd", "rgw", "run"):
            (self.folder / name).mkdir()
            self._own(self.folder / name)
        low, high = self._messenger
        settings = {
            "fsid": self._fsid,
            "mon_host": f"[v2:127.0.0.1:{self._monitor}/0,v1:127.0.0.1:{self._old_monitor}/0]",
            "public_addr": "127.0.0.1",
            "cluster_addr": "127.0.0.1",
            "auth_allow_insecure_global_id_reclaim": "true",
            "ms_bind_port_min": str(low),
            "ms_bind_port_max": str(high),
            "osd_pool_default_size": "1",
            "osd_pool_default_min_size": "1",
            "osd_pool_default_pg_num": "4",
            "mon_allow_pool_size_one": "true",
            "mon_max_pg_per_osd": "1000",
            "osd_crush_chooseleaf_type": "0",
            "run_dir": f"{self.folder}/run",
            "admin_socket": f"{self.folder}/run/$name.asok",
            "pid_file": "",
            "log_file": f"{self.folder}/$name.log",
            "crash_dir": str(self.folder),
            "keyring": f"{self.folder}/keyring",
            "mon_data": f"{self.folder}/mon",
            "osd_data": f"{self.folder}/osd",
            "rgw_data": f"{self.folder}/rgw",
            "osd_objectstore": "memstore",
            "memstore_device_bytes": "2G",
            "osd_memory_target": "900M",
            "rgw_frontends": f"beast endpoint=127.0.0.1:{self.port}",
            "rgw_thread_pool_size": "32",
            "mon_data_avail_crit": "1",
            "mon_data_avail_warn": "2",
        }
        self.write("ceph.conf", "[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()))
