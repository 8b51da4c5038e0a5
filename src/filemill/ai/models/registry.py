"""Which models there are for each capability, and in what state: the answer to `GET /models` and to "who said this?".

Not for running or fetching models. A model that is not on this machine is `needs-download`, a broken one `failed` with
its reason; the service's health never depends on either.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from filemill.ai.models.entry import ModelEntry, read_entry

ModelState = Literal["ready", "loaded", "needs-download", "downloading", "failed", "disabled"]

ENTRIES = Path(__file__).parent / "entries"
USABLE: frozenset[ModelState] = frozenset({"ready", "loaded"})
NO_MANIFEST = "manifest incomplete: cannot be pulled yet (a SHA-256 is not known for every file)"


@dataclass(frozen=True)
class Model:
    """A registry entry with its state now; `reason` says why it is not `ready`."""

    entry: ModelEntry
    state: ModelState
    reason: str | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what the model is made of (see `ModelEntry.digest`), or "" when its files are not known."""
        return self.entry.digest()

    @property
    def usable(self) -> bool:
        """Whether the capability can run with this model now."""
        return self.state in USABLE

    @property
    def pull_command(self) -> str | None:
        """The command that fetches the model, or None for one that comes with filemill."""
        return None if self.entry.built_in else f"filemill models pull {self.entry.id}"

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
            "files": [{"name": file.name, "sha256": file.sha256} for file in entry.files if file.package is None],
            "note": entry.note,
        }


class Registry:
    """All models by capability, best first. Immutable but for states noted at run time with `note`."""

    def __init__(self, entries: Iterable[ModelEntry], disabled: frozenset[str] = frozenset()) -> None:
        """`disabled` are model ids an operator switched off."""
        ranked = sorted(entries, key=lambda entry: (entry.capability, entry.rank, entry.id))
        self._models = {entry.id: Model(entry, *_first_state(entry, disabled)) for entry in ranked}

    def list(self) -> tuple[Model, ...]:
        """Return every model, by capability and rank."""
        return tuple(self._models.values())

    def for_capability(self, capability: str) -> tuple[Model, ...]:
        """Return the capability's models, best first."""
        return tuple(model for model in self._models.values() if model.entry.capability == capability)

    def best(self, capability: str) -> Model | None:
        """Return the first usable model, else the first of any state (it says what is missing), else None."""
        models = self.for_capability(capability)
        return next((model for model in models if model.usable), models[0] if models else None)

    def in_force(self, capability: str, digest: str | None) -> bool:
        """Whether what was said under this digest is what would be said now."""
        best = self.best(capability)
        return best is not None and best.digest == (digest or "")

    def get(self, model_id: str) -> Model | None:
        """Return one model by id, or None."""
        return self._models.get(model_id)

    def note(self, model_id: str, state: ModelState, reason: str | None = None) -> Model:
        """Record what happened to a model while running (loaded, downloading, failed); unknown ids raise KeyError."""
        known = self._models[model_id]
        self._models[model_id] = Model(known.entry, state, reason)
        return self._models[model_id]


def built_in_registry(disabled: frozenset[str] = frozenset()) -> Registry:
    """Read every entry that comes with filemill."""
    return Registry((read_entry(path) for path in sorted(ENTRIES.glob("*.toml"))), disabled)


def grouped(registry: Registry) -> Mapping[str, tuple[Model, ...]]:
    """Return the ranked models of each capability, for `GET /models`."""
    capabilities = dict.fromkeys(model.entry.capability for model in registry.list())
    return {capability: registry.for_capability(capability) for capability in capabilities}


def _first_state(entry: ModelEntry, disabled: frozenset[str]) -> tuple[ModelState, str | None]:
    if entry.id in disabled:
        return "disabled", "Switched off by the operator."
    if entry.built_in:
        missing = entry.missing()
        return ("ready", None) if missing is None else ("failed", missing)
    return "needs-download", None if entry.manifest_complete else NO_MANIFEST
