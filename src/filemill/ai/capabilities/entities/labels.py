"""The words that announce a fact on a document, in the languages we read: invoice numbers, references, totals, roles.

Words only, as pieces of regular expressions; `invoices` says what may stand behind them.
"""

INVOICE_NUMBER = (
    r"invoice{gap}(?:no|number|num|nr|id|#)",
    r"inv{gap}(?:no|#)",
    r"rechnungs{gap}-?(?:nummer|nr)",
    r"rechnung{gap}(?:nr|nummer)",
    r"facture{gap}(?:n[°ºo]|num[ée]ro)",
    r"num[ée]ro{gap}de{gap}facture",
    r"factura{gap}(?:n[°ºo]|n[úu]m(?:ero)?)",
    r"n[úu]mero{gap}de{gap}factura",
    r"fattura{gap}(?:n|nr|num(?:ero)?)",
    r"factuur{gap}(?:nummer|nr)",
    r"fatura{gap}(?:n[°ºo])",
)

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
)

# Of these the sum to be paid; the plain words below may also stand for a part.
STRONG_TOTAL = (
    "grand total",
    "total (?:amount )?(?:due|payable)",
    "amount due",
    "balance due",
    "invoice total",
    "total amount",
    "gesamtbetrag",
    "rechnungsbetrag",
    "gesamtsumme",
    "endbetrag",
    "zu zahlen",
    "total ttc",
    "montant total",
    "net à payer",
    "total à payer",
    "importe total",
    "total a pagar",
    "totale fattura",
    "total geral",
)
PLAIN_TOTAL = ("totale", "totaal", "summe", "合计", "总计", "total")

ROLES = {
    "buyer": (
        "bill(?:ed)? to|sold to|ship to|customer|client|buyer|insured name|rechnungsempfänger|kunde|käufer|acheteur"
        "|destinataire|cliente|comprador|klant"
    ),
    "seller": (
        "seller|vendor|supplier|sold by|account holder|lieferant|verkäufer|kontoinhaber|fournisseur|vendeur|proveedor"
        "|vendedor|fornitore|verkoper"
    ),
    "sender": "from|von|expéditeur",
    "recipient": "to|an|attention|attn",
    "contact": "contact|primary contact|prepared by|cashier|estimator|ansprechpartner|sachbearbeiter",
}
