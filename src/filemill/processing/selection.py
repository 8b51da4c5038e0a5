"""The filter of `filemill reprocess --where`: which files of an owner are meant, by what their last run was.

    filter  =  part *( "and" part )
    part    =  STEP ".version" ( "<" | "=" ) ( NUMBER | "current" )     STEP "step" is any step of the file's plan
            |  "type" "=" TYPE                                          TYPE may end in "/*"
            |  "plan" "=" PLAN

A step of the plan that the last run did not have counts as version 0, and so does every step where no run is remembered.
Not for: reading rows (repository). On failure: everything else is refused with `bad-filter`, which says what may stand there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import RowMapping

from filemill.chassis.jobs import filters
from filemill.chassis.jobs.errors import BadFilter
from filemill.chassis.jobs.filters import Test
from filemill.processing.plan import PLANS, Plan, plan_for

_EXAMPLES = "`image_text.version < 3`, `step.version < current`, `type = image/*` or `plan = pdf`"
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


def parse(where: str) -> Test:
    """A filter as a test of a `LastRun`. Raises `BadFilter`."""
    return filters.parse(where, _part, _EXAMPLES)


def parse_for_rows(where: str) -> Test:
    """The same for rows of `repository.contents_page`."""
    test = parse(where)
    return lambda row: test(_last_run(row))


def _last_run(row: RowMapping) -> LastRun:
    return LastRun(row["found_type"] or row["content_type"], row["filename"], row["steps"])


def _part(name: str, sign: str, value: str) -> Test:
    if name.endswith(".version"):
        return _version(name.removesuffix(".version"), sign, value)
    if name not in ("type", "plan") or sign != "=":
        said = f"where: {name} {sign} {value}: only `type =`, `plan =` and `STEP.version <` or `=` can be asked"
        raise BadFilter(said)
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
    is_it = filters.type_test(value)
    return lambda run: is_it(run.content_type)


def _plan(value: str) -> Test:
    names = [plan.name for plan in PLANS]
    if value not in names:
        raise BadFilter(f"where: there is no plan {value!r}; there are {', '.join(names)}")
    return lambda run: run.plan.name == value
