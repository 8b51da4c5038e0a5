"""What goes into a run and what comes out of it: limits, the level of confinement, the outcome.

Not for: the work itself. `Outcome.result` was written by a process that may have been taken over by a hostile file:
check it like any input, and open the files it names only through `outputs.output_file`.
"""

from dataclasses import dataclass
from typing import Any, Literal

State = Literal["ok", "failed", "crashed", "out-of-memory", "timeout", "output-too-large", "cancelled"]


@dataclass(frozen=True)
class Limits:
    """What one run may use.

    `memory_bytes` is on top of what the zygote has already mapped (its imported libraries). `processes` is how many
    helper programs may run at once; at 0 the child can neither fork nor exec.
    """

    memory_bytes: int = 1 << 30
    cpu_s: int = 30
    wall_s: float = 30
    file_bytes: int = 256 << 20
    open_files: int = 64
    processes: int = 0


@dataclass(frozen=True)
class Level:
    """How well children are confined on this machine; `missing` names the walls that could not be put up."""

    name: Literal["full", "reduced", "none"]
    missing: tuple[str, ...] = ()

    @property
    def has_no_network(self) -> bool:
        """Whether a child is kept off the network: below this the sandbox starts only when told to."""
        return self.name != "none" and "network" not in self.missing

    @property
    def in_words(self) -> str:
        """The level, and what is missing from the full one."""
        if self.name == "full":
            return "full: no network, few files, bounded memory and time"
        return f"{self.name}, without {', '.join(self.missing)}"


@dataclass(frozen=True)
class Outcome:
    """How one run ended; `code` and `detail` say why when it did not end well.

    `timeout` has the code `wall-limit` or `cpu-limit`; `crashed` has `crashed-<signal>` or `sandbox-lost`.
    """

    state: State
    result: dict[str, Any] | None
    code: str | None
    detail: str | None
    duration_ms: float
    peak_rss_bytes: int | None
