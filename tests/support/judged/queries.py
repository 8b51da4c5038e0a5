# ruff: noqa: E501 - one line a judgement, or a sentence
"""The judged queries: what is typed, and what a person who knows every file would call right (3), good (2) or related (1).

A judgement is a grade and the facts a document must have; the highest that fits counts. Written before the ranker they judge,
and not changed to please it: a query that is answered badly stays.
"""

from dataclasses import dataclass
from typing import Any

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """`group`: what the query is there to try."""

    group: str
    query: str
    grades: tuple[tuple[int, Facts], ...]

    def grade(self, facts: Facts) -> int:
        """How well a document with these facts answers."""
        return max((grade for grade, wanted in self.grades if _fit(facts, wanted)), default=0)


def _fit(facts: Facts, wanted: Facts) -> bool:
    return all(
        facts.get(name) in value if isinstance(value, tuple) else facts.get(name) == value
        for name, value in wanted.items()
    )


def _q(group: str, query: str, *grades: tuple[int, Facts]) -> Judged:
    return Judged(group, query, grades)


def _paper(kind: str, lang: str, item: str, **more: Any) -> Facts:
    return {"kind": kind, "lang": lang, "item": item, **more}


OAK, BRUECKNER, MAISON = "Hollow Oak Instruments", "Brückner Feinmechanik", "Maison Lavallière"
NORTHGATE, QUILL, FONTENOY = "Northgate Supplies", "Quillfeather Press", "Atelier Fontenoy"

