"""G11: searches as the service makes them (hits, evidence, facets, corrections) over 10,000 to a million files, both engines.

Each kind of query is asked with many different words; p95 is of those. Anchor in the same run: the plain query on the same
index, every match of a common word sorted by the engine's own rank (`bm25`, `ts_rank`), which is what one writes first. Growth
is against a tenth of the files. The corpus is made by `search_corpus`; sizes by `BENCH_SEARCH_SIZES` (10000,100000);
`BENCH_SEARCH_DIR` keeps SQLite's databases for another run. Not for: a busy service.
"""

import asyncio
import contextlib
import gc
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import search_corpus
import search_plot
from search_corpus import OWNER, vocabulary

from filemill.chassis.database.build import open_postgresql, open_sqlite
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.web.caller import Caller
from filemill.metadata.asked import asked_for
from filemill.metadata.search import finder
from filemill.metadata.search.fts5_index import Fts5Index
from filemill.metadata.search.pages import Order
from filemill.metadata.search.postgresql_index import PostgresqlIndex
from filemill.metadata.search.text_index import TextIndex
from filemill.metadata.search.vocabulary import VocabularyIndex

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.servers import postgresql

SIZES = [int(size) for size in os.environ.get("BENCH_SEARCH_SIZES", "10000,100000").split(",")]
ENGINES = os.environ.get("BENCH_SEARCH_ENGINES", "sqlite,postgresql").split(",")
FOLDER = os.environ.get("BENCH_SEARCH_DIR")
ASKED = 30
"""Queries of each kind, after as many to warm up."""
LIMIT = 50
GOAL_MS, GROWTH_GOAL, GROWTH_FROM_MS = 50.0, 5.0, 10.0

_WORDS = vocabulary()
_COMMON, _MIDDLE, _RARE = _WORDS[:40], _WORDS[200:1_000], _WORDS[20_000:39_000]

KINDS: dict[str, tuple[Order, Callable[[random.Random], str]]] = {
    "rare word": ("relevance", lambda lot: lot.choice(_RARE)),
    "one in 5,000": ("relevance", lambda lot: f"rarely {lot.choice(('', '-' + lot.choice(_RARE)))}"),
    "middling word": ("relevance", lambda lot: lot.choice(_MIDDLE)),
    "common word, ranked": ("relevance", lambda lot: lot.choice(("everyday", "common", *_COMMON[:10]))),
    "common word, newest": ("newest", lambda lot: lot.choice(("everyday", "common", *_COMMON[:10]))),
    "common word, oldest": ("oldest", lambda lot: lot.choice(("everyday", "common", *_COMMON[:10]))),
    "two common words, ranked": ("relevance", lambda lot: " ".join(lot.sample(("everyday", "common", *_COMMON[:10]), 2))),
    "common and rare word": ("relevance", lambda lot: f"everyday {lot.choice(_RARE)}"),
    "phrase": ("relevance", lambda lot: f'"hollow oak" {lot.choice(("", "everyday"))}'),
    "prefix": ("relevance", lambda lot: lot.choice(_MIDDLE)[:4] + "*"),
    "OR": ("relevance", lambda lot: " OR ".join(lot.sample(_MIDDLE, 3))),
    "type and tag": ("newest", lambda lot: f"type:pdf tag:{lot.choice(search_corpus.TAGS)}"),
    "word, type, tag": ("relevance", lambda lot: f"common type:pdf tag:{lot.choice(search_corpus.TAGS)}"),
    "word in a month": ("relevance", lambda lot: f"common created:{lot.choice((2023, 2024, 2025))}-{lot.randrange(1, 13):02}"),
    "word by size": ("newest", lambda lot: f"common size:>{lot.choice((1, 4))}MB"),
    "word by name": ("name", lambda lot: lot.choice(_MIDDLE)),
    "mistyped": ("relevance", lambda lot: _mistyped(lot.choice([word for word in _MIDDLE if len(word) > 6]))),
}  # fmt: skip


def _mistyped(word: str) -> str:
    return word[:2] + "x" + word[2:]


@dataclass(frozen=True, slots=True)
class Measured:
    """p50, p95 and mean CPU (ours and the server's) in milliseconds by kind; the anchor's time; index entries per second."""

    engine: str
    size: int
    kinds: dict[str, tuple[float, float, float]]
    anchor_ms: float
    per_s: float
    per_cpu_s: float


def run() -> list[dict[str, Any]]:
    """Measure and return the figures; those of PostgreSQL only where it is installed."""
    engines = [one for one in ENGINES if one == "sqlite" or postgresql.programs()]
    if len(engines) < len(ENGINES):
        print("  G11 without PostgreSQL: it is not installed (Debian: postgresql)", file=sys.stderr)
    found = [asyncio.run(measure(engine, size)) for engine in engines for size in SIZES]
    search_plot.write([(one.engine, one.size, one.kinds) for one in found])
    return list(_rows(found))


