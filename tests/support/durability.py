"""Checks in a trace that everything an answer promises was on the disk before the answer was sent."""

from collections.abc import Sequence
from pathlib import Path

from support.strace import SYNCS, WRITES, Call


def answers(calls: Sequence[Call]) -> list[Call]:
    """The 201 answers, in order."""
    return [call for call in calls if "HTTP/1.1 201" in call.text]


def not_durable(calls: Sequence[Call], data_dir: Path, answer: int) -> list[str]:
    """What was not synced when the `answer`-th 201 was sent; empty if everything was, in the right order."""
    sent = answers(calls)
    since = sent[answer - 1].ended if answer else 0
    before = [call for call in calls if call.ended < sent[answer].began]
    window = [call for call in before if call.began > since]
    wrong, blob_at = _blob(window, data_dir)
    row_at = _synced_after(window, data_dir / "databases" / "upload.db-wal", blob_at)
    if row_at is None:
        wrong.append("the row was not synced after the blob and before the answer")
    return wrong + _folders(before, data_dir)


def resumed_not_durable(calls: Sequence[Call], data_dir: Path) -> list[str]:
    """As `not_durable`, for one upload by tus: what each 204 promises, and the last one, which makes the file."""
    sent = [call for call in calls if "HTTP/1.1 204" in call.text]
    wrong, since = [], 0
    for at, answer in enumerate(sent, 1):
        window = [call for call in calls if call.began > since and call.ended < answer.began]
        since = answer.ended
        unfinished = str(data_dir / "store" / "unfinished")
        pieces = [path for call in window if call.name in WRITES for path in call.paths if path.startswith(unfinished)]
        durable_at = _synced_after(window, Path(pieces[0]), -1) if pieces else None
        if durable_at is None:
            wrong.append(f"answer {at}: the bytes were not synced")
        if _synced_after(window, data_dir / "databases" / "upload.db-wal", durable_at or -1) is None:
            wrong.append(f"answer {at}: the row was not synced after the bytes")
        if at == 1 and pieces and not _folder_synced(window, pieces[0], -1):
            wrong.append("the name of the unfinished file was not synced")
        if at == len(sent):
            wrong += _adopted(window, data_dir)
    return wrong + _folders([call for call in calls if call.ended < sent[-1].began], data_dir)


def _adopted(window: Sequence[Call], data_dir: Path) -> list[str]:
    blobs = str(data_dir / "store" / "blobs")
    links = [call for call in window if call.name.startswith("link") and call.paths[-1].startswith(blobs)]
    if len(links) != 1:
        return ["the body did not become a blob"]
    folder_at = _folder_synced(window, links[0].paths[-1], links[0].ended)
    if not folder_at:
        return ["the folder of the blob was not synced"]
    if _synced_after(window, data_dir / "databases" / "upload.db-wal", folder_at) is None:
        return ["the file's row was not synced after the blob"]
    return []


def _folder_synced(window: Sequence[Call], path: str, after: int) -> int:
    """When the folder of a file was synced, after a moment; 0 if it was not."""
    folder = str(Path(path).parent)
    found = [call.ended for call in window if call.name in SYNCS and folder in call.paths and call.began > after]
    return min(found, default=0)


def _blob(window: Sequence[Call], data_dir: Path) -> tuple[list[str], int]:
    """(what is wrong with the blob, when it was durable)."""
    blobs = str(data_dir / "store" / "blobs")
    moves = [call for call in window if call.name.startswith("rename") and call.paths[-1].startswith(blobs)]
    if not moves:
        at = _synced_after(window, data_dir / "store" / "small.db-wal", -1)
        return ([], at) if at is not None else (["the small body was not synced before the answer"], -1)
    (move,) = moves
    source, target = move.paths
    wrong = []
    written = max(call.ended for call in window if call.name in WRITES and source in call.paths)
    if not any(call.name in SYNCS and source in call.paths and written < call.began < move.began for call in window):
        wrong.append("the body was not synced before it was moved to its place")
    folder = str(Path(target).parent)
    synced = [call.ended for call in window if call.name in SYNCS and folder in call.paths and call.began > move.ended]
    if not synced:
        wrong.append("the folder of the body was not synced after the move")
    return wrong, min(synced, default=-1)


def _synced_after(window: Sequence[Call], path: Path, after: int) -> int | None:
    """When a write to `path` that began after `after` was synced."""
    written = [call.ended for call in window if call.name in WRITES and str(path) in call.paths and call.began > after]
    if not written:
        return None
    synced = [
        call.ended for call in window if call.name in SYNCS and str(path) in call.paths and call.began > written[0]
    ]
    return min(synced, default=None)


def _folders(before: Sequence[Call], data_dir: Path) -> list[str]:
    """New folders on the way to what must be kept, whose own entry was not synced."""
    wrong = []
    for call in before:
        if not call.name.startswith("mkdir"):
            continue
        made = Path(call.paths[-1])
        kept = made == data_dir or any(made.is_relative_to(data_dir / name) for name in ("databases", "store"))
        if not kept or made.name == "partial":
            continue
        parent = str(made.parent)
        if not any(one.name in SYNCS and parent in one.paths and one.began > call.ended for one in before):
            wrong.append(f"the new folder {made.relative_to(data_dir.parent)} was not synced into its parent")
    return wrong
