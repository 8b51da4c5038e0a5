"""The list of levels of FTS5's index stays short, however often words are forgotten; one that is too long is mended."""

import sqlite3
from pathlib import Path

import pytest

from filemill.chassis.database.build import open_sqlite
from filemill.chassis.database.database import Database
from filemill.metadata.search import fts5_index, fts5_levels
from filemill.metadata.search.fts5_index import Fts5Index
from filemill.metadata.search.query import Filters, parse
from filemill.metadata.search.text_index import IndexEntry
from filemill.metadata.search.words import words

INDEX = Fts5Index()
STRUCTURE = "SELECT block FROM word_index_data WHERE id = 10"
OLD_MOST = 2000
"""From so many levels on SQLite calls the index damaged: neither read, nor dropped, nor made anew."""


def entry(doc_id: int, text: str) -> IndexEntry:
    """One of a file with words of its own for several pages: an index of one page is merged on the spot."""
    own = [f"own{doc_id}x{at}" for at in range(1500)]
    return IndexEntry(
        doc_id, {"text": words(text) + own}, "ada", ("text", "text/plain"), (), "processed", (), (), "1.0 "
    )


async def put(database: Database, *entries: IndexEntry) -> None:
    """In a transaction of its own, which makes a segment."""
    await database.write("test", INDEX.put, entries)


async def find(database: Database, asked: str) -> list[int]:
    """Keys of what has the words, newest first."""
    return await database.read(INDEX.newest, parse(asked), Filters("ada"), 100, None)


async def forget(database: Database) -> None:
    """A pass, to its end."""
    while await database.write("test", INDEX.forget):
        pass


def levels(path: Path) -> int:
    """As the file has it, by a connection of its own."""
    with sqlite3.connect(path) as connection:
        return len(fts5_levels.parsed(connection.execute(STRUCTURE).fetchone()[0]).levels)


def pages_with(path: Path, word: bytes) -> int:
    """How many of the index's pages hold a word, or the beginning of some."""
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT count(*) FROM word_index_data WHERE instr(block, ?) > 0", (word,))
        return int(found.fetchone()[0])


def check(path: Path) -> None:
    """FTS5's own look at everything. Raises `sqlite3.DatabaseError`."""
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO word_index (word_index) VALUES ('integrity-check')")


@pytest.mark.parametrize("new_connections", [False, True])
async def test_forget_when_it_is_done_again_and_again_then_levels_stay_few_and_everything_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_connections: bool
) -> None:
    """Each pass adds one; the connection that writes on has no older list in its memory."""
    monkeypatch.setattr(fts5_levels, "MOST", 8)
    path = tmp_path / "index.db"
    database = open_sqlite(path)
    await database.write("test", INDEX.create)
    for number in range(1, 61):
        await put(database, entry(number, f"fox number{number}"), entry(1000 + number, f"bear number{number}"))
        assert levels(path) <= 8 + 2, number  # one who writes has the short list, too
        await database.write("test", INDEX.remove, [number - 1])
        await forget(database)
        assert levels(path) <= 8, number
        if new_connections:
            await database.close()
            database = open_sqlite(path)
        assert await find(database, "fox") == [number]
    check(path)
    assert await find(database, "bear") == list(range(1060, 1000, -1))
    assert await find(database, "number17") == [1017]
    await put(database, entry(2000, "fox at last"))
    assert await find(database, "fox") == [2000, 60]
    await database.close()
    check(path)


async def test_forget_when_files_arrive_all_the_while_then_a_pass_ends_and_what_was_removed_before_it_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is removed during it waits for the next one."""
    monkeypatch.setattr(fts5_index, "_MERGED_PAGES", 5)
    path = tmp_path / "index.db"
    database = open_sqlite(path)
    await database.write("test", INDEX.create)
    for number in range(1, 31):
        await put(database, entry(number, f"fox number{number}"))
    await database.write("test", INDEX.remove, [7])
    steps = 0
    while await database.write("test", INDEX.forget):
        steps += 1
        assert steps < 200
        await put(database, IndexEntry(100 + steps, {"text": ["late"]}, "ada", (), (), "processed"))
        if steps == 1:
            await database.write("test", INDEX.remove, [8])
    assert steps > 1
    assert levels(path) < 20
    assert await database.read(INDEX.has_to_forget)
    assert pages_with(path, b"own7x") == 0
    assert pages_with(path, b"own8x") > 0
    await forget(database)
    assert not await database.read(INDEX.has_to_forget)
    assert pages_with(path, b"own8x") == 0
    assert len(await find(database, "fox")) == 28
    await database.close()
    check(path)


async def test_forget_when_more_segments_arrive_than_it_merges_then_it_does_not_stand_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FTS5 looks for the level with the most segments first, and leaves fewer than four alone unless it is told otherwise."""
    path = tmp_path / "index.db"
    database = open_sqlite(path)
    await database.write("test", INDEX.create)
    for number in range(1, 31):
        await put(database, entry(number, f"fox number{number}"))
    await database.write("test", INDEX.remove, [6])
    await forget(database)
    await database.write("test", INDEX.remove, [7])
    monkeypatch.setattr(fts5_index, "_MERGED_PAGES", 5)
    assert await database.write("test", INDEX.forget)
    for number in range(3):
        await put(database, IndexEntry(100 + number, {"text": ["late"]}, "ada", (), (), "processed"))
    await forget(database)
    assert pages_with(path, b"own7x") == 0
    assert not await database.read(INDEX.has_to_forget)
    await database.close()
    check(path)


async def test_create_when_an_older_program_left_too_many_levels_then_the_index_is_whole_again(tmp_path: Path) -> None:
    """SQLite 3.40 adds them without end, and then refuses the whole table."""
    path = tmp_path / "index.db"
    database = open_sqlite(path)
    await database.write("test", INDEX.create)
    for number in range(1, 31):
        await put(database, entry(number, f"fox number{number}"))
    await database.close()
    with sqlite3.connect(path) as connection:
        made = fts5_levels.parsed(connection.execute(STRUCTURE).fetchone()[0])
        longer = [*made.levels, *[fts5_levels.EMPTY] * (OLD_MOST + 2 - len(made.levels))]
        connection.execute("UPDATE word_index_data SET block = ? WHERE id = 10", (made.with_levels(longer),))
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.DatabaseError):
        connection.execute("SELECT * FROM word_index LIMIT 1")
    database = open_sqlite(path)
    await database.write("test", INDEX.create)
    assert await find(database, "fox") == list(range(30, 0, -1))
    await put(database, entry(31, "fox"))
    await forget(database)
    assert await find(database, "fox") == list(range(31, 0, -1))
    await database.close()
    check(path)


def test_parsed_when_a_list_is_of_a_form_that_is_not_known_then_it_is_left_alone() -> None:
    """Another version's, or one that ends in the midst."""
    for block in (b"", b"\0\0\0\0", b"\0\0\0\0\xff\0\0\1\1\0\0", b"\0\0\0\0\1\1\5\0\1\1\1", b"\0\0\0\0\1\0\0\0\0\0"):
        with pytest.raises(fts5_levels.UnknownFormError):
            fts5_levels.parsed(block)
