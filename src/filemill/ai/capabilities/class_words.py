"""The words that speak for a document class, in the languages we read, each with its weight and what it means.

Hand-set by reading documents, not trained. A cue counts once, however often its words occur. `TOP` cues count only at
the beginning of the text, where documents say what they are; a `HEADING` must have a line to itself.
"""

import re
from dataclasses import dataclass
from typing import Literal

Where = Literal["top", "anywhere", "heading"]
TOP_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class WordCue:
    """A pattern whose presence gives `points` to a class; `why` finishes the sentence "it ..."."""

    document_class: str
    points: float
    where: Where
    why: str
    pattern: re.Pattern[str]


def _cue(document_class: str, points: float, where: Where, why: str, words: str) -> WordCue:
    framed = (
        rf"^[ \t]*(?:\d{{1,2}}\.?[ \t]+)?(?:{words})[ \t]*:?[ \t]*\r?$" if where == "heading" else rf"\b(?:{words})"
    )
    return WordCue(document_class, points, where, why, re.compile(framed, re.IGNORECASE | re.MULTILINE))


WORD_CUES: tuple[WordCue, ...] = (
    _cue("invoice", 2.0, "top", "calls itself an invoice", r"(?:invoice|rechnung|facture|factura|fattura|factuur|fatura)\b"),
    _cue(
        "invoice", 1.0, "anywhere", "speaks of payment terms",
        r"(?:due date|payment terms|bank transfer|net 30|zahlbar|zahlungsziel|virement|échéance|fecha de vencimiento)\b",
    ),
    _cue("invoice", 0.8, "anywhere", "names who is billed", r"(?:bill(?:ed)? to|sold to|rechnungsempfänger|facturé à)\b"),
    _cue("invoice", 0.6, "anywhere", "has a sum before tax", r"(?:sub-?total|zwischensumme|nettobetrag|total ht|base imponible)\b"),
    _cue("receipt", 1.5, "anywhere", "speaks of a receipt", r"(?:receipt|quittung|kassenbon|kassenzettel|ticket de caisse|reçu|scontrino)\b"),
    _cue("receipt", 1.2, "anywhere", "names a till or cashier", r"(?:cashier|till|register|kasse|caissier|cajero|pos-?\d+)\b"),
    _cue("receipt", 1.2, "anywhere", "says how it was paid", r"(?:paid by|card ending|payment method|cash tendered|change due|visa|mastercard|auth:|ec-karte)"),
    _cue("receipt", 1.2, "anywhere", "thanks for the purchase", r"(?:thank you for (?:shopping|your purchase)|return policy|vielen dank für ihren einkauf)\b"),
    _cue("receipt", 0.5, "anywhere", "has a sum before tax", r"sub-?total\b"),
    _cue("booking", 2.5, "top", "calls itself a booking or an order", r"(?:booking (?:order|confirmation)|order confirmation|reservation|purchase order|auftragsbestätigung|buchungsbestätigung)\b"),
    _cue("booking", 1.0, "anywhere", "has booking dates", r"(?:booking dates?|check-?in|departure|order type|order date|bestelldatum)\b"),
    _cue("estimate", 2.5, "anywhere", "calls itself an estimate or a quotation", r"(?:preliminary estimate|quotation|cost estimate|kostenvoranschlag|devis n|presupuesto n|offerte n)"),
    _cue("estimate", 1.0, "anywhere", "speaks of an estimate", r"(?:estimat(?:e|or)|this quote|angebot)\b"),
    _cue("letter", 2.2, "anywhere", "begins with a salutation", r"(?:dear (?:mr|mrs|ms|dr|sir|madam|[a-z]+,)|to whom it may concern|sehr geehrte|liebe[r]? [a-zäöü]+,|madame, monsieur|chère? |estimad[oa]s? |gentile |geachte |beste [a-z]+,|prezad[oa])"),
    _cue("letter", 2.2, "anywhere", "ends with a greeting", r"(?:yours (?:sincerely|faithfully|truly)|(?:kind|best) regards|sincerely|mit freundlichen grüßen|hochachtungsvoll|cordialement|salutations distinguées|atentamente|cordiali saluti|met vriendelijke groet|atenciosamente)\b"),
    _cue("resume", 2.6, "top", "calls itself a resume", r"(?:curriculum vitae|résumé|resume|lebenslauf)\b"),
    _cue("resume", 1.3, "heading", "has a section on work", r"(?:work |professional )?experience|employment(?: history)?|berufserfahrung|expérience professionnelle|experiencia laboral"),
    _cue("resume", 1.3, "heading", "has a section on education", r"education|ausbildung|bildungsweg|formation|educación"),
    _cue("resume", 1.3, "heading", "has a section on skills", r"(?:technical |key )?skills|kenntnisse|compétences|habilidades|languages|sprachen"),
    _cue("contract", 1.8, "top", "calls itself an agreement", r"(?:agreement|contract|vertrag|vereinbarung|contrat|contrato|contratto|terms and conditions)\b"),
    _cue("contract", 1.5, "anywhere", "speaks of the parties", r"(?:hereinafter|the parties (?:agree|hereto)|party of the first part|by and between|nachfolgend|ci-après)\b"),
    _cue("contract", 1.0, "anywhere", "binds with legal words", r"(?:whereas|hereby|herein|in witness whereof|notwithstanding)\b"),
    _cue("contract", 1.2, "anywhere", "has clauses of contracts", r"(?:governing law|termination of this|indemnif|confidentiality|gerichtsstand|kündigungsfrist|droit applicable)"),
    _cue("report", 1.8, "top", "calls itself a report", r"(?:report|bericht|rapport|informe|relazione|minutes of)\b"),
    _cue("report", 0.8, "heading", "has findings", r"(?:(?:key |main )?findings|(?:executive )?summary|summary statistics|zusammenfassung|résumé|resumen)"),
    _cue("report", 0.8, "heading", "has recommendations", r"(?:recommendations|empfehlungen|recommandations|recomendaciones|next steps)"),
    _cue("report", 0.8, "anywhere", "says who prepared it", r"(?:prepared by|report date|erstellt von|rédigé par)\b"),
    _cue("article", 1.3, "heading", "has an abstract", r"abstract|zusammenfassung|résumé"),
    _cue("article", 1.3, "heading", "has an introduction", r"(?:\d+\.? )?introduction|einleitung|introducción"),
    _cue("article", 1.0, "heading", "lists references", r"references|bibliography|literatur(?:verzeichnis)?|bibliographie|works cited"),
    _cue("notes", 2.2, "top", "calls itself notes or minutes", r"(?:(?:meeting )?notes (?:from|of|on)|minutes of|protokoll|compte rendu|agenda)\b"),
    _cue("notes", 1.2, "anywhere", "says who was there", r"(?:present|attendees|participants|teilnehmer|présents|anwesend):"),
    _cue("notes", 0.8, "anywhere", "plans what is next", r"(?:next meeting|action items|open questions|to ?do:|nächste sitzung|prochaine réunion)\b"),
)  # fmt: skip
