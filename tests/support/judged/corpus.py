"""The documents of the judged set, made the same each time from a seed: some 300 files of one owner.

Each carries the facts it was made from; judgements are about those facts and never about words, so no ranker can please
them by counting what it counts itself.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from filemill.metadata.keys import time_floor
from filemill.metadata.repository import EMPTY_DOCUMENT
from support.judged.vocabulary import (
    CITIES,
    CJK,
    FILLER,
    ITEMS,
    LANGUAGES,
    PAPERS,
    PARTIES,
    PICTURES,
    TAGS,
    TOPICS,
)

OWNER = "ada"
SEED = 20250417
BEGINS = datetime(2023, 1, 2, 8, tzinfo=UTC)
_TYPES = {"pdf": "application/pdf", "txt": "text/plain", "jpg": "image/jpeg", "png": "image/png", "eml": "message/rfc822",
          "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """A file and the facts it was made from."""

    row: dict[str, Any]
    text: str
    facts: dict[str, Any] = field(default_factory=dict)


def corpus() -> list[Made]:
    """Every document, oldest first, one each six hours or so."""
    chance = random.Random(SEED)
    drafts = [*_papers(chance), *_reports(chance), *_mails(chance), *_cjk(), *_pictures()]
    chance.shuffle(drafts)
    made, at = [], BEGINS
    for number, (name, title, text, facts, more) in enumerate(drafts):
        at += timedelta(hours=chance.uniform(1, 120))
        row = EMPTY_DOCUMENT | {
            "doc_id": time_floor(at) + number, "file_id": f"00000000-0000-7000-8000-{number:012}", "owner_id": OWNER,
            "known": True, "filename": name, "title": title or None, "size": 500 + chance.randrange(2_000_000),
            "content_type": _TYPES[name.rpartition(".")[2]], "version": 1, "created_at": at, "updated_at": at,
            "status": "processed", "tags": [TAGS[facts["kind"]]] if facts["kind"] in TAGS else [],
            "text": {"state": "found", "storage_key": "blobs/x"} if text else None,
        }  # fmt: skip
        row |= more
        row["findings"] = [*row["findings"], *_language(facts.get("lang"))]
        made.append(Made(row, text, facts | {"year": at.year, "at": at}))
    return made


Draft = tuple[str, str, str, dict[str, Any], dict[str, Any]]


def _papers(chance: random.Random) -> Iterator[Draft]:
    number = 1000
    for kind, forms in PAPERS.items():
        for lang in LANGUAGES:
            for item, names in ITEMS.items():
                for _ in range(2):
                    number += chance.randrange(1, 30)
                    at = chance.randrange(len(PARTIES))
                    party, city = PARTIES[at], CITIES[at]
                    one, many = names[lang]
                    words = {"n": number, "i": one, "is": many, "p": party, "c": city}
                    name, title, first = (form.format(**words) for form in forms[lang])
                    facts = {"kind": kind, "lang": lang, "item": item, "party": party, "city": city, "number": number}
                    custom = {"project": chance.choice(["harbour", "lighthouse", "orchard"]), "number": number}
                    facts["project"] = custom["project"]
                    yield name, title, _text(chance, lang, first), facts, {"custom": custom}


def _reports(chance: random.Random) -> Iterator[Draft]:
    for topic, forms in TOPICS.items():
        for lang, (title, sentence) in forms.items():
            for year in (2023, 2024):
                facts = {"kind": "report", "lang": lang, "topic": topic, "about": year}
                text = _text(chance, lang, f"{title} {year}. {sentence} {sentence}")
                yield f"{topic}-{year}-{lang}.pdf", f"{title} {year}", text, facts, {}


def _mails(chance: random.Random) -> Iterator[Draft]:
    for topic, forms in TOPICS.items():
        for lang, (title, sentence) in forms.items():
            party = chance.choice(PARTIES)
            facts = {"kind": "mail", "lang": lang, "topic": topic, "party": party}
            text = _text(chance, lang, f"From: desk@{party.split()[0].lower()}.example Subject: {title}. {sentence}")
            yield f"{title}.eml", title, text, facts, {}


def _cjk() -> Iterator[Draft]:
    for name, title, lang, text in CJK:
        yield name, title, text, {"kind": "paper", "lang": lang, "name": name}, {}


def _pictures() -> Iterator[Draft]:
    for name, shows, said in PICTURES:
        finding = {"capability": "description", "state": "done", "result": {"text": said}}
        yield name, "", "", {"kind": "picture", "shows": shows, "name": name}, {"findings": [finding]}


def _text(chance: random.Random, lang: str, first: str) -> str:
    filler = chance.sample(FILLER[lang], chance.randrange(3, 7))
    at = chance.randrange(2)
    return "\n".join([*filler[:at], first, *filler[at:]])


def _language(lang: str | None) -> list[dict[str, Any]]:
    """As ai says it."""
    return (
        [{"capability": "language", "state": "done", "result": {"language": lang, "suggested": False}}] if lang else []
    )
