"""The filter of `filemill reprocess --where "ai.…"`: which files of an owner are meant, by which models said what is known.

    part  =  "ai." CAPABILITY ".model" "<" ( "current" | VERSION )    CAPABILITY "any" is any of them
          |  "ai." CAPABILITY ".model" "=" MODEL                      the id of a model
          |  "type" "=" TYPE                                          TYPE may end in "/*"

`< current`: by another model, or another build of it, than the one in force now. Versions compare by their numbers. What
was never said counts as older than everything. Not for: reading rows (repository). On failure: `bad-filter`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from filemill.ai import jobs
from filemill.ai.capabilities.names import NAMES
from filemill.ai.models.registry import Registry
from filemill.chassis.jobs import filters
from filemill.chassis.jobs.errors import BadFilter
from filemill.chassis.jobs.filters import Test

_EXAMPLES = "`ai.classification.model < current`, `ai.any.model < 2`, `ai.sentiment.model = vader` or `type = image/*`"
_ANY = "any"

_OfFinding = Callable[[str, Mapping[str, Any]], bool]
"""Whether a capability and its finding (empty: none) are meant."""


def parser(registry: Registry) -> Callable[[str], Test]:
    """What makes a filter a test of a row of `repository.analysed_page`. The test raises nothing; parsing `BadFilter`."""

    def part(name: str, sign: str, value: str) -> Test:
        if name == "type" and sign == "=":
            is_it = filters.type_test(value)
            return lambda row: is_it(row["content_type"])
        found = re.fullmatch(r"ai\.([a-z_-]+)\.model", name)
        if found is None:
            raise BadFilter(f"where: {name} {sign} {value}: only `ai.CAPABILITY.model` and `type =` can be asked of ai")
        if found[1] != _ANY and found[1] not in NAMES:
            raise BadFilter(f"where: there is no capability {found[1]!r}; there are {', '.join(NAMES)}, and {_ANY}")
        wanted = jobs.wanted(registry, None) if found[1] == _ANY else [found[1]]
        fits = _is_by(registry, value) if sign == "=" else _is_older(registry, value)
        return lambda row: any(fits(capability, row["findings"].get(capability, {})) for capability in wanted)

    return lambda where: filters.parse(where, part, _EXAMPLES)


def _is_by(registry: Registry, model: str) -> _OfFinding:
    known = {one.entry.id.lower() for one in registry.list()}
    if model not in known:
        raise BadFilter(f"where: there is no model {model!r}; there are {', '.join(sorted(known))}")
    return lambda _capability, finding: str(finding.get("model", "")).lower() == model


def _is_older(registry: Registry, value: str) -> _OfFinding:
    if value == "current":
        return lambda capability, finding: (
            not finding
            or not registry.in_force(
                capability, finding.get("model_digest"), without_model=finding.get("state") == "needs-download"
            )
        )
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6}){0,3}", value):
        raise BadFilter(f"where: {value!r} is no version; write for example 2 or 1.4, or current")
    bound = _numbers(value)
    return lambda _capability, finding: not finding or _numbers(str(finding.get("model_version", "0"))) < bound


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version, without zeros at its end: 2 is 2.0."""
    numbers = [int(one) for one in re.findall(r"\d+", version)[:4]]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
