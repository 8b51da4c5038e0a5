"""The small calls of the client, as steps: look, list, search, wait, delete, restore."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from filemill.client.errors import MillError
from filemill.client.file import File, Version
from filemill.client.patience import ask_again
from filemill.client.steps import Call, Pause, Steps, ask

FILES = "/api/upload/files"
KNOWN = "/api/metadata/files"
PAGE = 100
LOOK_FIRST_S, LOOK_MOST_S = 0.1, 1.0


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list; `next_cursor` is None on the last."""

    items: list[Mapping[str, Any]]
    next_cursor: str | None


def page(path: str, params: Mapping[str, str | None], cursor: str | None) -> Steps[Page]:
    """One page."""
    told = {name: value for name, value in params.items() if value is not None} | {"limit": str(PAGE)}
    answer = yield from ask_again(Call("GET", path, told | ({"cursor": cursor} if cursor else {})))
    document = answer.json()
    try:
        return Page(list(document["items"]), document["next_cursor"])
    except (KeyError, TypeError) as error:
        raise MillError("not-a-filemill", "what answers there is not a filemill; see FILEMILL_URL") from error


def get(file_id: str) -> Steps[File]:
    """Everything known of a file."""
    answer = yield from ask_again(Call("GET", f"{KNOWN}/{file_id}"))
    return File.of(answer.json())


def wait(file_id: str, timeout_s: float) -> Steps[File]:
    """Look until the file is done."""
    until_s, pause_s = time.monotonic() + timeout_s, LOOK_FIRST_S
    while True:
        try:
            file = yield from get(file_id)
            if file.is_done:
                return file
        except MillError as error:
            if not error.retryable:
                raise
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            detail = f"not done after {timeout_s:g} s; it goes on, see `filemill trace {file_id}`"
            raise MillError("timeout", detail, retryable=True)
        yield Pause(min(pause_s, left_s))
        pause_s = min(LOOK_MOST_S, pause_s * 1.5)


def delete(file_id: str, *, purge: bool) -> Steps[str | None]:
    """Returns the id of the purge, if one was asked for."""
    answer = yield from ask(Call("DELETE", f"{FILES}/{file_id}", {"purge": "true"} if purge else {}))
    return str(answer.json()["purge_id"]) if purge else None


def restore(file_id: str) -> Steps[File]:
    """Out of the trash."""
    answer = yield from ask(Call("POST", f"{FILES}/{file_id}/restore"))
    return File.of(answer.json())


def versions(file_id: str) -> Steps[list[Version]]:
    """Every version, newest first."""
    found: list[Version] = []
    cursor: str | None = None
    while True:
        one = yield from page(f"{FILES}/{file_id}/versions", {}, cursor)
        found += [Version.of(item) for item in one.items]
        cursor = one.next_cursor
        if cursor is None:
            return found


def similar(file_id: str, limit: int) -> Steps[list[File]]:
    """The nearest first."""
    answer = yield from ask_again(Call("GET", f"{KNOWN}/{file_id}/similar", {"limit": str(limit)}))
    return [File.of(item) for item in answer.json()["items"]]


def search_params(
    words: str, type_: str | None, tag: str | None, status: str | None, sort: str | None, mode: str | None
) -> dict[str, str | None]:
    """The query of a search."""
    return {"q": words or None, "type": type_, "tag": tag, "status": status, "sort": sort, "mode": mode}
