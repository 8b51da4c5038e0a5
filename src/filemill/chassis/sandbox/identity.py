"""Who a child is: as root, an unprivileged user id of its own; as a normal user, that user.

A user id per running child keeps children of a root service from each other (signals, files, process count). Ids come
from a range Debian reserves for no one (65000 to 65499); 500 children at once are more than any worker runs.
Not for: files (landlock.py). On failure: where ids cannot be changed (a container without the capability) the child
stays root without any capability, and the level says `user` is missing.
"""

import contextlib
import os
from pathlib import Path

from filemill.chassis.sandbox import linux

FIRST_UID = 65000
UID_COUNT = 500


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