async def measure(engine: str, size: int) -> Measured:
    """Build the corpus of this size on an engine and ask."""
    async with _catalogue(engine, size) as (database, index, built, cpu_s):
        await database.write("bench.analyze", lambda tx: tx.exec_driver_sql("ANALYZE") and None)
        gc.collect()
        gc.freeze()  # as the services do: the collector would walk all of this process in the midst of queries
        kinds = {}
        for kind, (order, query) in KINDS.items():
            times_ms, cpu_ms = await _asked(database, index, order, query, cpu_s)
            kinds[kind] = (statistics.median(times_ms), times_ms[round(0.95 * (len(times_ms) - 1))], cpu_ms)
            shown = f"p50 {kinds[kind][0]:8.1f}  p95 {kinds[kind][1]:8.1f}  CPU {cpu_ms:8.1f} ms"
            print(f"  {engine} {size:>8} {kind:<26} {shown}", file=sys.stderr, flush=True)
        anchor = sorted([await _anchor_ms(database, engine) for _ in range(5)])[2]
    per_s = built.count / built.index_s if built.count else 0.0
    per_cpu_s = built.count / built.index_cpu_s if built.count else 0.0
    print(
        f"  {engine} {size}: {per_s:.0f} entries/s, {per_cpu_s:.0f} per CPU second of ours, anchor {anchor:.1f} ms",
        file=sys.stderr,
    )
    return Measured(engine, size, kinds, anchor, per_s, per_cpu_s)


async def _asked(
    database: Database,
    index: TextIndex,
    order: Order,
    query: Callable[[random.Random], str],
    cpu_s: Callable[[], float],
) -> tuple[list[float], float]:
    lot = random.Random(5)
    times_ms = []
    before_s = 0.0
    for number in range(2 * ASKED):
        if number == ASKED:
            before_s = cpu_s()
        asked = await asked_for(Caller(OWNER, is_admin=True, address=None), query(lot))
        began_s = time.perf_counter()
        await database.read(finder.search, index, asked.terms, asked.filters, LIMIT, order=order, after=None)
        if number >= ASKED:
            times_ms.append((time.perf_counter() - began_s) * 1000)
    return sorted(times_ms), (cpu_s() - before_s) / ASKED * 1000


def _cpu_s(server_pid: int) -> float:
    """CPU time so far of this process and of a server with its children, whose only work it is."""
    total: float = time.process_time()
    server = psutil.Process(server_pid)
    times = server.cpu_times()
    total += times.user + times.system + times.children_user + times.children_system
    for child in server.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            spent = child.cpu_times()
            total += spent.user + spent.system
    return float(total)


_ANCHORS = {
    "sqlite": "SELECT rowid FROM word_index WHERE word_index MATCH 'everyday' ORDER BY rank LIMIT 50",
    "postgresql": (
        "SELECT doc_id FROM word_index WHERE vector @@ 'everyday'::tsquery"
        " ORDER BY ts_rank(vector, 'everyday'::tsquery) DESC LIMIT 50"
    ),
}


async def _anchor_ms(database: Database, engine: str) -> float:
    def ask(tx: Tx) -> None:
        tx.exec_driver_sql(_ANCHORS[engine]).all()

    began_s = time.perf_counter()
    await database.read(ask)
    return (time.perf_counter() - began_s) * 1000


_Catalogue = tuple[Database, TextIndex, search_corpus.Built, Callable[[], float]]
"""With what tells the CPU time spent so far."""


@asynccontextmanager
async def _catalogue(engine: str, size: int) -> AsyncIterator[_Catalogue]:
    if engine == "postgresql":
        server = postgresql.PostgreSql()
        server.start()
        database, index = (
            open_postgresql(server.fresh_database("metadata"), "bench"),
            VocabularyIndex(PostgresqlIndex()),
        )
        try:
            yield database, index, await search_corpus.build(database, index, size), lambda: _cpu_s(server.pid)
        finally:
            await database.close()
            server.stop()
        return
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(FOLDER or temporary) / f"search-{size}.db"
        kept = path.exists()
        database, index = open_sqlite(path), VocabularyIndex(Fts5Index())
        try:
            built = search_corpus.Built(0, 0, 0, 0) if kept else await search_corpus.build(database, index, size)
            yield database, index, built, time.process_time
        finally:
            await database.close()


def _rows(found: list[Measured]) -> list[dict[str, Any]]:
    rows = []
    for one in found:
        kind, (_, worst_ms, _) = max(one.kinds.items(), key=lambda item: item[1][1])
        work = f"search over {one.size:,} files, worst p95 of {len(one.kinds)} kinds: {kind}"
        rows.append({
            "id": f"G11 {one.engine} {one.size}", "work": work, "anchor_is": "a common word ranked by the engine alone",
            "ours": round(worst_ms, 1), "anchor": round(one.anchor_ms, 1), "ratio": round(worst_ms / one.anchor_ms, 2),
            "unit": "ms", "goal": f"<= {GOAL_MS:g} ms", "met": worst_ms <= GOAL_MS,
            "kinds": {name: [round(value, 2) for value in values] for name, values in one.kinds.items()},
            "entries_per_s": round(one.per_s), "entries_per_cpu_s": round(one.per_cpu_s),
        })  # fmt: skip
    return rows + _growth(found)


def _growth(found: list[Measured]) -> list[dict[str, Any]]:
    rows = []
    by = {(one.engine, one.size): one for one in found}
    for (engine, size), one in by.items():
        tenth = by.get((engine, size // 10))
        if tenth is None:
            continue
        slow = {kind: p95 / tenth.kinds[kind][1] for kind, (_, p95, _) in one.kinds.items() if p95 > GROWTH_FROM_MS}
        kind, factor = max(slow.items(), key=lambda item: item[1], default=("none", 1.0))
        work = f"growth of p95 above {GROWTH_FROM_MS:g} ms, tenfold files: {kind}"
        rows.append({
            "id": f"G11 growth {engine} {size}", "work": work, "anchor_is": f"the same query at {size // 10:,}",
            "ours": round(factor, 2), "anchor": 1, "ratio": round(factor, 2), "unit": "times",
            "goal": f"<= {GROWTH_GOAL:g}", "met": factor <= GROWTH_GOAL,
        })  # fmt: skip
    return rows


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
