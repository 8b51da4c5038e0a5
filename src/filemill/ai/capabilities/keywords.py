"""Capability `keywords`: the words and phrases a text turns around, counted, not understood.

How a term is scored: log2(1 + how often) x (0.5 + share of ten equal slices of the text it occurs in) x (1.5 at the
very beginning, falling to 1 at the end) x 1.2 for names and acronyms x 1.6 for two words, 1.9 for three. A term must
occur twice, or be a name of several words. Of a phrase and its words only the one that says more is kept. Addresses and
markup are not read. Needs a language with a stop-word list; Chinese is counted by runs of two to four signs.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from math import log2

from filemill.ai.capabilities.keywords_chinese import chinese_terms
from filemill.ai.capabilities.results import Evidence, Outcome, empty, unsupported
from filemill.ai.capabilities.stop_words import STOP_WORDS
from filemill.ai.capabilities.subject import Subject
from filemill.ai.capabilities.words import Word, words_of

LOOK_AT_CHARACTERS = 200_000
MAX_KEYWORDS = 10
MIN_WORDS = 12  # topic words, below which nothing stands out
SLICES = 10
PHRASE_BONUS = (1.0, 1.6, 1.9)
NAME_BONUS = 1.2
ACRONYM_LENGTH = 5

_NOT_PROSE = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+|<[^<>]{1,400}>")


@dataclass(slots=True)
class Term:
    """A word or phrase while it is being counted; `first` is (page, start, end)."""

    text: str
    parts: tuple[str, ...]
    first: tuple[int, int, int]
    starts_at: int
    count: int
    slices: set[int]
    names: int = 0
    score: float = 0.0


def find_keywords(subject: Subject) -> Outcome:
    """Return up to ten keywords of the first 200,000 characters, best first, each with its first place."""
    seen = subject.beginning(LOOK_AT_CHARACTERS)
    language = subject.language
    if language is None:
        return empty("no-language", "The text is not in a language that was recognised.", seen.characters)
    if language == "zh":
        terms = [
            Term(text, (text,), first, 0, count, set(), score=score)
            for text, first, count, score in chinese_terms(seen.pages)
        ]
    elif language in STOP_WORDS:
        terms = _terms(seen, STOP_WORDS[language])
    else:
        return unsupported("language-not-supported", f"There is no stop-word list for the language '{language}'.")
    chosen = _chosen(terms)
    if not chosen:
        return empty("nothing-stands-out", "No word or phrase of the text stands out by repetition.", seen.characters)
    best = chosen[0].score
    listed = [{"text": term.text, "score": round(term.score / best, 3), "count": term.count} for term in chosen]
    return Outcome(
        "done",
        {"keywords": listed, "language": language},
        confidence=None,
        evidence=tuple(Evidence(*term.first, _words_at(seen, term.first)) for term in chosen),
        looked_at_characters=seen.characters,
    )


def _terms(subject: Subject, stop_words: frozenset[str]) -> list[Term]:
    pages = [(page.number, page.text, words_of(_prose(page.text))) for page in subject.pages]
    topic_words = sum(_is_topic(word, stop_words) for _, _, words in pages for word in words)
    if topic_words < MIN_WORDS:
        return []
    all_words = sum(len(words) for _, _, words in pages)
    terms: dict[tuple[str, ...], Term] = {}
    position = 0
    for number, text, words in pages:
        for index, word in enumerate(words):
            if _is_topic(word, stop_words):
                for run in _runs(text, words, index, stop_words):
                    term = _count(terms, number, text, run, position + index, all_words)
                    term.names += _is_name(run, index, words, text)
        position += len(words)
    _merge_plurals(terms)
    return _scored(terms, all_words)


def _prose(text: str) -> str:
    """The text with addresses and tags blanked out; every place stays what it was."""
    return _NOT_PROSE.sub(lambda match: "." * len(match.group()), text)


def _runs(text: str, words: list[Word], index: int, stop_words: frozenset[str]) -> list[list[Word]]:
    """The word alone, and with one and two neighbours; a line end parts them unless the next line goes on in small."""
    runs = [[words[index]]]
    for following in words[index + 1 : index + 3]:
        gap = text[runs[-1][-1].end : following.start]
        joined = gap in {" ", "\u00a0"} or (gap in {"\n", "\r\n"} and following.text[0].islower())
        if not joined or not _is_topic(following, stop_words):
            break
        runs.append([*runs[-1], following])
    return runs


def _count(terms: dict[tuple[str, ...], Term], page: int, text: str, run: list[Word], at: int, all_words: int) -> Term:
    parts = tuple(word.plain for word in run)
    term = terms.get(parts)
    if term is None:
        written = " ".join(text[run[0].start : run[-1].end].split())
        term = terms[parts] = Term(written, parts, (page, run[0].start, run[-1].end), at, 0, set())
    term.count += 1
    term.slices.add(at * SLICES // max(1, all_words))
    return term


def _is_topic(word: Word, stop_words: frozenset[str]) -> bool:
    plain = word.plain
    long_enough = len(plain) >= 3 or (len(plain) == 2 and word.text.isupper())
    return long_enough and len(plain) <= 40 and plain not in stop_words and not _is_code(word.text)


def _is_code(text: str) -> bool:
    """Whether it is an identifier such as 9a39 or DE294173069 rather than a word."""
    return sum(character.isdigit() for character in text) >= 2


def _is_name(run: list[Word], index: int, words: list[Word], text: str) -> bool:
    """Whether the run is a whole name: capitals inside it, no capital joined to either end.

    The first of several words may begin its line or sentence; the words behind it decide.
    """
    if len(run) == 1:
        return _has_inner_capital(run[0], text)
    before = words[index - 1] if index else None
    after = words[index + len(run)] if index + len(run) < len(words) else None
    if before and before.text[0].isupper() and text[before.end : run[0].start] == " ":
        return False
    if after and after.text[0].isupper() and text[run[-1].end : after.start] == " ":
        return False
    return run[0].text[0].isupper() and all(_has_inner_capital(word, text) for word in run[1:])


def _has_inner_capital(word: Word, text: str) -> bool:
    """A capital that begins neither a sentence nor a line, or a short acronym."""
    if word.text.isupper():
        return 2 <= len(word.text) <= ACRONYM_LENGTH
    before = text[max(0, word.start - 2) : word.start].strip(" ")
    return word.text[0].isupper() and bool(before) and before[-1] not in ".!?:\n-*#"


def _merge_plurals(terms: dict[tuple[str, ...], Term]) -> None:
    """Count "valve" and "valves" as one, under the form that occurs more often."""
    for parts in sorted(terms, key=lambda parts: -len(parts[-1])):
        last = parts[-1]
        single = terms.get((*parts[:-1], last[:-1])) if last.endswith("s") and len(last) > 3 else None
        if single is None or parts not in terms:
            continue
        plural = terms.pop(parts)
        if plural.count > single.count:
            single.text, single.first = plural.text, plural.first
        single.count += plural.count
        single.slices |= plural.slices
        single.names += plural.names


def _scored(terms: dict[tuple[str, ...], Term], all_words: int) -> list[Term]:
    kept = []
    for parts, term in terms.items():
        named = term.names * 2 > term.count
        if term.count < 2 and not (named and len(parts) > 1):
            continue
        spread = 0.5 + len(term.slices) / SLICES
        early = 1.5 - 0.5 * term.starts_at / max(1, all_words)
        term.score = log2(1 + term.count) * spread * early * (NAME_BONUS if named else 1.0)
        term.score *= PHRASE_BONUS[len(parts) - 1]
        kept.append(term)
    return kept


def _chosen(terms: list[Term]) -> list[Term]:
    """Take the best terms; of a phrase and its words keep the one that says more."""
    chosen: list[Term] = []
    by_word: dict[str, list[Term]] = defaultdict(list)
    for term in sorted(terms, key=lambda term: (-term.score, term.starts_at, term.text)):
        relatives = {id(other): other for part in term.parts for other in by_word[_stem(part)]}.values()
        if any(_says_the_same(term, other) for other in relatives):
            continue
        chosen.append(term)
        for part in term.parts:
            by_word[_stem(part)].append(term)
        if len(chosen) == MAX_KEYWORDS:
            break
    return chosen


def _says_the_same(term: Term, better: Term) -> bool:
    shared = {_stem(part) for part in term.parts} & {_stem(part) for part in better.parts}
    if len(term.parts) < len(better.parts):
        return better.count * 2 >= term.count
    return len(shared) * 2 >= len(term.parts)


def _stem(part: str) -> str:
    return part[:-1] if part.endswith("s") and len(part) > 3 else part


def _words_at(subject: Subject, first: tuple[int, int, int]) -> str:
    page = next(page for page in subject.pages if page.number == first[0])
    return page.text[first[1] : first[2]]
