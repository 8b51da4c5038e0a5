"""`filemill load`: starts Locust with our crowd (`load/locustfile.py`), judges what it measured, and writes the report.

Locust measures and draws; here are only the bounds, the thresholds and the verdict. Without a threshold missed and without a
file lost the exit status is 0; missed or lost: 1; what cannot be started is one clear line.
Not for: finding out what an installation could do at most (`docs/capacity.md` says how to ask that).
"""

import csv
import html
import importlib.util
import json
import math
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from filemill.chassis.errors import StartError
from filemill.chassis.settings import LOOPBACK_HOSTS
from filemill.cli import screen

USERS_MOST, DURATION_MOST_S = 1000, 4 * 3600
URL_DEFAULT = "http://localhost:8080"
MIB = 1024 * 1024
loading = typer.Typer()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that was to be so: what was measured, what was allowed."""

    what: str
    measured: str
    allowed: str
    passed: bool


@loading.command()
def load(
    host: Annotated[str, typer.Option(envvar="FILEMILL_URL", help="A gateway, or upload alone.")] = URL_DEFAULT,
    users: Annotated[int, typer.Option(min=1, max=USERS_MOST, help="How many at once.")] = 10,
    spawn_rate: Annotated[float, typer.Option(min=0.1, help="How many of them begin each second.")] = 5.0,
    duration: Annotated[int, typer.Option(min=5, max=DURATION_MOST_S, help="Seconds.")] = 60,
    sizes: Annotated[str, typer.Option(help="Shares of small (1-20 KB), medium, large (2-8 MB).")] = (
        "small=70,medium=25,large=5"
    ),
    types: Annotated[str, typer.Option(help="Shares of kinds of files.")] = "text=50,csv=20,png=20,pdf=10",
    think: Annotated[str, typer.Option(help="Seconds between two calls of a user, from-to.")] = "0.5-2",
    most_mib: Annotated[int, typer.Option(min=1, help="No more uploads after so many MiB.")] = 1024,
    settle: Annotated[int, typer.Option(min=1, help="Seconds to wait afterwards for what was accepted.")] = 120,
    upload_p95: Annotated[float, typer.Option(help="Threshold: milliseconds, 95 of 100 uploads.")] = 2000,
    read_p95: Annotated[float, typer.Option(help="Threshold: the same for lists, reads and searches.")] = 1000,
    failures: Annotated[float, typer.Option(help="Threshold: failed requests of 100.")] = 0.0,
    report: Annotated[Path, typer.Option(help="The page to write.")] = Path("load-report.html"),
    beyond: Annotated[
        bool, typer.Option("--beyond-this-machine", help="Yes, that installation is ours and may be put under load.")
    ] = False,
) -> None:
    """Put an installation under load: users who upload, list, read and search. Each file is unique and followed to its end."""
    name = urlsplit(host).hostname
    if name is None or urlsplit(host).scheme not in ("http", "https"):
        raise StartError(f"{host!r} is no address; write http://localhost:8080")
    if name not in LOOPBACK_HOSTS and not beyond:
        raise StartError(
            f"{name} is another machine; say --beyond-this-machine if it is yours and may be put under load"
        )
    if importlib.util.find_spec("locust") is None:
        raise StartError("Locust is not installed; install filemill[load]")
    chosen = [
        "--headless", "--host", host.rstrip("/"), "--users", str(users), "--spawn-rate", f"{spawn_rate:g}",
        "--run-time", f"{duration}s", "--stop-timeout", "30", "--mix-sizes", sizes, "--mix-types", types, "--think", think,
        "--most-bytes", str(most_mib * MIB), "--settle", str(settle), "--skip-log", "--only-summary",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="filemill-load-") as folder:
        outcome, rows, page = _crowd(chosen, Path(folder))
    verdicts = judge(outcome, rows, upload_p95_ms=upload_p95, read_p95_ms=read_p95, failures_percent=failures)
    report.write_text(with_verdicts(page, verdicts, outcome), encoding="utf-8")
    for one in verdicts:
        screen.say(f"{'pass' if one.passed else 'FAIL'}  {one.what}: {one.measured} (allowed: {one.allowed})")
    screen.say(f"report: {report}")
    raise typer.Exit(0 if all(one.passed for one in verdicts) else 1)


def judge(
    outcome: dict[str, Any],
    rows: list[dict[str, str]],
    *,
    upload_p95_ms: float,
    read_p95_ms: float,
    failures_percent: float,
) -> list[Verdict]:
    """Hold what was measured against what is allowed; `rows` are Locust's statistics, one for each kind of call."""
    verdicts = []
    for row in rows:
        if row["Name"] == "Aggregated":
            asked, failed = int(row["Request Count"]), int(row["Failure Count"])
            share = 100 * failed / asked if asked else math.inf
            verdicts.append(
                Verdict("failed requests", f"{failed} of {asked}", f"{failures_percent:g} %", share <= failures_percent)
            )
        elif row["95%"] != "N/A":
            allowed_ms = upload_p95_ms if row["Name"] == "upload" else read_p95_ms
            measured_ms = float(row["95%"])
            verdicts.append(
                Verdict(f"{row['Name']}, p95", f"{measured_ms:g} ms", f"{allowed_ms:g} ms", measured_ms <= allowed_ms)
            )
    accepted = outcome["accepted"]
    for what, name in (
        ("lost", "lost_count"),
        ("not ended in time", "unfinished"),
        ("answered twice", "answered_twice"),
    ):
        verdicts.append(Verdict(f"files {what}", f"{outcome[name]} of {accepted}", "0", outcome[name] == 0))
    unwell = accepted - outcome["by_status"].get("processed", 0) - outcome["lost_count"] - outcome["unfinished"]
    verdicts.append(Verdict("files that could not be processed", f"{unwell} of {accepted}", "0", unwell == 0))
    verdicts.append(Verdict("files accepted", str(accepted), "at least 1", accepted > 0))
    return verdicts


