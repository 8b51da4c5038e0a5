"""The filter of `filemill reprocess --where`: which files of an owner are meant, by what their last run was.

    filter  =  part *( "and" part )
    part    =  STEP ".version" ( "<" | "=" ) ( NUMBER | "current" )     STEP "step" is any step of the file's plan
            |  "type" "=" TYPE                                          TYPE may end in "/*"
            |  "plan" "=" PLAN

A step of the plan that the last run did not have counts as version 0, and so does every step where no run is remembered.
Not for: reading rows (repository). On failure: everything else is refused with `bad-filter`, which says what may stand there.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from filemill.processing.errors import BadFilter
from filemill.processing.plan import PLANS, Plan, plan_for

WHERE_MOST = 500
"""Characters."""
_PART = re.compile(r"\s*([a-z_]+(?:\.version)?)\s*(<|=)\s*(\S+)\s*", re.IGNORECASE)
_TYPE = re.compile(r"[a-z0-9.+-]+/([a-z0-9.+-]+|\*)")
_VERSIONS = {step.NAME: step.VERSION for plan in PLANS for step in plan.steps}


@dataclass(frozen=True, slots=True)
class LastRun:
    """What is remembered of a file: its type, and the steps of its last run that ended; None: no such run."""

    content_type: str
    filename: str
    steps: Mapping[str, int] | None

    @property
    def plan(self) -> Plan:
        """The plan a run would follow now."""
        return plan_for(self.content_type, self.filename)


Test = Callable[[LastRun], bool]


def parse(where: str) -> Test:
    """A filter as a test of one file. Raises `BadFilter`."""
    if len(where) > WHERE_MOST:
        raise BadFilter(f"where: at most {WHERE_MOST} characters")
    tests = [_part(part) for part in re.split(r"\band\b", where, flags=re.IGNORECASE)]
    return lambda run: all(test(run) for test in tests)


def _part(text: str) -> Test:
    found = _PART.fullmatch(text)
    if found is None:
        raise BadFilter(
            f"where: {text.strip()!r} is not a part of a filter; write for example `image_text.version < 3`, "
            "`step.version < current`, `type = image/*` or `plan = pdf`, joined by `and`"
        )
    name, sign, value = found[1].lower(), found[2], found[3].lower()
    if name.endswith(".version"):
        return _version(name.removesuffix(".version"), sign, value)
    if name not in ("type", "plan") or sign != "=":
        raise BadFilter(f"where: {text.strip()!r}: only `type =`, `plan =` and `STEP.version <` or `=` can be asked")
    return _type(value) if name == "type" else _plan(value)


def _version(step: str, sign: str, value: str) -> Test:
    if step != "step" and step not in _VERSIONS:
        raise BadFilter(f"where: there is no step {step!r}; there are {', '.join(sorted(_VERSIONS))}, and step for any")
    if value != "current" and not (value.isascii() and value.isdigit() and len(value) < 7):
        raise BadFilter(f"where: {value!r} is no version; write a number, or current")

    def fits(run: LastRun, name: str) -> bool:
        bound = _VERSIONS[name] if value == "current" else int(value)
        version = (run.steps or {}).get(name, 0)
        return version < bound if sign == "<" else version == bound

    def test(run: LastRun) -> bool:
        names = [one.NAME for one in run.plan.steps]
        return any(fits(run, name) for name in names if step in ("step", name))

    return test


def _type(value: str) -> Test:
    if not _TYPE.fullmatch(value):
        raise BadFilter(f"where: {value!r} is no type; write for example image/png or image/*")
    if value.endswith("/*"):
        return lambda run: run.content_type.startswith(value[:-1])
    return lambda run: run.content_type.split(";")[0].strip() == value


def _plan(value: str) -> Test:
    names = [plan.name for plan in PLANS]
    if value not in names:
        raise BadFilter(f"where: there is no plan {value!r}; there are {', '.join(names)}")
    return lambda run: run.plan.name == value
