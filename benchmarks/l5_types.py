"""L5: what a file is, for every common extension of the corpus: share recognised, mean of the extensions, and the time.

Anchor: bare libmagic with the same database, on the same files, in the same process. A file counts as recognised if what is
said is one of the names in use for its extension. Files that their test suite calls by a false extension on purpose are in
it, for both sides. Ours also looks into containers and at the name; libmagic never sees a name.
"""

import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anchor_environment
import corpus
from corpus import Sample

ROUNDS = 5
GOAL_SHARE, GOAL_TIME = 0.95, 1.5

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_SLIDE = "application/vnd.openxmlformats-officedocument.presentationml."
_ODF = "application/vnd.oasis.opendocument."
KNOWN_AS: dict[str, frozenset[str]] = {
    f".{extension}": frozenset(names.split())
    for extension, names in {
        "png": "image/png image/apng",
        "jpg": "image/jpeg",
        "jpeg": "image/jpeg",
        "tif": "image/tiff",
        "tiff": "image/tiff",
        "bmp": "image/bmp image/x-ms-bmp",
        "gif": "image/gif",
        "webp": "image/webp",
        "psd": "image/vnd.adobe.photoshop",
        "tga": "image/x-targa image/x-tga",
        "ico": "image/x-icon image/vnd.microsoft.icon",
        "jp2": "image/jp2 image/jpx",
        "heic": "image/heic image/heif image/heic-sequence",
        "heif": "image/heif image/heic image/heif-sequence image/heic-sequence image/avif",
        "avif": "image/avif image/avif-sequence",
        "svg": "image/svg+xml",
        "pbm": "image/x-portable-bitmap",
        "pgm": "image/x-portable-graymap image/x-portable-greymap",
        "ppm": "image/x-portable-pixmap",
        "pdf": "application/pdf",
        "docx": f"{_WORD}document",
        "xlsx": f"{_SHEET}sheet",
        "pptx": f"{_SLIDE}presentation",
        "doc": "application/msword",
        "xls": "application/vnd.ms-excel",
        "ppt": "application/vnd.ms-powerpoint",
        "xlsb": "application/vnd.ms-excel.sheet.binary.macroenabled.12",
        "msg": "application/vnd.ms-outlook",
        "odt": f"{_ODF}text",
        "ods": f"{_ODF}spreadsheet",
        "odp": f"{_ODF}presentation",
        "rtf": "application/rtf text/rtf",
        "zip": "application/zip",
        "tar": "application/x-tar",
        "rar": "application/x-rar application/x-rar-compressed application/vnd.rar",
        "mp3": "audio/mpeg",
        "flac": "audio/flac audio/x-flac",
        "wav": "audio/wav audio/x-wav",
        "m4a": "audio/mp4 audio/x-m4a",
        "mp4": "video/mp4 audio/mp4",
        "ogg": "audio/ogg video/ogg application/ogg",
        "aif": "audio/x-aiff audio/aiff",
        "wma": "video/x-ms-asf audio/x-ms-wma application/vnd.ms-asf",
        "csv": "text/csv application/csv",
        "json": "application/json",
        "html": "text/html",
        "xml": "application/xml text/xml",
        "md": "text/markdown",
        "yaml": "application/yaml text/yaml",
        "txt": "text/plain",
    }.items()
}


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    samples = corpus.samples(KNOWN_AS)
    if not samples:
        return [anchor_environment.missing_row("L5", "types recognised", "its corpus", f">= {GOAL_SHARE}", "share")]
    ours, anchor = _mean(samples, _identify, tell=True), _mean(samples, _libmagic)
    ours_ms, anchor_ms = _time_ms(samples)
    of = f"{len(samples)} files of {len({one.suffix for one in samples})} extensions"
    ratio = round(ours_ms / anchor_ms, 2)
    return [
        {
            "id": "L5",
            "work": f"type of {of}: mean share recognised",
            "anchor_is": "bare libmagic",
            "goal": f">= {GOAL_SHARE}",
            "met": ours >= GOAL_SHARE,
            "ours": round(ours, 4),
            "anchor": round(anchor, 4),
            "ratio": round(ours / anchor, 3),
            "unit": "share",
        },
        {
            "id": "L5-time",
            "work": "the same: processor time a file",
            "anchor_is": "bare libmagic",
            "goal": f"ratio <= {GOAL_TIME}",
            "met": ratio <= GOAL_TIME,
            "ours": ours_ms,
            "anchor": anchor_ms,
            "ratio": ratio,
            "unit": "cpu-ms",
        },
    ]


def _identify(sample: Sample) -> str:
    from filemill.processing.steps import identify
    from filemill.processing.steps.context import StepContext

    context = StepContext(sample.path, Path(), Path(sample.name).name, "", "")
    identify.run(context)
    return context.content_type


def _libmagic(sample: Sample) -> str:
    from filemill.processing.steps.libmagic import detector

    return str(detector().from_file(str(sample.path)))


def _mean(samples: list[Sample], ask: Callable[[Sample], str], *, tell: bool = False) -> float:
    right: dict[str, list[bool]] = defaultdict(list)
    for sample in samples:
        said = ask(sample)
        right[sample.suffix].append(said in KNOWN_AS[sample.suffix])
        if tell and not right[sample.suffix][-1]:
            print(f"{sample.package}/{sample.name}: {said}", file=sys.stderr)
    return statistics.mean(statistics.mean(one) for one in right.values())


def _time_ms(samples: list[Sample]) -> tuple[float, float]:
    """Processor time a file, of each side, in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for side, ask in zip(times, (_identify, _libmagic), strict=True):
            began_s = time.process_time()
            for sample in samples:
                ask(sample)
            side.append((time.process_time() - began_s) / len(samples) * 1000)
    return round(statistics.median(times[0]), 3), round(statistics.median(times[1]), 3)


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
