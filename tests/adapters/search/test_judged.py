"""The judged set: how well searches are answered on each engine, and that the measure can fail."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from filemill.chassis.database.build import open_postgresql, open_sqlite
from filemill.metadata.search.fts5_index import Fts5Index
from filemill.metadata.search.postgresql_index import PostgresqlIndex
from filemill.metadata.search.vocabulary import VocabularyIndex
from support.judged.catalogue import JudgedCatalogue, filled
from support.judged.corpus import corpus
from support.judged.measure import by_group, ndcg, scores
from support.judged.queries import QUERIES
from support.servers.postgresql import PostgreSql

LEAST = 0.88
"""What the answers are worth at least: below the figure seen, so that a worse ranker is seen and a small change is not."""
LOST_SHARE = 0.1


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
async def catalogue(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[JudgedCatalogue]:
    if request.param == "sqlite":
        made = await filled(open_sqlite(tmp_path / "judged.db"), VocabularyIndex(Fts5Index()))
    else:
        server: PostgreSql = request.getfixturevalue("postgresql_server")
        made = await filled(open_postgresql(server.fresh_database(), "test"), VocabularyIndex(PostgresqlIndex()))
    yield made
    await made.database.close()


def test_judged_set_when_it_is_made_twice_then_it_is_the_same_and_each_query_has_an_answer() -> None:
    """At least 60 queries over some hundred files; a query that nothing answers would measure nothing."""
    first, second = corpus(), corpus()
    assert first == second
    assert len(first) > 200
    assert len(QUERIES) >= 60
    assert len({judged.query for judged in QUERIES}) == len(QUERIES)
    for judged in QUERIES:
        assert any(judged.grade(made.facts) for made in first), judged.query


def test_ndcg_when_the_order_is_best_worst_or_nothing_then_it_is_one_less_and_zero() -> None:
    """By the formula: gain 2^grade - 1, discount by place."""
    assert ndcg([3, 2, 1], [1, 2, 3]) == 1.0
    assert 0 < ndcg([1, 2, 3], [1, 2, 3]) < 1.0
    assert ndcg([], [3]) == 0.0
    assert ndcg([3, 0], [3]) == 1.0
    assert ndcg([0, 3], [3]) == pytest.approx(0.6309, abs=1e-4)


async def test_judged_queries_when_they_are_asked_then_the_score_holds(catalogue: JudgedCatalogue) -> None:
    """The mean nDCG@10 of all queries stays above what was reached."""
    means = by_group(await catalogue.scores())
    print({group: round(value, 3) for group, value in means.items()})
    assert means["all"] >= LEAST


async def test_judged_queries_when_a_tenth_of_the_index_is_lost_then_the_score_falls(
    catalogue: JudgedCatalogue,
) -> None:
    """Else the measure would say nothing."""
    whole = by_group(await catalogue.scores())["all"]
    lost = await catalogue.lose(LOST_SHARE, seed=7)
    assert lost == round(len(catalogue.made) * LOST_SHARE)
    assert by_group(await catalogue.scores())["all"] < whole - 0.02


def test_scores_when_nothing_is_found_then_every_query_is_worth_nothing() -> None:
    """The lower end of the measure."""
    assert set(scores(lambda _: [], corpus()).values()) == {0.0}


@pytest.mark.servers
async def test_judged_queries_when_both_engines_are_asked_then_their_answers_are_the_same(
    postgresql_server: PostgreSql, tmp_path: Path
) -> None:
    """The same files in the same order, for every query."""
    embedded = await filled(open_sqlite(tmp_path / "judged.db"), VocabularyIndex(Fts5Index()))
    server = await filled(
        open_postgresql(postgresql_server.fresh_database(), "test"), VocabularyIndex(PostgresqlIndex())
    )
    try:
        assert await embedded.answers() == await server.answers()
    finally:
        await embedded.database.close()
        await server.database.close()
