"""A page of an office document, drawn by LibreOffice where it is installed, as a PDF of one page.

LibreOffice runs as a helper program of the confined child (office_kit.py), with a profile that is gone afterwards. Not for:
what becomes of the page (office_picture.py, office_page.py). On failure: `StepError`: `needs-libreoffice`,
`office-drawing-off`, `too-large-to-draw`, `too-slow`, `not-drawn`.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from filemill.chassis.sandbox.programs import run_program
from filemill.processing.steps import office_kit, programs
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.options import Options
from filemill.processing.steps.results import StepEnd, StepError

PROGRAM = "soffice"
OFF = "off"

# A page takes one to two seconds of processor time, most of it for the start.
_TIMEOUT_S = 18.0
# Of the 30 seconds that a run may take: its end needs some.
_RUN_S = 27.0
_SOURCE_MAX_BYTES = 64 << 20
_NEEDS = StepEnd(
    "skipped",
    "needs-libreoffice",
    "Pages of office documents are drawn by LibreOffice (apt install libreoffice-writer-nogui libreoffice-calc-nogui "
    "libreoffice-impress-nogui); then process the file again.",
)
_OFF = StepEnd(
    "skipped", "office-drawing-off", "Drawing office documents is switched off (FILEMILL_OFFICE_ENGINE=off)."
)
_TOO_LARGE = StepEnd("unsupported", "too-large-to-draw", "The document is too large for its pages to be drawn.")
_TOO_SLOW = StepEnd("failed", "too-slow", "Drawing the page took longer than the time there is for it.")
_NOT_DRAWN = StepEnd(
    "failed", "not-drawn", "LibreOffice could not draw this page: the document is damaged, or has no such page."
)


def is_there(options: Options) -> bool:
    """Whether pages can be drawn here."""
    return options.office_engine != OFF and programs.find(PROGRAM) is not None


def draw(context: StepContext, number: int) -> Path:
    """The page of this number, from 1, as a PDF in the work folder; the caller removes it."""
    if context.options.office_engine == OFF:
        raise StepError(_OFF)
    found = programs.find(PROGRAM)
    if found is None:
        raise StepError(_NEEDS)
    if context.source.stat().st_size > _SOURCE_MAX_BYTES:
        raise StepError(_TOO_LARGE)
    room, target = context.work_dir / "office", context.work_dir / f"page-{number}.pdf"
    room.mkdir()
    try:
        _run(Path(found).resolve().parent, context, room, target, number)
    finally:
        shutil.rmtree(room, ignore_errors=True)
    if not target.exists() or target.stat().st_size == 0:
        raise StepError(_NOT_DRAWN)
    return target


def _run(program_dir: Path, context: StepContext, room: Path, target: Path, number: int) -> None:
    environment = {
        "FILEMILL_OFFICE_SOURCE": context.source.as_uri(),
        "FILEMILL_OFFICE_TARGET": target.as_uri(),
        "FILEMILL_OFFICE_PAGES": str(number),
        "HOME": str(room),
        "TMPDIR": str(room),
        "XDG_CACHE_HOME": str(room),
        "SAL_USE_VCLPLUGIN": "svp",  # no desktop, whatever DISPLAY says
    }
    arguments = [sys.executable, "-I", "-S", office_kit.__file__, str(program_dir), str(room / "profile")]
    timeout_s = max(0.0, min(_TIMEOUT_S, _RUN_S - context.ran_s()))
    try:
        status, _, _ = run_program(arguments, work_dir=room, timeout_s=timeout_s, environment=environment)
    except subprocess.TimeoutExpired as error:
        target.unlink(missing_ok=True)
        raise StepError(_TOO_SLOW) from error
    except OSError as error:  # the file came as a type whose plan may not start programs
        raise StepError(_NOT_DRAWN) from error
    if status != 0:  # what it wrote may be a part
        target.unlink(missing_ok=True)
