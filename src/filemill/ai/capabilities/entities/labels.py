"""The words that announce a fact on a document, in the languages we read: invoice numbers, references, totals, roles.

Words only, as pieces of regular expressions; `references`, `totals` and `parties` say what may stand behind them.
"""

_NUMBER_SIGN = r"n[°ºo*]"  # ° is read as * in some scans
INVOICE_NUMBER = (
    r"invoice{gap}(?:no|number|num|nr|id|#)",
    r"inv{gap}(?:no|#)",
    r"rechnungs{gap}-?{gap}(?:nummer|nr)",
    r"rechnung{gap}(?:nr|nummer)",
    rf"facture{{gap}}(?:{_NUMBER_SIGN}|num[ée]ro)",
    rf"(?:num[ée]ro|{_NUMBER_SIGN}){{gap}}de{{gap}}(?:la{{gap}})?facture",
    r"factura{gap}(?:n[°ºo]|n[úu]m(?:ero)?)",
    r"n[úu]mero{gap}de{gap}factura",
    r"fattura{gap}(?:n|nr|num(?:ero)?)",
    r"factuur{gap}(?:nummer|nr)",
    r"fatura{gap}(?:n[°ºo])",
)
# The bare name of the document counts only directly before a number of at least three digits.
INVOICE = "invoice|rechnung|facture|factura|fattura|factuur|fatura"

REFERENCE = (
    r"(?:purchase |repair |alt )?order",
    "claim",
    "policy",
    "reference",
    "receipt",
    "booking",
    "transaction",
    "customer",
    "contract",
    "report",
    "case",
    "ticket",
    "txn",
    "ref",
    "estimate",
    "quote",
    "membership",
    "bill",
    "slip",
    "account",
    "certificate",
    "licence",
    "application",
    "staff",
    "trans",
    "delivery note",
    "job",
    "beleg",
    "auftrag",
    "bestellung",
    "quittung",
    "dossier",
    "commande",
)
# German puts the kind and "Nummer" into one word; each kind is told by the label itself.
REFERENCE_WORD = (
    r"(?:kunden|auftrags|bestell|vertrags|beleg|bon|quittungs|kassenbon|akten|vorgangs|mitglieds|versicherungs|referenz"
    r"|lieferschein|antrags|personal|buchungs|angebots|fall|prüf|berichts|projekt|ticket)-?{gap}(?:nummer|nr)"
    r"|(?:beleg|bon|kassenbon|quittung|bericht|prüfbericht|vertrag|auftrag|bestellung|antrag|mitglied(?:schaft)?|angebot"
    r"|ticket|vorgang){gap}(?:nr|nummer)"
    r"|aktenzeichen|(?:vertrags|kunden)konto|(?-i:Az)|unser zeichen|ihr zeichen"
    rf"|(?:dossier|commande|contrat|convention|devis|re[çc]u|ticket(?: de caisse)?|client|rapport|r[ée]f[ée]rence|avenant"
    rf"|bon|note d['’]honoraires|fiche|police|adh[ée]rent|billet){{gap}}(?:{_NUMBER_SIGN}|num[ée]ro)"
    rf"|(?:num[ée]ro|{_NUMBER_SIGN}){{gap}}(?:de|d['’]){{gap}}(?:client|dossier|commande|contrat|re[çc]u|ticket|police"
    r"|adh[ée]rent)"
    r"|r[ée]f(?:[ée]rence)?|(?:pedido|cliente|contrato|expediente){gap}(?:n[°ºo]|n[úu]m)"
)
# What a column beside a name begins with: no name.
NOT_NAME = (
    r"(?:invoice|bill|order|rechnungs?|facture|date|datum|no|nr|n°|number|nummer|num[ée]ro|tel|phone|e-?mail|page|due)"
    r"\b.*"
)
# Numbers with such a word before them are of another kind.
NOT_REFERENCE = (
    r"t[ée]l|phone|fax|mobil|vat|tva|ust|mwst|iva|steuer|iban|konto|account|siret|haus|table|room|sort|bank|page"
)

