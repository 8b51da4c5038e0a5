"""`filemill upload`: send files and folders, with a progress bar, retries that cannot make doubles, and `--wait`."""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import stamina
import stamina.instrumentation
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from filemill.cli import screen
from filemill.cli.api import Api, CallFailed

CHUNK_BYTES = 1024 * 1024
TRIES = 4
LOOK_EVERY_S = 0.2

stamina.instrumentation.set_on_retry_hooks([])  # a person sees the progress bar, and at the end what went wrong


@dataclass(frozen=True, slots=True)
class Sent:
    """How one file ended: `document` is the last that was seen of it."""

    path: Path
    document: dict[str, Any] | None
    error: str | None

    @property
    def ended_well(self) -> bool:
        return self.error is None and self.document is not None and self.document["status"] != "failed"


def files_below(paths: list[Path]) -> list[Path]:
    """Every file named, and every file in the folders named. Raises `CallFailed` for a path that is not there."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(inner for inner in path.rglob("*") if inner.is_file())
        elif path.is_file():
            found.append(path)
        else:
            raise CallFailed(f"there is no file {path}")
    if not found:
        raise CallFailed("there are no files in what was named")
    return found


def upload_all(api: Api, paths: list[Path], *, wait_s: float | None, as_json: bool) -> list[Sent]:
    """Send each file; with `wait_s` wait until each is processed and analysed, at most so long per file."""
    results = []
    with _progress(visible=not as_json) as bars:
        for path in paths:
            bar = bars.add_task(path.name, total=path.stat().st_size)
            result = _upload_one(api, path, lambda done, bar=bar: bars.update(bar, completed=done))  # type: ignore[misc]
            if result.error is None and result.document is not None and wait_s is not None:
                bars.update(bar, description=f"{path.name} · processing")
                result = _wait(api, result, wait_s)
            bars.update(bar, description=path.name)
            results.append(result)
            _report(result, bars, bar, as_json=as_json, waited=wait_s is not None)
    return results


def _progress(*, visible: bool) -> Progress:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=screen.err, disable=not (visible and screen.err.is_terminal), transient=True)


def _upload_one(api: Api, path: Path, seen: Callable[[int], None]) -> Sent:
    key = str(uuid.uuid4())
    try:
        for attempt in stamina.retry_context(on=_worth_a_retry, attempts=TRIES, wait_initial=0.3, wait_max=5.0):
            with attempt:
                document = api.put_file(path.name, path.stat().st_size, _chunks(path, seen), key)
        return Sent(path, document, None)
    except CallFailed as error:
        return Sent(path, None, str(error))
    except OSError as error:
        return Sent(path, None, f"cannot read it: {error.strerror}")


def _worth_a_retry(error: Exception) -> bool:
    return isinstance(error, CallFailed) and error.retryable


def _chunks(path: Path, seen: Callable[[int], None]) -> Iterator[bytes]:
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
            done += len(chunk)
            seen(done)


def _wait(api: Api, sent: Sent, most_s: float) -> Sent:
    assert sent.document is not None
    until_s = time.monotonic() + most_s
    path = f"/api/metadata/files/{sent.document['file_id']}"
    document = sent.document
    while time.monotonic() < until_s:
        try:
            document = api.get(path)
        except CallFailed as error:
            if not error.retryable:
                return Sent(sent.path, document, str(error))
        if document["status"] in ("processed", "failed", "quarantined") and document["analysis"] != "pending":
            return Sent(sent.path, document, None)
        time.sleep(LOOK_EVERY_S)
    why = f"not done after {most_s:g} s; it goes on, see `filemill trace {document['file_id']}`"
    return Sent(sent.path, document, why)


def _report(sent: Sent, bars: Progress, bar: TaskID, *, as_json: bool, waited: bool) -> None:
    bars.remove_task(bar)
    if as_json:
        screen.json_line({"path": str(sent.path), "error": sent.error, "file": sent.document})
        return
    if sent.document is None:
        screen.fail(f"{sent.path}: {sent.error}")
        return
    document = sent.document
    screen.say(
        f"{sent.path.name}  {document['file_id']}  {screen.size(document['size'])}  ", screen.state(document["status"])
    )
    if document["status_reason"]:
        screen.say(f"    {document['status_reason']['detail']}")
    if waited:
        for line in found_lines(document):
            screen.say(f"    {line}")
    if sent.error:
        screen.fail(f"{sent.path}: {sent.error}")


def found_lines(document: dict[str, Any]) -> list[str]:
    """What was found in a file, a line each."""
    lines = []
    text = document.get("text") or {}
    if text.get("state") == "found":
        lines.append(f"text: {text['characters']} characters on {text['pages']} page{'s' * (text['pages'] != 1)}")
    elif text.get("state"):
        lines.append(f"text: {text['state']}" + (f" ({text['reason']['detail']})" if text.get("reason") else ""))
    if document.get("renditions"):
        lines.append("pictures: " + ", ".join(one["name"] for one in document["renditions"]))
    for finding in document.get("findings", []):
        if finding["state"] == "done":
            lines.append(f"{finding['capability']}: {brief(finding['result'])}{_confidence(finding)}")
    if document.get("analysis_reason"):
        lines.append(f"analysis {document['analysis']}: {document['analysis_reason']['detail']}")
    return lines


def brief(result: Any) -> str:
    """A finding's result in a line."""
    if isinstance(result, dict):
        for name in ("summary", "keywords", "codes", "text", "class", "label", "value", "language"):
            if result.get(name):
                return brief(result[name])
        parts = [f"{name} {brief(value)}" for name, value in result.items() if value not in (None, [], {}, "", False)]
        return "; ".join(parts)[:200]
    if isinstance(result, list):
        return ", ".join(brief(one) for one in result[:6]) + (", …" if len(result) > 6 else "")
    return str(result)


def _confidence(finding: dict[str, Any]) -> str:
    value = finding.get("confidence")
    return f" ({value:.0%}, {finding.get('quality', '')})" if isinstance(value, float) else ""