def with_verdicts(page: str, verdicts: list[Verdict], outcome: dict[str, Any]) -> str:
    """Locust's page with the verdict at its top."""
    lines = "".join(
        f"<tr><td>{'pass' if one.passed else '<b>FAIL</b>'}</td>"
        + "".join(f"<td>{html.escape(text)}</td>" for text in (one.what, one.measured, one.allowed))
        + "</tr>"
        for one in verdicts
    )
    word = "passed" if all(one.passed for one in verdicts) else "FAILED"
    section = (
        '<section style="font:16px sans-serif;margin:2em;background:#fff;color:#111;padding:1em">'
        f"<h1>filemill load: {word}</h1><table cellpadding=6><tr><th></th><th>what</th><th>measured</th><th>allowed</th></tr>"
        f"{lines}</table><p>{outcome['accepted']} files of {outcome['accepted_bytes']:,} bytes were accepted; "
        f"what became of them was known {outcome['settled_s']} s after the last upload: "
        f"{html.escape(json.dumps(outcome['by_status']))}.</p></section>"
    )
    head, mark, rest = page.partition("<body>")
    return f"{head}{mark}{section}{rest}" if mark else section + page


def _crowd(arguments: list[str], folder: Path) -> tuple[dict[str, Any], list[dict[str, str]], str]:
    """Run Locust to its end; what became of the files, its statistics and its page. Raises `StartError`."""
    outcome, page, prefix = folder / "outcome.json", folder / "page.html", folder / "stats"
    more = ["--outcome", str(outcome), "--html", str(page), "--csv", str(prefix)]
    with resources.as_file(_locustfile()) as file:
        command = [sys.executable, "-m", "locust", "-f", str(file), *arguments, *more]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if not outcome.exists():
        said = [line for line in done.stdout.splitlines() if line.strip()]
        errors = [line for line in said if "error:" in line]
        raise StartError(f"the load test did not come to its end: {(errors or said or ['no word'])[-1]}")
    with Path(f"{prefix}_stats.csv").open(newline="", encoding="utf-8") as rows:
        return json.loads(outcome.read_text()), list(csv.DictReader(rows)), page.read_text(encoding="utf-8")


def _locustfile() -> Any:
    """In a wheel it lies beside this file; in the repository in the folder `load`."""
    packed = resources.files("filemill.cli") / "locustfile.py"
    return packed if packed.is_file() else Path(__file__).parents[3] / "load" / "locustfile.py"