WORDS = (
    _q("words", "invoice kettle", (3, _paper("invoice", "en", "kettle"))),
    _q("words", "Rechnung Wasserkocher", (3, _paper("invoice", "de", "kettle"))),
    _q("words", "facture bouilloire", (3, _paper("invoice", "fr", "kettle"))),
    _q("words", "complaint printer", (3, _paper("complaint", "en", "printer"))),
    _q("words", "Reklamation Fahrrad", (3, _paper("complaint", "de", "bicycle"))),
    _q("words", "réclamation vélo", (3, _paper("complaint", "fr", "bicycle"))),
    _q("words", "offer bicycles", (3, _paper("offer", "en", "bicycle"))),
    _q("words", "devis imprimantes", (3, _paper("offer", "fr", "printer"))),
    _q("words", "Angebot Gartenschläuche", (3, _paper("offer", "de", "hose"))),
    _q("words", "energy buildings", (3, {"kind": "report", "topic": "energy", "lang": "en"}), (2, {"topic": "energy", "lang": "en"})),
    _q("words", "Arbeitsunfälle", (3, {"topic": "safety", "lang": "de"})),
    _q("words", "Kestrel Logistics", (3, {"party": "Kestrel Logistics"})),
    _q("words", "Hollow Oak invoice", (3, {"party": OAK, "kind": "invoice", "lang": "en"}), (1, {"party": OAK, "kind": "invoice"})),
    _q("words", "Göttingen", (3, {"city": "Göttingen"})),
    _q("words", "Leeds Northgate note", (3, {"party": NORTHGATE, "kind": "note", "lang": ("en", "fr")})),
)  # fmt: skip
FORMS = (
    _q("forms", "invoices kettles", (3, _paper("invoice", "en", "kettle"))),
    _q("forms", "Rechnungen Wasserkochern", (3, _paper("invoice", "de", "kettle"))),
    _q("forms", "factures bouilloires", (3, _paper("invoice", "fr", "kettle"))),
    _q("forms", "complaints about printers", (3, _paper("complaint", "en", "printer"))),
    _q("forms", "offers for a bicycle", (3, _paper("offer", "en", "bicycle"))),
    _q("forms", "batteries invoice", (3, _paper("invoice", "en", "battery"))),
    _q("forms", "battery invoices", (3, _paper("invoice", "en", "battery"))),
    _q("forms", "Bürostühle Reklamation", (3, _paper("complaint", "de", "chair"))),
    _q("forms", "Angebote Drucker", (3, _paper("offer", "de", "printer"))),
    _q("forms", "accident injured", (3, {"kind": "report", "topic": "safety", "lang": "en"}), (2, {"topic": "safety", "lang": "en"})),
    _q("forms", "customer orders", (3, {"kind": "report", "topic": "sales", "lang": "en"}), (2, {"topic": "sales", "lang": "en"})),
    _q("forms", "Urlaub planen", (3, {"topic": "staff", "lang": "de"})),
    _q("forms", "holiday plan", (3, {"topic": "staff", "lang": "en"})),
    _q("forms", "congé planning", (3, {"topic": "staff", "lang": "fr"})),
    _q("forms", "flight hotel fair", (3, {"topic": "travel", "lang": "en"})),
    _q("forms", "Messen Flug", (3, {"topic": "travel", "lang": "de"})),
    _q("forms", "vente région", (3, {"topic": "sales", "lang": "fr"})),
    _q("forms", "dogs", (3, {"shows": "dog"})),
    _q("forms", "boat harbours", (3, {"shows": "harbour"})),
    _q("forms", "fenêtres facture", (3, _paper("invoice", "fr", "window"))),
)  # fmt: skip
FOLDED = (
    _q("folded", "burostuhl angebot", (1, _paper("offer", "de", "chair"))),
    _q("folded", "BRUECKNER OR brückner rechnung", (3, {"party": BRUECKNER, "kind": "invoice", "lang": "de"})),
    _q("folded", "maison lavalliere facture", (3, {"party": MAISON, "kind": "invoice", "lang": "fr"})),
    _q("folded", "VELO RECLAMATION", (3, _paper("complaint", "fr", "bicycle"))),
    _q("folded", "besancon", (3, {"city": "Besançon"})),
    _q("folded", "MÜNCHEN rechnung", (3, {"city": "München", "kind": "invoice", "lang": "de"})),
    _q("folded", "orleans note", (3, {"city": "Orléans", "kind": "note", "lang": ("en", "fr")})),
)
EXACT = (
    _q("exact", '"desk lamp"', (3, {"item": "lamp", "lang": "en", "kind": ("complaint", "note")})),
    _q("exact", '"office chairs" invoice', (3, _paper("invoice", "en", "chair"))),
    _q("exact", '"lampe de bureau"', (3, {"item": "lamp", "lang": "fr", "kind": ("complaint", "note")})),
    _q("exact", '"Energy use of the buildings 2024"', (3, {"kind": "report", "topic": "energy", "lang": "en", "about": 2024})),
    _q("exact", '"Accidents at work" 2023', (3, {"kind": "report", "topic": "safety", "lang": "en", "about": 2023})),
    _q("exact", '"Hollow Oak Instruments" complaint', (3, {"party": OAK, "kind": "complaint", "lang": "en"})),
    _q("exact", "kettle -invoice -offer", (3, {"item": "kettle", "lang": "en", "kind": ("complaint", "note")})),
    _q("exact", "invoice kettle OR printer", (3, {"kind": "invoice", "lang": "en", "item": ("kettle", "printer")})),
    _q("exact", "Fahrrad OR Drucker Notiz", (3, {"kind": "note", "lang": "de", "item": ("bicycle", "printer")})),
    _q("exact", "bouillo*", (3, {"item": "kettle", "lang": "fr"})),
    _q("exact", "Gartenschl* Rechnung", (3, _paper("invoice", "de", "hose"))),
    _q("exact", "energy-2024-de", (3, {"kind": "report", "topic": "energy", "lang": "de", "about": 2024})),
    _q("exact", "IMG_3307", (3, {"name": "IMG_3307.jpg"})),
)  # fmt: skip
FIELDS = (
    _q("fields", "tag:invoice kettle", (3, _paper("invoice", "en", "kettle"))),
    _q("fields", "type:mail energy", (3, {"kind": "mail", "topic": "energy", "lang": "en"})),
    _q("fields", "type:image bicycle", (3, {"name": "IMG_2042.jpg"})),
    _q("fields", "type:document Wasserkocher", (3, _paper("complaint", "de", "kettle"))),
    _q("fields", "tag:offer lighthouse printer", (3, _paper("offer", "en", "printer", project="lighthouse"))),
    _q("fields", "type:pdf tag:report Umsätze", (3, {"kind": "report", "topic": "sales", "lang": "de"})),
    _q("fields", "created:2024 Rechnung Fenster", (3, _paper("invoice", "de", "window", year=2024))),
    _q("fields", "tag:letter Manchester", (3, {"kind": "complaint", "city": "Manchester"})),
)
CJK = (
    _q("cjk", "东京", (3, {"name": "东京出差报告.pdf"})),
    _q("cjk", "出差报告", (3, {"name": "东京出差报告.pdf"})),
    _q("cjk", "打印机", (3, {"name": ("东京出差报告.pdf", "发票2025-88.pdf")})),
    _q("cjk", "会议", (3, {"name": ("会议记录.txt", "东京出差报告.pdf")})),
    _q("cjk", "出張報告", (3, {"name": "出張報告書.pdf"})),
    _q("cjk", "自転車 領収書", (3, {"name": "領収書-12.pdf"})),
    _q("cjk", "プリンター", (3, {"name": "請求書2025-41.pdf"})),
    _q("cjk", "予算", (3, {"name": "議事録.txt"})),
)
TYPED = (
    _q("typed", "Hollow Oka", (3, {"party": OAK, "kind": "complaint", "lang": ("en", "de", "fr")})),
    _q("typed", "Fonteney", (3, {"party": FONTENOY, "kind": "complaint"})),
    _q("typed", "Quilfeather", (3, {"party": QUILL, "kind": "complaint"})),
    _q("typed", "Reklamaton", (3, {"kind": "complaint", "lang": "de"})),
    _q("typed", "recnung wasserkocher", (3, _paper("invoice", "de", "kettle"))),
    _q("typed", "Energieverbruach 2023", (3, {"topic": "energy", "lang": "de", "about": 2023})),
    _q("typed", "screnshot", (3, {"name": "screenshot 12.png"})),
    _q("typed", "inovice printers", (3, _paper("invoice", "en", "printer"))),
)
MEANT = (
    _q("meant", "electric bill for heating", (2, {"topic": "energy", "lang": "en"})),
    _q("meant", "faulty goods sent back to the seller", (2, {"kind": "complaint", "lang": "en"})),
    _q("meant", "vacation schedule", (3, {"topic": "staff", "lang": "en"})),
    _q("meant", "people hurt in the factory", (3, {"topic": "safety", "lang": "en"})),
)

QUERIES: tuple[Judged, ...] = (*WORDS, *FORMS, *FOLDED, *EXACT, *FIELDS, *CJK, *TYPED, *MEANT)
