"""The page and the lines that a run ends with. Everything is in the one file: no script, no font, no address."""

import html
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from judging import Judgement
from plan import Deed
from watching import Look

from support import crash_names

RULE_OF_THREE = 3.0
"""Nothing in n tries bounds the chance at 3/n, with 95 % confidence."""
WIDTH, HEIGHT, LEFT, BOTTOM = 900, 180, 60, 24


@dataclass(frozen=True, slots=True)
class Run:
    """All that a report needs."""

    seed: int
    command: str
    duration_s: float
    engines: str
    done: Sequence[tuple[float, Deed]]
    kills_at: Counter[str]
    outside: Counter[str]
    outside_effective: Counter[str]
    sent: int
    acknowledged: int
    refused: int
    retries: int
    looks: Sequence[Look]
    not_met: Sequence[str]
    """Points that waited armed, and nobody came to them."""
    broken: Sequence[str] = ()
    """Threads of the run that ended by an error."""
    found: Judgement = field(default_factory=Judgement)

    @property
    def effective_kills(self) -> int:
        """Kills that hit a process with work in its hands."""
        at_points = sum(count for point, count in self.kills_at.items() if point not in crash_names.STARTING)
        return at_points + self.outside_effective.total()


def bound(kills: int) -> str:
    """What nothing lost in so many kills says."""
    return f"{min(1.0, RULE_OF_THREE / kills):.2%}" if kills else "nothing"


def lines(run: Run) -> list[str]:
    """The summary, for a terminal."""
    found, kills, effective = run.found, run.kills_at, run.effective_kills
    outside = f"{run.outside_effective.total()} of {run.outside.total()} from outside"
    named = f"{kills.total()} at {len(kills)} named points ({len(run.not_met)} were not met)"
    wrong = f"lost {len(found.lost)}, doubled {len(found.doubled)}, stuck {len(found.stuck)}, else {len(found.other)}"
    parked = f"{len(found.handed)} files, {found.events_handed} events"
    return [
        f"seed {run.seed}, {run.duration_s:.0f} s on {run.engines} engines: {run.command}",
        f"uploads: {run.acknowledged} of {run.sent} acknowledged, {run.refused} refused by name, {run.retries} sent again",
        f"effective kills: {effective}; {named}, {outside}",
        f"other deeds: {_others(run)}",
        f"{wrong}; 0 in {effective} kills bounds the chance at {bound(effective)} a kill",
        f"healed in {found.healed_s:.0f} s; parked until somebody lent a hand: {parked}",
        f"{found.hashed} bodies hashed again; {found.orphans} blobs of nobody, swept; audit trail: {found.sealed}",
        *_kills_a_point(run),
        *[f"WRONG  {line}" for line in found.wrong[:40]],
    ]


def _kills_a_point(run: Run) -> list[str]:
    """How often the points were met, in one line for each number of kills; the fewest first."""
    met = Counter(run.kills_at) if run.kills_at else Counter()
    groups: dict[int, list[str]] = {}
    for point in sorted({*met, *run.not_met}):
        groups.setdefault(met[point], []).append(point)
    return [f"{kills:4} kills, 0 bounds at {bound(kills)}: {', '.join(groups[kills])}" for kills in sorted(groups)]


def table(run: Run) -> str:
    """The points in Markdown, for a document that says what was seen."""
    lost = _lost_at_points(run)
    rows = [
        f"| `{point}` | {run.kills_at[point]} | {lost} | {bound(run.kills_at[point])} |"
        for point in sorted(run.kills_at)
    ]
    head = ["| point | kills | lost, doubled | 0 bounds it at |", "| --- | ---: | ---: | ---: |"]
    return "\n".join([*head, *rows, *[f"| `{point}` | 0 | | |" for point in run.not_met], ""])


def _lost_at_points(run: Run) -> str:
    """A mixed run cannot lay a loss on one point: with none, each has none; with some, the plan's run of one point tells."""
    return "0" if not run.found.lost + run.found.doubled else "?"


def _others(run: Run) -> str:
    kinds = Counter(deed.kind for _, deed in run.done if deed.kind not in ("kill at", "kill"))
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none"


