# ruff: noqa: E501 - one line a judgement, or a sentence
"""The words of the judged corpus: what things, papers and places are called in each language, in the forms texts use.

Written for this corpus; nothing in it is taken from elsewhere, and names of firms are invented.
"""

LANGUAGES = ("en", "de", "fr")

# item -> language -> (one, many)
ITEMS: dict[str, dict[str, tuple[str, str]]] = {
    "kettle": {"en": ("kettle", "kettles"), "de": ("Wasserkocher", "Wasserkochern"), "fr": ("bouilloire", "bouilloires")},
    "lamp": {"en": ("desk lamp", "desk lamps"), "de": ("Schreibtischlampe", "Schreibtischlampen"),
             "fr": ("lampe de bureau", "lampes de bureau")},
    "chair": {"en": ("office chair", "office chairs"), "de": ("Bürostuhl", "Bürostühle"),
              "fr": ("chaise de bureau", "chaises de bureau")},
    "printer": {"en": ("printer", "printers"), "de": ("Drucker", "Druckern"), "fr": ("imprimante", "imprimantes")},
    "bicycle": {"en": ("bicycle", "bicycles"), "de": ("Fahrrad", "Fahrräder"), "fr": ("vélo", "vélos")},
    "hose": {"en": ("garden hose", "garden hoses"), "de": ("Gartenschlauch", "Gartenschläuche"),
             "fr": ("tuyau d'arrosage", "tuyaux d'arrosage")},
    "battery": {"en": ("battery", "batteries"), "de": ("Batterie", "Batterien"), "fr": ("batterie", "batteries")},
    "window": {"en": ("window", "windows"), "de": ("Fenster", "Fenstern"), "fr": ("fenêtre", "fenêtres")},
}  # fmt: skip

PARTIES = (
    "Hollow Oak Instruments", "Brückner Feinmechanik", "Maison Lavallière", "Northgate Supplies", "Kestrel Logistics",
    "Bergtal Werkzeuge", "Atelier Fontenoy", "Quillfeather Press",
)  # fmt: skip
CITIES = ("Manchester", "München", "Orléans", "Leeds", "Göttingen", "Besançon", "Köln", "Dover")

# kind -> language -> (name of the file, title, first sentence); {n}: number, {i}/{is}: item, {p}: party, {c}: city
PAPERS: dict[str, dict[str, tuple[str, str, str]]] = {
    "invoice": {
        "en": ("invoice-{n}.pdf", "Invoice {n}", "Invoice {n} from {p}, {c}, for the delivery of {is}. Please pay within thirty days."),
        "de": ("Rechnung {n}.pdf", "Rechnung {n}", "Rechnung {n} von {p}, {c}, über die Lieferung von {is}. Zahlbar innerhalb von dreißig Tagen."),
        "fr": ("facture_{n}.pdf", "Facture {n}", "Facture {n} de {p}, {c}, pour la livraison de {is}. À payer sous trente jours."),
    },
    "complaint": {
        "en": ("letter to {p} {n}.docx", "Complaint", "We are complaining about the {i} that {p} delivered to {c}: it was damaged and we are returning it."),
        "de": ("Brief an {p} {n}.docx", "Reklamation", "Wir reklamieren hiermit das Produkt {i}, das {p} nach {c} lieferte: es war beschädigt und geht zurück."),
        "fr": ("lettre à {p} {n}.docx", "Réclamation", "Nous réclamons au sujet du produit {i} que {p} a livré à {c} : il était endommagé, nous le renvoyons."),
    },
    "offer": {
        "en": ("offer {n}.pdf", "Offer", "{p} in {c} is pleased to offer you {is} at a reduced price until the end of the month."),
        "de": ("Angebot {n}.pdf", "Angebot", "{p} in {c} bietet Ihnen {is} bis zum Ende des Monats zu einem günstigeren Preis an."),
        "fr": ("devis {n}.pdf", "Devis", "{p} à {c} vous propose des {is} à un prix réduit jusqu'à la fin du mois."),
    },
    "note": {
        "en": ("note {n}.txt", "", "Remember to ask {p} whether the {i} has arrived in {c}."),
        "de": ("Notiz {n}.txt", "", "Nicht vergessen: bei {p} nachfragen, ob die Ware {i} in {c} angekommen ist."),
        "fr": ("note {n}.txt", "", "Ne pas oublier de demander à {p} si le produit {i} est arrivé à {c}."),
    },
}  # fmt: skip

TAGS = {
    "invoice": "invoice",
    "complaint": "letter",
    "offer": "offer",
    "note": "note",
    "report": "report",
    "mail": "mail",
}

