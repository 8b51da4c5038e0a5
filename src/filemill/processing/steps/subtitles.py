"""Step: the words of subtitles inside a video, one page for each language, so that what is said can be found.

Subtitles that are pictures (DVD, Blu-ray) are told as such. On failure: `skipped` with `no-subtitles` or `picture-subtitles`.
"""

import re

from filemill.processing.steps import ffmpeg, text_pages
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import DONE, StepEnd

NAME = "subtitles"
VERSION = 1
PROGRAMS = ("ffmpeg",)

_TIMEOUT_S = 15.0
_STREAMS_MAX = 10
_READ_MAX_BYTES = 4 << 20
_PICTURES = frozenset({"dvd_subtitle", "hdmv_pgs_subtitle", "dvb_subtitle", "xsub"})
_TIMES = re.compile(r"^\d+\n\d\d+:\d\d:\d\d,\d{3} --> .*$\n?", re.MULTILINE)
_MARKS = re.compile(r"</?[a-zA-Z][^>\n]{0,100}>|\{\\[^}\n]{0,100}\}")
_NONE = StepEnd("skipped", "no-subtitles", "There are no subtitles in it.")
_ONLY_PICTURES = StepEnd("skipped", "picture-subtitles", "Its subtitles are pictures, whose words are not read.")
_EMPTY = StepEnd("empty", "no-text", "The subtitles have no words.")


def run(context: StepContext) -> StepEnd:
    """Set the pages."""
    found = ffmpeg.streams(context, "subtitle")
    texts = [at for at, one in enumerate(found) if one.get("codec") not in _PICTURES][:_STREAMS_MAX]
    if not texts:
        return _ONLY_PICTURES if found else _NONE
    names = {at: f"subtitle-{at}.srt" for at in texts}
    options = [
        word for at, name in names.items() for word in ("-map", f"0:s:{at}", "-c:s", "srt", "-f", "srt", "-y", name)
    ]
    ffmpeg.convert(context, options, timeout_s=_TIMEOUT_S)
    pages = [text_pages.Page(number, _words(context, name)) for number, name in enumerate(names.values(), 1)]
    pages, cut = text_pages.bounded(pages)
    if cut:
        context.properties["text_truncated"] = True
    if not text_pages.has_words(pages):
        context.text_state = "empty"
        return _EMPTY
    context.pages, context.text_state = pages, "found"
    context.properties["text_by"] = "subtitles"
    return DONE


def _words(context: StepContext, name: str) -> str:
    """The lines that are spoken, each once where the next repeats it."""
    path = context.work_dir / name
    if not path.exists():
        return ""
    with path.open("rb") as file:
        text = file.read(_READ_MAX_BYTES).decode("utf-8", "replace").replace("\r\n", "\n")
    path.unlink()
    lines = [line.strip() for line in _MARKS.sub("", _TIMES.sub("", text)).split("\n")]
    spoken = [line for line in lines if line]
    return text_pages.clean("\n".join(line for at, line in enumerate(spoken) if at == 0 or line != spoken[at - 1]))
