"""Starting a helper program (ffprobe, tesseract) from inside a confined child.

The program inherits every wall. Not for: use outside a child. On failure: OSError when it cannot start;
`subprocess.TimeoutExpired` when it is too slow; it dies with the child in any case.
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from filemill.chassis.sandbox import linux


def run_program(
    arguments: Sequence[str],
    *,
    work_dir: Path,
    timeout_s: float,
    output_max_bytes: int = 4 << 20,
    environment: Mapping[str, str] | None = None,
) -> tuple[int, bytes, bytes]:
    """Run a program without a shell and return its exit status, standard output and standard error (both cut).

    `environment` is added to the child's own.
    """
    with (work_dir / ".out").open("w+b") as out, (work_dir / ".err").open("w+b") as err:
        completed = subprocess.run(
            list(arguments),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=work_dir,
            env={**os.environ, **(environment or {})},
            timeout=timeout_s,
            check=False,
            preexec_fn=_die_with_the_child,
        )
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read(output_max_bytes))
    for name in (".out", ".err"):
        (work_dir / name).unlink()
    return completed.returncode, texts[0], texts[1]


def _die_with_the_child() -> None:
    if linux.IS_LINUX:
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
