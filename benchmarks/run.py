"""`make bench`: run the chosen benchmarks, print one table, write `benchmarks/results.json`.

    python benchmarks/run.py                 # all
    python benchmarks/run.py --only G7,G9    # some
    python benchmarks/run.py --readme        # all, and put the table into README.md
    python benchmarks/run.py --only G7 --readme  # some, and put their rows into that table
    python benchmarks/run.py --only G7 --keep    # what work costs in CPU now is what later runs are held against

Status 1 if something costs more than half as much CPU again, beside its anchor, as when it was last kept (`cpu_costs`), twice:
what seems to is measured once more. `make costs` is that alone, of an upload into PostgreSQL: CI runs it.

Each benchmark measures filemill and its anchor in the same run on the same machine; the ratio is what can be compared
between machines. Not for: deciding by a time whether a change may land.
"""

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cpu_costs

BENCHMARKS = {
    "G1": "g1_large_upload",
    "G2": "g2_parallel_uploads",
    "G4": "g4_small_uploads",
    "G6": "g6_upload_postgresql",
    "G7": "g7_small_upload",
    "G8": "g8_memory",
    "G9": "g9_metadata_get",
    "G10": "g10_download",
    "G10N": "g10_nginx",
    "G11": "g11_search",
    "G13": "g13_whole_way",
    "G15": "g15_start",
    "L1": "l1_thumbnail",
    "L2": "l2_thumbnails",
    "L3": "l3_pdf_text",
    "L4": "l4_office_text",
    "L5": "l5_types",
    "L6": "l6_embeddings",
    "L7": "l7_hostile_files",
    "L8": "l8_task",
    "A1": "a1_credentials",
    "A2": "a2_neighbours",
    "S1": "s1_live_streams",
    "T1": "t1_tus",
    "SCALING": "scaling",
    "FAIRNESS": "fairness",
    "U1": "u1_first_view",
}
RESULTS = Path(__file__).parent / "results.json"
README = Path(__file__).parent.parent / "README.md"
LIBRARIES = ("fastapi", "uvicorn", "uvloop", "sqlalchemy", "pydantic", "pyvips", "pyvips-binary")


def main() -> None:
    """Run, print, write."""
    arguments = argparse.ArgumentParser(description="Run the benchmarks, each against its anchor.")
    arguments.add_argument("--only", default=",".join(BENCHMARKS), help=f"some of {','.join(BENCHMARKS)}")
    arguments.add_argument("--keep", action="store_true", help="later runs are held against these costs in CPU")
    arguments.add_argument("--readme", action="store_true", help="put the table into README.md")
    chosen = arguments.parse_args()
    wanted = [name.strip().upper() for name in chosen.only.split(",")]
    unknown = set(wanted) - set(BENCHMARKS)
    if unknown:
        sys.exit(f"error: there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    machine = describe_machine()
    print(f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}")
    print(f"load before the run: {machine['load_1_minute']}")
    found = {name: measured(name) for name in wanted}
    results = [row for rows in found.values() for row in rows]
    RESULTS.write_text(json.dumps({"machine": machine, "results": results}, indent=2) + "\n")
    print(f"written to {RESULTS}")
    if chosen.readme:
        put_into_readme(machine, results, whole=set(wanted) == set(BENCHMARKS))
    if chosen.keep:
        cpu_costs.keep(results, machine["when"][:10])
    elif worse := worse_twice(found):
        sys.exit("\n".join(["error: more CPU than before:", *worse]))


def measured(name: str) -> list[dict[str, Any]]:
    """Run one benchmark and print its rows."""
    began_s = time.monotonic()
    rows: list[dict[str, Any]] = importlib.import_module(BENCHMARKS[name]).run()
    for row in rows:
        print(line_of(row), flush=True)
    print(f"  {name} took {time.monotonic() - began_s:.0f} s", file=sys.stderr)
    return rows


def worse_twice(found: dict[str, list[dict[str, Any]]]) -> list[str]:
    """What costs too much, in words, if it does so again."""
    kept = cpu_costs.last()
    still: list[str] = []
    for name, rows in found.items():
        if once := cpu_costs.worse(rows, kept):
            print(f"once more, since it costs more CPU than before: {', '.join(once)}", flush=True)
            again = cpu_costs.worse(measured(name), kept)
            still += [said for row_id, said in again.items() if row_id in once]
    return still


def line_of(row: dict[str, Any]) -> str:
    """One line of the table."""
    verdict = "met" if row["met"] else "NOT MET"
    spent = cpu_costs.cost(row)
    cpu = f"; CPU {spent.in_words()}" if spent else ""
    return (
        f"{row['id']:<11} {row['ours']:>8} {row['unit']:<10} anchor {row['anchor']:>8}  ratio {row['ratio']:>6}"
        f"  goal {row['goal']:<13} {verdict:<8} {row['work']}{cpu}"
    )


def put_into_readme(machine: dict[str, Any], results: list[dict[str, Any]], *, whole: bool) -> None:
    """Replace what stands between the two marks: all of it, or the rows of these results and a line on their run."""
    begin, end = "<!-- bench -->", "<!-- /bench -->"
    before, _, rest = README.read_text().partition(begin)
    table, _, after = rest.partition(end)
    fresh = {row["id"]: markdown_row(row) for row in results}
    if whole:
        lines = [about(machine), "", *TABLE_HEAD, *fresh.values()]
    else:
        ids = ", ".join(fresh)
        known = [line for line in table.strip().splitlines() if not line.startswith(f"{ids}: ")]
        lines = [fresh.pop(line.split("|")[1].strip(), line) if line.startswith("| ") else line for line in known]
        last = max(at for at, line in enumerate(lines) if line.startswith("|")) + 1
        run = f"{ids}: run apart, {about(machine)}"
        lines = [*lines[:last], *fresh.values(), *(lines[last:] or [""]), run]
    README.write_text(before + "\n".join([begin, *lines, end]) + after)


TABLE_HEAD = (
    "| # | work | filemill | anchor | ratio | goal | met | CPU |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
)
"""CPU: what it costs, and how many times what the anchor's way costs."""


def about(machine: dict[str, Any]) -> str:
    """The machine and its load in a line."""
    return (
        f"{machine['when'][:10]}: {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"{machine['system']}, Python {machine['python']}, SQLite {machine['sqlite']}, FastAPI {machine['fastapi']}, "
        f"uvicorn {machine['uvicorn']}, "
        f"nginx {machine['nginx'] or 'not installed'}; "
        f"load {machine['load_1_minute']} before and {round(os.getloadavg()[0], 2)} after the run."
    )


def markdown_row(row: dict[str, Any]) -> str:
    """A row of README's table."""
    met = "yes" if row["met"] else "**no**"
    spent = cpu_costs.cost(row)
    cpu = spent.in_words() if spent else ""
    return (
        f"| {row['id']} | {row['work']} | {row['ours']} {row['unit']} | {row['anchor']} {row['unit']}: {row['anchor_is']}"
        f" | {row['ratio']} | {row['goal']} | {met} | {cpu} |"
    )


def describe_machine() -> dict[str, Any]:
    """What the figures hang on."""
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "nginx": _nginx(),
        "load_1_minute": round(os.getloadavg()[0], 2),
        **versions,
    }


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _nginx() -> str | None:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
    if program is None:
        return None
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stderr
    return said.strip().rpartition("/")[2] or None


if __name__ == "__main__":
    main()
