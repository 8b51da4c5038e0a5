"""Starting a helper program (ffmpeg, tesseract) from inside a confined child.

The program inherits every wall. Not for: use outside a child. On failure: OSError when it cannot start;
`subprocess.TimeoutExpired` when it is too slow; it dies with the child in any case.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from filemill.chassis.sandbox import linux

_LOOK_EVERY_S = 0.25
_LOOK_BYTES = 4096


def run_program(
    arguments: Sequence[str],
    *,
    work_dir: Path,
    timeout_s: float,
    output_max_bytes: int = 4 << 20,
    environment: Mapping[str, str] | None = None,
    on_output: Callable[[bytes], None] | None = None,
) -> tuple[int, bytes, bytes]:
    """Run a program without a shell and return its exit status, standard output and standard error (both cut).

    `environment` is added to the child's own; `on_output` hears the end of the output so far, some times a second.
    """
    with (work_dir / ".out").open("w+b") as out, (work_dir / ".err").open("w+b") as err:
        process = subprocess.Popen(
            list(arguments),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=work_dir,
            env={**os.environ, **(environment or {})},
            preexec_fn=_die_with_the_child,
        )
        try:
            status = _wait(process, timeout_s, (lambda: on_output(_end_of(out))) if on_output else None)
        finally:
            process.kill()
            process.wait()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read(output_max_bytes))
    for name in (".out", ".err"):
        (work_dir / name).unlink()
    return status, texts[0], texts[1]


def _wait(process: "subprocess.Popen[bytes]", timeout_s: float, look: Callable[[], None] | None) -> int:
    """The exit status. Raises `subprocess.TimeoutExpired`."""
    ends_at_s = time.monotonic() + timeout_s
    while True:
        left_s = max(0.0, ends_at_s - time.monotonic())
        try:
            return process.wait(min(left_s, _LOOK_EVERY_S) if look else left_s)
        except subprocess.TimeoutExpired:
            if look is None or time.monotonic() >= ends_at_s:
                raise
        look()


def _end_of(file: BinaryIO) -> bytes:
    """Read beside the program's own position, which the descriptor shares."""
    size_bytes = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), _LOOK_BYTES, max(0, size_bytes - _LOOK_BYTES))


def _die_with_the_child() -> None:
    if linux.IS_LINUX:
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
