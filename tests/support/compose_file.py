"""The Compose file as Compose would read it: variables put in, the services of chosen profiles."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deployment" / "compose" / "compose.yaml"
_VARIABLE = re.compile(r"\$\$|\$\{([A-Z0-9_]+)(?:(:?-)([^}]*))?\}")


def variables(path: Path = COMPOSE) -> set[str]:
    """The names that the file asks its environment for."""
    return {name for name in (match[1] for match in _VARIABLE.finditer(path.read_text(encoding="utf-8"))) if name}


def read(path: Path = COMPOSE, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file with these variables. Raises `KeyError` for one that is neither set nor has a default."""
    given = environment or {}

    def put(match: "re.Match[str]") -> str:
        name, form, default = match.groups()
        if name is None:
            return "$"
        if given.get(name) or (name in given and form == "-"):
            return given[name]
        if form is None:
            return given[name]
        return str(default)

    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))

    def resolved(value: Any) -> Any:
        if isinstance(value, str):
            return _VARIABLE.sub(put, value)
        if isinstance(value, dict):
            return {name: resolved(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [resolved(inner) for inner in value]
        return value

    return dict(resolved(loaded))


def chosen(compose: Mapping[str, Any], *profiles: str) -> dict[str, dict[str, Any]]:
    """The services that run with these profiles."""
    return {
        name: service
        for name, service in compose["services"].items()
        if not service.get("profiles") or set(service["profiles"]) & set(profiles)
    }
