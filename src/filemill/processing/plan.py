"""Which steps a file gets, by its type: every plan is a visible list, and says why it was chosen.

Not for: running steps (steps/run.py) or for when (jobs). A new kind of file is a new line here.
On failure: nothing fails; what no plan fits gets `other`, which only identifies.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from filemill.chassis.sandbox.outcome import Limits
from filemill.processing.steps import (
    archive_list,
    audio_video_probe,
    conversion,
    document_text,
    dominant_colours,
    identify,
    image_probe,
    image_renditions,
    image_text,
    loudness,
    media_poster,
    office_page,
    office_picture,
    pdf,
    pdf_page,
    perceptual_hash,
    plain_text,
    preview_sheet,
    programs,
    subtitles,
    vector_picture,
    video_preview,
    waveform,
)
from filemill.processing.steps.context import Step
from filemill.processing.steps.options import Options

# ffprobe, tesseract with its two threads, or LibreOffice, and one process to spare.
_HELPER_PROGRAMS = 2
# A drawing that takes longer is run again without being drawn; both together stay below what one file may take.
_DRAWING_S = 14
# ffmpeg has a thread for each part of what it does.
_MEDIA_PROGRAMS = 8
# Frames of 4K, some at once, and the encoder's own.
_MEDIA_MEMORY_BYTES = 3 << 29


@dataclass(frozen=True)
class Plan:
    """A named list of steps and the types it is for."""

    name: str
    steps: tuple[Step, ...]
    why: str
    limits: Limits = field(default_factory=Limits)


PICTURE = Plan(
    "picture",
    (identify, image_probe, image_renditions, dominant_colours, perceptual_hash, image_text, conversion),
    "a picture: its size and camera, a thumbnail, a preview, its colours, its fingerprint, words in it, other sizes on request",
    Limits(processes=_HELPER_PROGRAMS),
)
DRAWING = Plan(
    "drawing",
    (identify, vector_picture, dominant_colours, perceptual_hash, document_text),
    "a drawing: a picture of it, its colours, its words",
    Limits(cpu_s=_DRAWING_S, wall_s=_DRAWING_S),
)
PDF = Plan(
    "pdf",
    (identify, pdf, pdf_page, dominant_colours, image_text),
    "a PDF: text of each page, a picture of the first one and of others when asked for, words in scans",
    Limits(processes=_HELPER_PROGRAMS),
)
OFFICE = Plan(
    "office",
    (identify, document_text, image_text, office_picture, office_page, dominant_colours),
    "an office document: its words, those of its pictures if it has none, a picture of its first page, of others when asked",
    Limits(processes=_HELPER_PROGRAMS),
)
DOCUMENT = Plan("document", (identify, document_text), "a document: its words and what it says about itself")
TEXT = Plan("text", (identify, plain_text), "plain text: its words, charset and, for tables, columns")
ARCHIVE = Plan(
    "archive", (identify, archive_list), "an archive: the names and sizes in it; it is unpacked only when asked for"
)
MEDIA = Plan(
    "media",
    (
        identify,
        audio_video_probe,
        media_poster,
        dominant_colours,
        waveform,
        subtitles,
        loudness,
        preview_sheet,
        video_preview,
    ),
    "audio or video: length, codecs, chapters and tags; a picture, its sound drawn, its subtitles, a clip that plays anywhere",
    Limits(processes=_MEDIA_PROGRAMS, cpu_s=100, wall_s=110, memory_bytes=_MEDIA_MEMORY_BYTES),
)
# What a file of unknown kind is shows only inside the sandbox, where its limits are set already: they are those of every plan.
OTHER = Plan("other", (identify,), "no step knows this kind of file; it is kept and can be downloaded", MEDIA.limits)

PLANS = (PICTURE, DRAWING, PDF, OFFICE, DOCUMENT, TEXT, ARCHIVE, MEDIA, OTHER)

_PICTURES = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/apng",
        "image/webp",
        "image/gif",
        "image/tiff",
        "image/avif",
        "image/heic",
        "image/heif",
        "image/heic-sequence",
        "image/heif-sequence",
        "image/bmp",
        "image/vnd.adobe.photoshop",
        "image/x-icon",
        "image/x-targa",
        "image/jp2",
        "image/jpx",
        "image/jpm",
        "image/x-jp2-codestream",
        "image/x-portable-bitmap",
        "image/x-portable-graymap",
        "image/x-portable-pixmap",
        "image/x-portable-anymap",
        "image/x-portable-arbitrarymap",
    }
)
_DRAWINGS = frozenset({"image/svg+xml"})
ARCHIVES = frozenset(
    {
        "application/zip",
        "application/x-tar",
        "application/gzip",
        "application/x-bzip2",
        "application/x-xz",
        "application/zstd",
        "application/x-7z-compressed",
        "application/java-archive",
        "application/vnd.android.package-archive",
    }
)
_OFFICE = frozenset(
    {
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.ms-excel.sheet.binary.macroenabled.12",
        "application/x-cfb",  # what a document of before 2007 is until its content is looked at
        "application/rtf",
    }
)
_DOCUMENTS = frozenset(
    {
        "application/vnd.ms-outlook",
        "application/encrypted-ooxml",
        "application/epub+zip",
        "application/xml",
        "application/xhtml+xml",
        "message/rfc822",
        "text/html",
    }
)
_OFFICE_FAMILIES = ("application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument.")
_TEXTS = frozenset(
    {
        "application/json",
        "application/x-ndjson",
        "application/x-ipynb+json",
        "application/geo+json",
        "application/yaml",
        "application/toml",
        "application/sql",
        "application/javascript",
        "application/x-subrip",
        "application/csv",
    }
)


def plan_for(content_type: str, filename: str) -> Plan:  # noqa: ARG001  promised; no plan needs the name yet
    """Return the plan for a type; parameters (`; charset=...`) and case do not matter."""
    kind = content_type.split(";")[0].strip().lower()
    if kind in _PICTURES:
        return PICTURE
    if kind in _DRAWINGS:
        return DRAWING
    if kind == "application/pdf":
        return PDF
    if kind in _OFFICE or kind.startswith(_OFFICE_FAMILIES):
        return OFFICE
    if kind in _DOCUMENTS:
        return DOCUMENT
    if kind in ARCHIVES:
        return ARCHIVE
    if kind.startswith(("audio/", "video/")) or kind == "application/ogg":
        return MEDIA
    if kind in _TEXTS or kind.startswith("text/"):
        return TEXT
    return OTHER


@dataclass(frozen=True)
class StepFacts:
    """A step as it is shown to people. `missing`: programs it runs that are not installed here; it is skipped without them.

    `engine`: where one of several programs does the work, which one does it here; `off` if the settings say so.
    """

    name: str
    version: int
    purpose: str
    options: tuple[str, ...]
    programs: tuple[str, ...]
    missing: tuple[str, ...]
    engine: str | None = None


def facts_of(plan: Plan, options: Options) -> list[StepFacts]:
    """The steps of a plan in order, as they are on this machine with these options."""
    return [_facts(step, options) for step in plan.steps]


def _facts(step: Step, options: Options) -> StepFacts:
    needed: tuple[str, ...] = getattr(step, "PROGRAMS", ())
    choose: Callable[[Options], str | None] | None = getattr(step, "engine", None)
    engine = choose(options) if choose else None
    missing = () if engine else tuple(name for name in needed if programs.find(name) is None)
    return StepFacts(step.NAME, step.VERSION, _purpose(step), getattr(step, "OPTIONS", ()), needed, missing, engine)


def _purpose(step: Step) -> str:
    """The first sentence of the step's own words."""
    said = " ".join((step.__doc__ or "").split("\n\n")[0].split())
    return said.removeprefix("Step: ").partition(". ")[0].rstrip(".")
