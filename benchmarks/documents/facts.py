"""Invented facts for generated documents: names, numbers, amounts and dates, each with what must be found of it.

Companies, people and places do not exist; IBANs and VAT ids have right check digits and banks or offices that are not assigned;
telephone numbers are of ranges kept free for fiction; domains end in `.example`. The same `random.Random` gives the same
facts. The pools for training and for evaluation share no word.
"""

import random
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

from stdnum import iban as iban_numbers
from stdnum.de import vat as german_vat
from stdnum.fr import tva as french_vat
from stdnum.gb import vat as british_vat

Language = Literal["en", "de", "fr"]
Part = Literal["training", "development", "seen", "fresh", "held_back"]
MONTHS: dict[Language, str] = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}
POOLS: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("pools.toml").read_text(encoding="utf-8"))
_FORMS = {"en": ("Ltd", "LLP", "plc"), "de": ("GmbH", "KG", "AG"), "fr": ("SARL", "SAS", "SA")}
_LEGAL_FORMS = tuple(f" {form}" for forms in _FORMS.values() for form in forms)
_CURRENCIES = {"en": ("GBP", "USD", "EUR"), "de": ("EUR", "EUR", "CHF"), "fr": ("EUR", "EUR", "CHF")}
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}
_IBAN_BODY = {"de": ("DE", "99999999", 10), "fr": ("FR", "9999999990", 13), "en": ("GB", "ZZZZ999999", 8)}
NO_BREAK_SPACE = "\u00a0"
FIRST_DAY = date(2019, 1, 1)
DAYS = 2_500


@dataclass(frozen=True, slots=True)
class Fact:
    """What is written in a document, and what a reader should make of it; `kind` None: nothing to be found."""

    written: str
    kind: str | None = None
    value: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """What it is to be found as: a total is an amount too, a party with a legal form an organisation."""
        if self.kind == "party" and self.written.endswith(_LEGAL_FORMS):
            return ("party", "organisation")
        if self.kind == "total":
            return ("total", "money")
        return (self.kind,) if self.kind else ()


class Facts:
    """Makes the facts of one document; each slot's name is a method of the table `SLOTS` and keeps what it said first."""

    def __init__(self, dice: random.Random, language: Language, part: Part) -> None:
        """All facts come from `dice` and the pools of `part`."""
        self.dice, self.language, self._pool = dice, language, POOLS[part]
        self._currency = dice.choice(_CURRENCIES[language])
        self._symbol = self._currency in _SYMBOLS and dice.random() < 0.6
        self._date_style = dice.randrange(3)
        self._made: dict[str, Fact] = {}

    def of(self, slot: str) -> Fact:
        """Return the fact of a slot such as `date2`; unknown slots raise `KeyError`."""
        if slot not in self._made:
            self._made[slot] = SLOTS[slot.rstrip("0123456789")](self)
        return self._made[slot]

    def pick(self, name: str) -> str:
        """One word of a pool."""
        words = self._pool[name]
        return self.dice.choice(words.split("|") if "|" in words else words.split())

    def company(self) -> str:
        """The name of a company with its legal form."""
        return f"{self.pick('stem')} {self.pick('trade')} {self.dice.choice(_FORMS[self.language])}"

    def person(self) -> str:
        """First and last name."""
        return f"{self.pick('first')} {self.pick('last')}"

    def street(self) -> str:
        """A street with a number as the language writes it."""
        road, number = self.pick("road"), self.dice.randint(1, 180)
        written = {"en": f"{number} {road} Road", "de": f"{road}weg {number}", "fr": f"{number} rue {road}"}
        return written[self.language]

    def city(self) -> str:
        """A town with its postcode."""
        town, code = self.pick("town"), self.dice.randint(10_000, 99_999)
        return f"{town} ZX{code % 10} {code % 7}QQ" if self.language == "en" else f"{code} {town}"

    def number(self) -> Fact:
        """A document number, with digits."""
        year, serial = self.dice.randint(2019, 2025), self.dice.randint(100, 99_999)
        written = self.dice.choice(
            [f"{year}-{serial:05d}", f"{self.dice.choice('ARKZ')}{serial}", f"{serial}/{year % 100}"]
        )
        return Fact(written, "number", written)

    def day(self) -> Fact:
        """A date in one of the styles of the language, the same style throughout a document."""
        day = FIRST_DAY + timedelta(days=self.dice.randrange(DAYS))
        named = MONTHS[self.language].split()[day.month - 1]
        numeric = {"en": f"{day:%d/%m/%Y}", "de": f"{day:%d.%m.%Y}", "fr": f"{day:%d/%m/%Y}"}[self.language]
        long = f"{day.day}{'.' if self.language == 'de' else ''} {named} {day.year}"
        return Fact((numeric, long, f"{day:%Y-%m-%d}")[self._date_style], "date", day.isoformat())

    def amount(self, kind: str = "money") -> Fact:
        """An amount with the document's currency."""
        value = Decimal(self.dice.randint(150, 480_000)).scaleb(-2)
        number = self.plain(value)
        sign = _SYMBOLS[self._currency] if self._symbol else self._currency
        before = self.language == "en" and self._symbol
        written = f"{sign}{number}" if before else f"{number} {sign}"
        return Fact(written, kind, f"{self._currency} {value}")

    def plain(self, value: Decimal) -> str:
        """A number as the language writes it, thousands set apart."""
        english = f"{value:,.2f}"
        if self.language == "en":
            return english
        whole, _, cents = english.partition(".")
        return whole.replace(",", "." if self.language == "de" else NO_BREAK_SPACE) + "," + cents

    def bare(self) -> Fact:
        """A number of a column: no currency, nothing to be found."""
        return Fact(self.plain(Decimal(self.dice.randint(100, 90_000)).scaleb(-2)))

    def iban(self) -> Fact:
        """An account number with right check digits at a bank that does not exist."""
        country, bank, digits = _IBAN_BODY[self.language]
        body = bank + "".join(str(self.dice.randrange(10)) for _ in range(digits))
        if country == "FR":
            body = _with_french_key(body[:21])
        compact = country + iban_numbers.calc_check_digits(f"{country}00{body}") + body
        grouped = self.dice.random() < 0.7
        return Fact(iban_numbers.format(compact) if grouped else compact, "iban", compact)

    def vat(self) -> Fact:
        """A VAT id with right check digits, invented by trying until they are."""
        country, length, check = _VAT[self.language]
        while True:
            digits = "9" + "".join(str(self.dice.randrange(10)) for _ in range(length - 1))
            if check(digits):
                return Fact(country + digits, "vat-id", country + digits)

    def phone(self) -> Fact:
        """A number of a range kept free for fiction, written internationally or nationally."""
        last = self.dice.randrange(100, 1_000)
        french = f"1 99 00 {last // 10} {last % 10}7"
        national, international = {
            "en": (f"020 7946 0{last}", f"+44 20 7946 0{last}"),
            "de": (f"030 23125 {last}", f"+49 30 23125 {last}"),
            "fr": (f"0{french}", f"+33 {french}"),
        }[self.language]
        abroad = self.dice.random() < 0.5 or self._currency == "USD"
        return Fact(international if abroad else national, "phone", international.replace(" ", ""))

    def email(self) -> Fact:
        """An address at a domain that cannot exist."""
        name = f"{self.pick('first')}.{self.pick('last')}".lower().replace("ü", "ue")
        written = f"{name}@{self.pick('stem').lower()}.example"
        return Fact(written, "email", written)


