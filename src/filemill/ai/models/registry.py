"""Which models there are for each capability, and in what state: the answer to `GET /models` and to "who said this?".

Not for running or fetching models. A model that is not on this machine is `needs-download`, a broken one `failed` with
its reason; the service's health never depends on either. The shelf is looked at when somebody asks, so a pulled model is
there without a restart.
"""

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filemill.ai.models.entry import ModelEntry, read_entry
from filemill.ai.models.pins import with_pins
from filemill.ai.models.shelf import Broken, Shelf

ModelState = Literal["ready", "loaded", "needs-download", "downloading", "failed", "disabled"]

ENTRIES = Path(__file__).parent / "entries"
USABLE: frozenset[ModelState] = frozenset({"ready", "loaded"})
NO_MANIFEST = (
    "its manifest has no verified SHA-256, so nothing is fetched; with files of your own: "
    "`filemill models pull {id} --from FOLDER --pin`"
)
PINNED = "Its hashes are those that an operator pinned, not ones that came with filemill."
RUN_BY: Mapping[str, frozenset[str]] = {
    "onnxruntime": frozenset({"embeddings", "objects"}),
    "transformers": frozenset({"captions", "classification", "names", "objects", "sentiment"}),
}
"""Which capabilities a runtime can serve in this version."""
FAILED_FOR_S = 600.0
"""A model that failed is tried again after this: what was in its way may have gone."""
NOWHERE = Shelf(Path("/nonexistent"))


@dataclass(frozen=True)
class Model:
    """A registry entry with its state now; `reason` says why it is not `ready`."""

    entry: ModelEntry
    state: ModelState
    reason: str | None = None
    digest: str = ""
    """SHA-256 of what the model is made of (see `ModelEntry.digest`), or "" when its files are not known."""

    @property
    def usable(self) -> bool:
        """Whether the capability can run with this model now."""
        return self.state in USABLE

    @property
    def pull_command(self) -> str | None:
        """The command that fetches the model, or None for one that comes with filemill."""
        return None if self.entry.built_in else self.entry.pull_command

    def as_json(self) -> dict[str, object]:
        """Return the model as `GET /models` shows it."""
        entry = self.entry
        return {
            "id": entry.id,
            "capability": entry.capability,
            "title": entry.title,
            "version": entry.version,
            "digest": self.digest or None,
            "state": self.state,
            "reason": self.reason,
            "command": self.pull_command,
            "runtime": entry.runtime,
            "quality": entry.quality,
            "rank": entry.rank,
            "languages": list(entry.languages),
            "licence": entry.licence,
            "device": entry.device,
            "size_bytes": entry.size_bytes,
            "memory_bytes": entry.memory_bytes,
            "files": [
                {"name": file.name, "size_bytes": file.size_bytes, "sha256": file.sha256} for file in entry.shelf_files
            ],
            "note": entry.note,
        }


