"""How well searches by words alone and by words and meaning answer the judged set, with the real vectors of MiniLM.

    filemill models pull minilm-l6                # once: 91 MB, or --from FOLDER
    python benchmarks/search_quality.py           # with the models of ./data/models, or of FILEMILL_MODELS_DIR

Prints a table of nDCG@10 by group of queries. The set is that of the tests (`tests/support/judged`), written before either
ranker; vectors are made by the ai service itself, of each text as a whole (they are short, one chunk each). Not in
`make bench`: it needs a download.
"""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx
import processes
from sqlalchemy import insert

from filemill.chassis.database.build import open_sqlite
from filemill.chassis.database.database import Tx
from filemill.chassis.resilience.service_client import ServiceClient
from filemill.chassis.web.caller import Caller
from filemill.contracts.ai import EmbedAnswer
from filemill.metadata.asked import asked_for
from filemill.metadata.meaning import asked_question
from filemill.metadata.search import finder, hybrid
from filemill.metadata.search.fts5_index import Fts5Index
from filemill.metadata.search.hybrid import Question
from filemill.metadata.search.vectors import packed
from filemill.metadata.search.vocabulary import VocabularyIndex
from filemill.metadata.tables import vectors

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.judged.catalogue import JudgedCatalogue, filled
from support.judged.corpus import OWNER, Made
from support.judged.measure import DEPTH, by_group, scores
from support.judged.queries import QUERIES

TEXTS_AT_ONCE = 16
ANSWER_S = 60.0


async def embedded(client: httpx.AsyncClient, texts: Sequence[str]) -> list[EmbedAnswer]:
    """Each text's vector. Raises `SystemExit` where no model makes any."""
    found = []
    for at in range(0, len(texts), TEXTS_AT_ONCE):
        answer = await client.post("/embed", json={"texts": texts[at : at + TEXTS_AT_ONCE]})
        if answer.status_code != 200:
            raise SystemExit(f"error: {answer.json()['detail']}")
        whole = EmbedAnswer.model_validate(answer.json())
        found += [whole.model_copy(update={"vectors": [one]}) for one in whole.vectors]
    return found


def keep(tx: Tx, documents: Sequence[Made], answers: Sequence[EmbedAnswer]) -> None:
    """Keep the vectors of documents."""
    for made, answer in zip(documents, answers, strict=True):
        body = packed(answer.vectors, answer.dimensions)
        row = {"doc_id": made.row["doc_id"], "owner_id": OWNER, "model": answer.model_digest}
        tx.execute(insert(vectors), row | {"dimensions": answer.dimensions, "body": body})


async def joined(catalogue: JudgedCatalogue, ai: ServiceClient, query: str) -> list[str]:
    """File ids of the first page by words and meaning, as the service finds them."""
    asked = await asked_for(Caller(OWNER, is_admin=True, address=None), query)
    if asked.nothing:
        return []
    taken, _ = await catalogue.database.read(finder.spelled, catalogue.index, asked.terms, asked.filters)
    about = await asked_question(ai, asked)
    if not isinstance(about, Question):
        return await catalogue.answer(query)
    found, _ = await catalogue.database.read(
        hybrid.search, catalogue.index, asked.terms, asked.filters, DEPTH, asked=about, after=None, taken=taken
    )
    return [hit.row["file_id"] for hit in found.hits]


async def measure(folder: Path, url: str) -> dict[str, dict[str, float]]:
    """The mean nDCG@10 of each group, by words and joined."""
    catalogue = await filled(open_sqlite(folder / "judged.db"), VocabularyIndex(Fts5Index()))
    with_text = [made for made in catalogue.made if made.text]
    async with httpx.AsyncClient(base_url=url, timeout=ANSWER_S) as client:
        answers = await embedded(client, [made.text for made in with_text])
        await catalogue.database.write("bench.vectors", keep, with_text, answers)
    ai = ServiceClient("ai", url, total_s=ANSWER_S)
    by_both = {judged.query: await joined(catalogue, ai, judged.query) for judged in QUERIES}
    await ai.close()
    both = await asyncio.to_thread(scores, by_both.__getitem__, catalogue.made)
    words = await catalogue.scores()
    await catalogue.database.close()
    for query in sorted(words, key=lambda one: both[one] - words[one])[:5]:
        print(f"joined is worse by {words[query] - both[query]:.3f}: {query}", file=sys.stderr)
    return {"words": by_group(words), "hybrid": by_group(both)}


def main() -> None:
    """Measure and print."""
    models = Path(os.environ.get("FILEMILL_MODELS_DIR", "data/models")).absolute()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as running:
        folder = Path(name)
        command, environment, port = processes.filemill("ai", folder, FILEMILL_MODELS_DIR=str(models))
        running.enter_context(processes.running(command, environment, port, pinned=False))
        means = asyncio.run(measure(folder, f"http://127.0.0.1:{port}"))
    print("| queries | words | hybrid |\n| --- | --- | --- |")
    for group, by_words in means["words"].items():
        print(f"| {group} | {by_words:.3f} | {means['hybrid'][group]:.3f} |")


if __name__ == "__main__":
    main()
