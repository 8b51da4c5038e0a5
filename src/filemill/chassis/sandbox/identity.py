"""Who a child is: as root, an unprivileged user id of its own; as a normal user, that user.

A user id per running child keeps children of a root service from each other (signals, files, process count). Ids come
from a range Debian reserves for no one (65000 to 65499). Each zygote of the machine takes a block of 50 for itself: two
that shared an id would count each other's threads, and refuse a parser its own.
Not for: files (landlock.py). On failure: where ids cannot be changed (a container without the capability) the child
stays root without any capability, and the level says `user` is missing.
"""

import contextlib
import os
import socket
from pathlib import Path

from filemill.chassis.sandbox import linux

FIRST_UID = 65000
BLOCKS = 10
BLOCK_UIDS = 50


class UidBlock:
    """A block of user ids that no other zygote of this machine uses, for as long as this object lives."""

    def __init__(self) -> None:
        self._claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.uids = list(range(*self._bounds()))

    def close(self) -> None:
        """Let another zygote have the block."""
        self._claim.close()

    def _bounds(self) -> tuple[int, int]:
        for block in range(BLOCKS):
            try:
                # An abstract name belongs to whoever binds it first, and is free again when that process is gone.
                self._claim.bind(f"\0filemill/sandbox-uids/{block}")
            except OSError:
                continue
            return FIRST_UID + block * BLOCK_UIDS, FIRST_UID + (block + 1) * BLOCK_UIDS
        shared = FIRST_UID + os.getpid() % BLOCKS * BLOCK_UIDS  # more zygotes than blocks: better shared ids than none
        return shared, shared + BLOCK_UIDS


def is_root() -> bool:
    """Return whether this process may hope to change user ids."""
    return linux.IS_LINUX and os.geteuid() == 0


def hand_over(folder: Path, uid: int) -> None:
    """Give a work folder and what an earlier run left in it to `uid`; links are never followed."""
    os.chown(folder, uid, uid)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent, name), uid, uid, follow_symlinks=False)


def become(uid: int | None, *, read_everything: bool) -> None:
    """Give up root for `uid`, or (None) every capability; does nothing for a normal user.

    `read_everything` keeps the capability to read past file modes, because an interpreter below /root could not import
    otherwise; ask for it only when Landlock limits what there is to read.
    """
    if not is_root():
        return
    kept = (linux.CAP_DAC_READ_SEARCH,) if read_everything else ()
    with contextlib.suppress(PermissionError):  # a container without CAP_SETPCAP: only access(2) then says no too often
        # Without "no fixup" access(2) forgets the kept capability, and libvips asks it before it opens a file.
        linux.prctl(linux.PR_SET_SECUREBITS, linux.SECBIT_NOROOT | linux.SECBIT_NO_SETUID_FIXUP)
    if uid is not None:
        linux.prctl(linux.PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    try:
        linux.set_capabilities(*kept)
    except PermissionError:
        # A container may have withheld the capability we wanted to keep: then keep none.
        linux.set_capabilities()