class Registry:
    """All models by capability, best first."""

    def __init__(
        self,
        entries: Iterable[ModelEntry],
        disabled: frozenset[str] = frozenset(),
        shelf: Shelf = NOWHERE,
        broken: Iterable[Broken] = (),
    ) -> None:
        """`disabled` are model ids an operator switched off; `broken` entries are shown and never used."""
        ranked = sorted(entries, key=lambda entry: (entry.capability, entry.rank, entry.id))
        self.shelf = shelf
        self._entries = {entry.id: entry for entry in ranked}
        self._disabled = disabled
        self._broken = tuple(broken)
        # Of packages, which stay as they are while we run.
        self._digests: dict[str, str] = {}
        self._missing: dict[str, str | None] = {}
        self._noted: dict[str, tuple[ModelState, str | None, object, float]] = {}

    def without(self, disabled: frozenset[str]) -> "Registry":
        """The same with these models switched off; what was read of packages is not read again."""
        other = Registry(self._entries.values(), disabled, self.shelf, self._broken)
        other._digests, other._missing = self._digests, self._missing
        return other

    @property
    def disabled(self) -> frozenset[str]:
        """Ids of models an operator switched off."""
        return self._disabled

    def list(self) -> tuple[Model, ...]:
        """Return every model, by capability and rank."""
        return tuple(map(self._look, self._entries.values()))

    @property
    def broken(self) -> tuple[Broken, ...]:
        """Own models whose entry cannot be used."""
        return self._broken

    def for_capability(self, capability: str) -> tuple[Model, ...]:
        """Return the capability's models, best first."""
        return tuple(self._look(entry) for entry in self._entries.values() if entry.capability == capability)

    def best(self, capability: str) -> Model | None:
        """Return the first usable model, else the first of any state (it says what is missing), else None."""
        models = self.for_capability(capability)
        return next((model for model in models if model.usable), models[0] if models else None)

    def in_force(self, capability: str, digest: str | None, *, without_model: bool = False) -> bool:
        """Whether what was said under this digest is what would be said now; `without_model`: that it has no model."""
        best = self.best(capability)
        return best is not None and best.digest == (digest or "") and not (without_model and best.usable)

    def get(self, model_id: str) -> Model | None:
        """Return one model by id, or None."""
        entry = self._entries.get(model_id)
        return None if entry is None else self._look(entry)

    def note(self, model_id: str, state: ModelState, reason: str | None = None) -> Model:
        """Record what happened to a model while running. It holds until its files change, a failure ten minutes at most.

        Unknown ids raise KeyError.
        """
        entry = self._entries[model_id]
        until_s = time.monotonic() + FAILED_FOR_S if state == "failed" else math.inf
        self._noted[model_id] = (state, reason, self.shelf.signature(entry), until_s)
        return self._look(entry)

    def noted(self) -> dict[str, tuple[str, str | None]]:
        """What running found out, by id: models that are loaded, and those that failed, with the reason."""
        models = [self._look(self._entries[model_id]) for model_id in list(self._noted)]
        return {one.entry.id: (one.state, one.reason) for one in models if one.state in ("loaded", "failed")}

    def _look(self, entry: ModelEntry) -> Model:
        if entry.id not in self._digests:
            self._digests[entry.id] = entry.digest()
        return Model(entry, *self._state(entry), self._digests[entry.id])

    def _state(self, entry: ModelEntry) -> tuple[ModelState, str | None]:
        if entry.id in self._disabled:
            return "disabled", "Switched off by the operator."
        if entry.id not in self._missing:
            self._missing[entry.id] = entry.missing()
        state, reason = _state_on(self.shelf, entry, self._missing[entry.id])
        noted = self._noted.get(entry.id)
        if state == "ready" and noted is not None:
            if noted[2] == self.shelf.signature(entry) and time.monotonic() < noted[3]:
                return noted[0], noted[1]
            del self._noted[entry.id]
        return state, reason


def built_in_registry(disabled: frozenset[str] = frozenset()) -> Registry:
    """Every entry that comes with filemill, and no shelf: what runs without one."""
    return Registry(built_in_entries(), disabled)


def built_in_entries() -> list[ModelEntry]:
    """Read every entry that comes with filemill."""
    return [read_entry(path) for path in sorted(ENTRIES.glob("*.toml"))]


def open_registry(models_dir: Path, disabled: frozenset[str] = frozenset()) -> Registry:
    """What comes with filemill and what an operator put into the folder of models. A broken entry of theirs stops nothing."""
    shelf = Shelf(models_dir)
    own, broken = shelf.own()
    entries = [_as_pinned(entry, shelf, broken) for entry in built_in_entries()]
    for entry in own:
        if any(entry.id == other.id for other in entries):
            broken.append(Broken(shelf.folder(entry).name, f"another model has the id {entry.id}"))
        elif entry.capability not in RUN_BY.get(entry.runtime, ()):
            said = f"no {entry.runtime} model can be used for {entry.capability} in this version"
            broken.append(Broken(shelf.folder(entry).name, said))
        else:
            entries.append(entry)
    return Registry(entries, disabled, shelf, broken)


def _as_pinned(entry: ModelEntry, shelf: Shelf, broken: list[Broken]) -> ModelEntry:
    try:
        return with_pins(entry, shelf)
    except ValueError as error:
        broken.append(Broken(entry.id, str(error)))
        return entry


def grouped(registry: Registry) -> Mapping[str, tuple[Model, ...]]:
    """Return the ranked models of each capability, for `GET /models`."""
    capabilities = dict.fromkeys(model.entry.capability for model in registry.list())
    return {capability: registry.for_capability(capability) for capability in capabilities}


def _state_on(shelf: Shelf, entry: ModelEntry, missing: str | None) -> tuple[ModelState, str | None]:
    """What can be seen without reading files."""
    if entry.built_in:
        return ("ready", None) if missing is None else ("failed", missing)
    if not entry.manifest_complete:
        return "needs-download", NO_MANIFEST.format(id=entry.id)
    if shelf.is_being_filled(entry):
        return "downloading", None
    if (lacking := shelf.lacks(entry)) is not None:
        own = f"{lacking} is not in its folder" if entry.folder else None
        return "needs-download", own
    if (wrong := shelf.wrong_size(entry)) is not None:
        return "failed", f"{wrong}; nothing of it is loaded. `filemill models pull {entry.id}` fetches it again."
    return ("ready", PINNED if entry.pinned else None) if missing is None else ("failed", missing)
