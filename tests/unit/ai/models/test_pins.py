"""Hashes that an operator vouches for: kept with the files, checked like any others, and said to be theirs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from filemill.ai.models import pinning, pins
from filemill.ai.models.pull_sources import FromPlace
from filemill.ai.models.pulling import PullFailed, check, pull
from filemill.ai.models.registry import PINNED, built_in_registry, open_registry
from filemill.ai.models.shelf import Shelf

FILES = {"config.json": b"{}", "preprocessor_config.json": b'{"size": 1}', "model.safetensors": bytes(4000)}
MODEL = "rtdetr-r18"


def entry_of(model_id: str = MODEL):
    model = built_in_registry().get(model_id)
    assert model is not None
    return model.entry


@pytest.fixture
def brought(tmp_path: Path) -> Path:
    folder = tmp_path / "brought"
    folder.mkdir()
    for name, body in FILES.items():
        (folder / name).write_bytes(body)
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    return folder


def pin(shelf: Shelf, brought: Path) -> None:
    found = pinning.found_in(entry_of(), brought)
    pull(found, shelf, FromPlace(brought), lambda *_: None)
    pinning.keep(found, shelf)


def test_pin_when_the_files_are_brought_then_they_are_the_manifest_from_then_on(tmp_path: Path, brought: Path) -> None:
    """Only the files that the entry names are taken; a changed one is found; whose hashes they are is said."""
    shelf = Shelf(tmp_path / "models")
    pin(shelf, brought)
    assert sorted(path.name for path in shelf.folder(entry_of()).iterdir() if path.name[0] != ".") == sorted(
        [*FILES, pins.PINS]
    )
    model = open_registry(shelf.root).get(MODEL)
    assert model is not None
    assert model.entry.pinned
    assert len(model.digest) == 64
    assert check(model.entry, shelf) == []
    assert model.reason == PINNED or "torch is not installed" in str(model.reason)
    (shelf.folder(entry_of()) / "config.json").write_bytes(b"[]")
    assert "SHA-256" in check(model.entry, shelf)[0]


def test_pin_when_it_makes_no_sense_then_one_line(tmp_path: Path, brought: Path) -> None:
    """An entry with hashes of its own is never overruled; what a model needs must be there."""
    with pytest.raises(PullFailed, match="hashes of its own"):
        pinning.found_in(entry_of("minilm-l6"), brought)
    with pytest.raises(PullFailed, match=r"and model\.safetensors is none"):
        pinning.found_in(entry_of(), brought / "model.safetensors")
    (brought / "model.safetensors").unlink()
    with pytest.raises(PullFailed, match=r"there is no model\.safetensors"):
        pinning.found_in(entry_of(), brought)


def _add(name: str) -> Callable[[dict], dict]:
    return lambda kept: {"files": [*kept["files"], {"name": name, "size_bytes": 4, "sha256": "0" * 64}]}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _kept: [],
        lambda kept: {"files": kept["files"][:1]},
        _add("pytorch_model.bin"),
        _add("../config.json"),
        lambda kept: {"files": [row | {"sha256": "abc"} for row in kept["files"]]},
    ],
    ids=["a list", "too few", "pickle", "a path", "no hash"],
)
def test_pins_when_somebody_wrote_nonsense_then_they_are_shown_as_broken_and_count_as_none(
    tmp_path: Path, brought: Path, spoil: Callable[[dict], object]
) -> None:
    """They add no file to a model, and stop no other."""
    shelf = Shelf(tmp_path / "models")
    pin(shelf, brought)
    path = shelf.folder(entry_of()) / pins.PINS
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    registry = open_registry(shelf.root)
    model = registry.get(MODEL)
    assert model is not None
    assert (model.state, model.entry.pinned, [one.name for one in registry.broken]) == (
        "needs-download",
        False,
        [MODEL],
    )