# Of these the sum to be paid; the plain words below may also stand for a part.
STRONG_TOTAL = (
    "grand total",
    "total (?:amount )?(?:due|payable)",
    "(?:total )?to pay",
    "total to be paid",
    "amount (?:due|payable|to pay)(?: by [a-z ]{3,20})?",
    "balance due",
    "invoice (?:total|amount)",
    "total amount",
    "total inc(?:l(?:uding)?)?\\.? (?:vat|tax)",
    "gesamtbetrag",
    "rechnungsbetrag",
    "rechnungssumme",
    "gesamtsumme",
    "endbetrag",
    "endsumme",
    "zahlbetrag",
    "nachzahlung",
    "fahrpreis",
    "bruttobetrag",
    "bruttosumme",
    "gesamt(?:betrag)? brutto",
    "summe brutto",
    "zu zahlen(?:der betrag)?",
    "(?:montant )?total ttc",
    "montant ttc",
    "total toutes taxes(?: comprises)?",
    "montant à prélever(?: le [^\\n]{8,20}?)?",
    "montant total",
    "montant (?:dû|à (?:payer|régler))",
    "(?:net )?[àa] payer",
    "total [àa] (?:payer|régler)",
    "reste à payer",
    "importe total",
    "total a pagar",
    "totale fattura",
    "total geral",
)
PLAIN_TOTAL = ("totale", "totaal", "summe", "gesamt", "betrag", "合计", "总计", "total(?: (?:revenue|price|cost))?")

ROLES = {
    "buyer": (
        "bill(?:ed)? to|sold to|ship to|invoice(?:d)? to|received from|customer|client|buyer|insured name"
        "|rechnungsempfänger|empfänger|auftraggeber|kunde|käufer|erhalten von|acheteur|adresse de facturation"
        "|factur[ée]e? [àa]|re[çc]u de|destinataire|cliente|comprador|klant"
    ),
    "seller": (
        "seller|vendor|supplier|sold by|issued by|account holder|lieferant|verkäufer|rechnungssteller"
        "|rechnungsaussteller|auftragnehmer|kontoinhaber|fournisseur|vendeur|[ée]metteur|prestataire|proveedor|vendedor"
        "|fornitore|verkoper"
    ),
    "contract-party": (
        "employer|employee|landlord|tenant|lessor|lessee|licensor|licensee|consultant|contractor|arbeitgeber"
        "|arbeitnehmer(?:in)?|vermieter(?:in)?|mieter(?:in)?|employeur|salari[ée]e?|bailleur|locataire"
    ),
    "named": (
        "(?:full |employee |patient |applicant )?name|patient|applicant|name und vorname|vor- und nachname|antragsteller(?:in)?"
        "|bewerber(?:in)?|nom (?:et pr[ée]nom|complet)(?: d[ue] [^\\W\\d_]+)?"
    ),
    "sender": "from|von|de|absender|expéditeur",
    "recipient": "to|an|à|attention|attn|z\\.? ?hd\\.?",
    "contact": (
        "contact|primary contact|prepared by|written by|inspected by|submitted by|cashier|served by|estimator|author"
        "|ansprechpartner|sachbearbeiter|bearbeiter|kassierer(?:in)?|verfasser(?:in)?|erstellt von|verfasst von"
        "|es bediente sie|sie wurden bedient von|prüfer|caissi[eè]re?|auteur|r[ée]dig[ée] par|[ée]tabli par"
        "|pr[ée]sent[ée] par|interlocuteur"
    ),
}
# These are said in the middle of a line too, and mean the same there.
ROLES_ANYWHERE = (
    "prepared by|written by|inspected by|submitted by|received from|sold by|issued by|erstellt von|verfasst von|erhalten von"
    "|es bediente sie|r[ée]dig[ée] par|[ée]tabli par|pr[ée]sent[ée] par"
)

# Small words inside names of organisations, and words that begin a line or clause and are no part of the name behind them.
JOINING = "&|+|and|und|et|of|de|des|du|la|le|les|für|von|the|der|die|das"
LEADING = (
    "received|paid|reçu|erhalten|zwischen|entre|between|firma|société|company|the|die|der|das|from|an|von|to|à|and|und|et"
    "|by|employer|employee|seller"
    "|buyer|customer|client|lieferant|kunde|empfänger|fournisseur|lessor|account|name|bei|at|dear|for|für|pour|herr|frau"
    "|monsieur|madame|messrs|guten|tag|hallo|hello|bonjour"
)