def _with_french_key(body: str) -> str:
    """Bank, branch and account with the national key (97 minus the remainder), as python-stdnum checks it."""
    bank, branch, account = int(body[:5]), int(body[5:10]), int(body[10:21])
    return f"{body[:21]}{97 - (89 * bank + 15 * branch + 3 * account) % 97:02d}"


def _party(make: Callable[[Facts], str]) -> Callable[[Facts], Fact]:
    def made(facts: Facts) -> Fact:
        name = make(facts)
        return Fact(name, "party", name)

    return made


_VAT: dict[Language, tuple[str, int, Callable[[str], bool]]] = {
    "en": ("GB", 9, british_vat.is_valid),
    "de": ("DE", 9, german_vat.is_valid),
    "fr": ("FR", 11, french_vat.is_valid),
}
SLOTS: dict[str, Callable[[Facts], Fact]] = {
    "seller": _party(Facts.company),
    "buyer": _party(lambda facts: facts.company() if facts.dice.random() < 0.5 else facts.person()),
    "sender": _party(Facts.person),
    "recipient": _party(lambda facts: facts.company() if facts.dice.random() < 0.5 else facts.person()),
    "contact": _party(Facts.person),
    "issuer": _party(Facts.company),
    "company": lambda facts: Fact(facts.company(), "organisation"),
    "person": lambda facts: Fact(facts.person()),
    "street": lambda facts: Fact(facts.street()),
    "city": lambda facts: Fact(facts.city()),
    "place": lambda facts: Fact(facts.pick("town")),
    "item": lambda facts: Fact(facts.pick("thing")),
    "topic": lambda facts: Fact(facts.pick("topic")),
    "year": lambda facts: Fact(str(facts.dice.randint(2018, 2025))),
    "q": lambda facts: Fact(str(facts.dice.randint(1, 40))),
    "n": Facts.bare,
    "a": Facts.amount,
    "total": lambda facts: facts.amount("total"),
    "number": Facts.number,
    "ref": Facts.number,
    "date": Facts.day,
    "iban": Facts.iban,
    "vat": Facts.vat,
    "phone": Facts.phone,
    "email": Facts.email,
}