# What fills texts: every language's own small talk, the same sentence in many documents.
FILLER: dict[str, tuple[str, ...]] = {
    "en": (
        "Our office is open on weekdays from nine to five.", "The goods remain our property until they are paid for.",
        "If you have questions, the people at our desk are glad to help.", "We thank you for your order and your trust.",
        "Deliveries are made by the carriers that we work with.", "Please state the number of your order in every letter.",
        "The printing of this page is not necessary.", "Returned parcels are checked and refunded within two weeks.",
    ),
    "de": (
        "Unser Büro ist werktags von neun bis siebzehn Uhr geöffnet.", "Die Ware bleibt bis zur Bezahlung unser Eigentum.",
        "Bei Fragen helfen Ihnen unsere Mitarbeiter gerne weiter.", "Wir danken Ihnen für die Bestellung und das Vertrauen.",
        "Lieferungen erfolgen durch die Spediteure, mit denen wir arbeiten.", "Bitte geben Sie in jedem Schreiben die Nummer an.",
        "Der Ausdruck dieser Seite ist nicht nötig.", "Zurückgesandte Pakete werden geprüft und in zwei Wochen erstattet.",
    ),
    "fr": (
        "Notre bureau est ouvert en semaine de neuf à dix-sept heures.", "Les marchandises restent notre propriété jusqu'au paiement.",
        "Pour toute question, nos collaborateurs vous aident volontiers.", "Nous vous remercions de votre commande.",
        "Les livraisons sont faites par nos transporteurs habituels.", "Veuillez indiquer le numéro de commande sur chaque lettre.",
        "L'impression de cette page n'est pas nécessaire.", "Les colis retournés sont vérifiés et remboursés sous deux semaines.",
    ),
}  # fmt: skip

# topic -> language -> (title, sentence) of reports and mails
TOPICS: dict[str, dict[str, tuple[str, str]]] = {
    "energy": {
        "en": ("Energy use of the buildings", "The heating of the buildings used less gas than in the winters before."),
        "de": ("Energieverbrauch der Gebäude", "Die Heizung der Gebäude brauchte weniger Gas als in früheren Wintern."),
        "fr": ("Consommation d'énergie des bâtiments", "Le chauffage des bâtiments a consommé moins de gaz que les hivers passés."),
    },
    "safety": {
        "en": ("Accidents at work", "Three accidents happened in the workshop; nobody was seriously injured."),
        "de": ("Arbeitsunfälle", "In der Werkstatt ereigneten sich drei Unfälle; niemand wurde ernsthaft verletzt."),
        "fr": ("Accidents du travail", "Trois accidents se sont produits à l'atelier ; personne n'a été gravement blessé."),
    },
    "sales": {
        "en": ("Sales by quarter", "Sales grew in every region, and customers are ordering earlier than they used to."),
        "de": ("Umsätze nach Quartal", "Die Umsätze wuchsen in jeder Region, und die Kunden bestellen früher als sonst."),
        "fr": ("Ventes par trimestre", "Les ventes ont augmenté dans chaque région et les clients commandent plus tôt."),
    },
    "staff": {
        "en": ("Holiday planning", "Everybody enters their holidays before Easter, so that the shifts can be planned."),
        "de": ("Urlaubsplanung", "Alle tragen ihre Urlaube vor Ostern ein, damit die Schichten geplant werden können."),
        "fr": ("Planning des congés", "Chacun inscrit ses congés avant Pâques afin de planifier les équipes."),
    },
    "travel": {
        "en": ("Travelling to the fair", "Flights and hotels for the fair are booked; trains are cheaper than flying."),
        "de": ("Reise zur Messe", "Flüge und Hotels für die Messe sind gebucht; Züge sind billiger als fliegen."),
        "fr": ("Voyage au salon", "Les vols et hôtels pour le salon sont réservés ; les trains coûtent moins cher."),
    },
}  # fmt: skip

# name, title, text: Chinese and Japanese
CJK: tuple[tuple[str, str, str, str], ...] = (
    ("东京出差报告.pdf", "东京出差报告", "zh", "上个月的东京出差报告：会议很成功，客户订购了打印机。"),
    ("发票2025-88.pdf", "发票", "zh", "这是打印机的发票，请在三十天内付款。"),
    ("会议记录.txt", "会议记录", "zh", "会议讨论了预算和明年的假期安排。"),
    ("合同草案.docx", "合同草案", "zh", "本合同由双方签署，有效期为两年。"),
    ("領収書-12.pdf", "領収書", "ja", "自転車の修理代金の領収書です。ありがとうございました。"),
    ("出張報告書.pdf", "出張報告書", "ja", "大阪への出張報告書です。会議は成功しました。"),
    ("請求書2025-41.pdf", "請求書", "ja", "プリンターの請求書です。三十日以内にお支払いください。"),
    ("議事録.txt", "議事録", "ja", "会議では予算と休暇の計画について話し合いました。"),
)

# name, what was found in the picture
PICTURES: tuple[tuple[str, str, str], ...] = (
    ("IMG_2041.jpg", "dog", "A dog runs along the beach at sunset."),
    ("IMG_2042.jpg", "dog", "Two dogs sleep beside a red bicycle."),
    ("IMG_3307.jpg", "receipt", "A crumpled receipt of a café lies on a table."),
    ("DSC00017.jpg", "harbour", "Boats lie in a harbour under grey clouds."),
    ("screenshot 12.png", "error", "A window shows an error message about a full disk."),
    ("scan0004.png", "passport", "The photograph page of a passport."),
)