def page(run: Run) -> str:
    """The page."""
    word = "kept every promise" if not run.found.wrong else f"broke {len(run.found.wrong)} promises"
    looks = run.looks
    sections = [
        f"<h1>chaos: the mill {word}</h1>",
        "<p>" + "<br>".join(html.escape(line) for line in lines(run)) + "</p>",
        _plot("Uploads acknowledged a second", looks, _rate(looks, lambda look: look.acknowledged), run.done),
        _plot("Requests sent again a second", looks, _rate(looks, lambda look: look.retries), run.done),
        _plot("Behind: events, jobs, documents to index", looks, [look.behind or 0 for look in looks], run.done),
        _plot("Memory of all processes, MiB", looks, [look.memory_bytes / 2**20 for look in looks], run.done),
        _points(run),
        _outside(run),
        "<h2>What was done</h2><pre>" + html.escape("\n".join(str(deed) for _, deed in run.done)) + "</pre>",
    ]
    style = (
        "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:60em;color:#1b1b1f;background:#fff}"
        "table{border-collapse:collapse}td,th{padding:.2em .8em;border-bottom:1px solid #ddd;text-align:left}"
        "td.n{text-align:right}pre{font-size:12px}svg{display:block;margin:.5em 0 1.5em}h2{font-size:1.1em;margin:1.5em 0 .3em}"
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>chaos</title>'
        f"<style>{style}</style><body>{''.join(sections)}</body></html>\n"
    )


def _points(run: Run) -> str:
    lost = _lost_at_points(run)
    rows = (
        f"<tr><td><code>{html.escape(point)}</code></td><td class=n>{count}</td><td class=n>{lost}</td>"
        f"<td class=n>{bound(count)}</td></tr>"
        for point, count in run.kills_at.most_common()
    )
    head = "<tr><th>point</th><th>kills</th><th>lost or doubled</th><th>0 bounds it at</th></tr>"
    not_met = f"<p>Not met: {html.escape(', '.join(run.not_met))}</p>" if run.not_met else ""
    return f"<h2>Kills at named points</h2><table>{head}{''.join(rows)}</table>{not_met}"


def _outside(run: Run) -> str:
    rows = (
        f"<tr><td>{html.escape(unit)}</td><td class=n>{count}</td><td class=n>{run.outside_effective[unit]}</td></tr>"
        for unit, count in run.outside.most_common()
    )
    head = "<tr><th>process</th><th>kills</th><th>with work in hand</th></tr>"
    return f"<h2>Kills from outside</h2><table>{head}{''.join(rows)}</table>"


def _rate(looks: Sequence[Look], of: Callable[[Look], int]) -> list[float]:
    values = [0.0]
    for before, after in itertools.pairwise(looks):
        values.append((of(after) - of(before)) / max(0.001, after.at_s - before.at_s))
    return values[: len(looks)]


def _plot(title: str, looks: Sequence[Look], values: Sequence[float], done: Iterable[tuple[float, Deed]]) -> str:
    """A line over time, and below it a mark for each deed: red kills, orange what lasted."""
    if not looks:
        return ""
    last_s, most = max(looks[-1].at_s, 1.0), max(*values, 1.0)

    def place(at_s: float) -> float:
        return LEFT + (WIDTH - LEFT) * min(1.0, at_s / last_s)

    height = HEIGHT - BOTTOM
    line = " ".join(
        f"{place(look.at_s):.1f},{height - (height - 10) * value / most:.1f}"
        for look, value in zip(looks, values, strict=True)
    )
    marks = "".join(
        f'<rect x="{place(at_s):.1f}" y="{height + 4}" width="{_width(place, at_s, deed.for_s):.1f}" height="8"'
        f' fill="{"#c62828" if deed.kind.startswith("kill") else "#ef9a3d"}" opacity=".7"/>'
        for at_s, deed in done
    )
    return (
        f'<h2>{html.escape(title)}</h2><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(title)}">'
        f'<line x1="{LEFT}" y1="{height}" x2="{WIDTH}" y2="{height}" stroke="#999"/>'
        f'<text x="0" y="14" font-size="12">{most:,.4g}</text><text x="0" y="{height}" font-size="12">0</text>'
        f'<text x="{WIDTH - 60}" y="{HEIGHT - 2}" font-size="12">{last_s:.0f} s</text>'
        f'<polyline points="{line}" fill="none" stroke="#1565c0" stroke-width="1.5"/>{marks}</svg>'
    )


def _width(place: Callable[[float], float], at_s: float, for_s: float) -> float:
    """What was over at once can be seen, too."""
    return max(1.5, place(at_s + for_s) - place(at_s))
