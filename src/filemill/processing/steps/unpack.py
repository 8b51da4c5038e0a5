"""What the sandbox does to unpack a file: the attachments of a mail, or entries of an archive, as files of the work folder.

Request: `content_type` as it was found out, `filename`, `unpack`: `{"bounds": fields of Bounds, "paths": [...] | None}`.
Not for: what a run of a plan finds out (run.py). On failure: the answer has a code and no parts.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from filemill.processing.steps import archive_contents, mail_parts, outlook_parts
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.taking import Bounds, NotTaken, Taken, Taking

MAIL = "message/rfc822"
MAILS = {MAIL: mail_parts, "application/vnd.ms-outlook": outlook_parts}
"""Types whose attachments are taken out without being asked for, and what reads them."""


def run(
    request: dict[str, Any], work_dir: Path, source: Path, report: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Unpack one file; called in the confined child."""
    asked = request["unpack"]
    kind = str(request["content_type"])
    taking = Taking(work_dir, Bounds(**asked["bounds"]), asked["paths"], report)
    try:
        if kind in MAILS:
            _mail(MAILS[kind].contents(source), taking)
        else:
            archive_contents.take(StepContext(source, work_dir, str(request["filename"]), kind, kind), taking)
        return dict(taking.result())
    except NotTaken as error:
        nothing: Taken = {"parts": [], "left_out": 0, "code": error.code, "detail": error.detail}
        return dict(nothing)


def _mail(attachments: Iterator[tuple[str, str, bytes]], taking: Taking) -> None:
    """Nobody asked, so what is too much is left out instead of refusing all."""
    try:
        for number, (name, content_type, content) in enumerate(attachments):
            if taking.is_full:
                taking.left_out += 1
                continue
            path = f"{number + 1}/{name}"
            if taking.wants(path):
                taking.take(number, path, content_type, [content])
    except ValueError as error:
        raise NotTaken("unreadable-mail", f"No attachment could be taken out: {error}.") from error
