"""The plain samples: notes, two reviews, a French invoice, a till receipt, a table, a mail; all invented."""

import random
from pathlib import Path

NOTES = """\
Notes from the greenhouse meeting, 12 May 2025

Present: Ines, Tobias, Priya. Next meeting: 26 May 2025, 14:00.

The new irrigation controller has been running for three weeks. Water use is down by a third, and the seedlings in the
north bay look better than those in the south bay, where the old irrigation valves are still in place. Tobias will order
six new valves; the supplier quoted 38.40 EUR each. Priya asked whether the irrigation controller can log soil moisture
every ten minutes instead of every hour. It can, but the logger's memory card has to be changed more often.

Open questions
- Who waters the seedlings during the holidays?
- Do we move the tomato seedlings outside before the end of May?
- Can the soil moisture log be shared as a table? See https://greenhouse.example/log

Contact: ines@greenhouse.example
"""

REVIEW_POSITIVE = """\
I bought this travel kettle before a long walking holiday and I love it. It is light, it boils quickly, and the lid
closes with a lovely solid click. The handle stays cool, which is a great comfort in a small tent. My sister was so
happy with it that she ordered one for herself. Customer service was friendly and helpful when I asked about a spare
filter. This is the best kettle I have ever owned, and I recommend it with pleasure.
"""

REVIEW_NEGATIVE = """\
This is the worst kettle I have ever bought. The lid broke on the second day and the handle gets so hot that I burned
my hand. It is slow, it leaks, and it smells horrible when it boils. I complained twice, and customer service was rude
and useless. They refused to refund me, which made me very angry. A terrible waste of money. Avoid it.
"""

FACTURE_FR = """\
ATELIER DES TROIS CHOUETTES SARL
7 impasse des Tilleuls, 69009 Lyon
Téléphone : 01 99 00 12 34
N° TVA : FR46407293182

FACTURE n° F-2025-0093
Date de la facture : 3 avril 2025
Client : Librairie du Vieux Moulin

Désignation                            Quantité     Prix        Montant
Reliure de registres anciens                  4     85,00 €     340,00 €
Restauration d'une carte murale               1    210,00 €     210,00 €

Total HT                                                        550,00 €
TVA 20 %                                                        110,00 €
Total TTC                                                       660,00 €

Merci de régler cette facture par virement avant le 3 mai 2025.
IBAN : FR05 9999 9000 0104 1723 0618 101
Nous vous remercions de votre confiance et restons à votre disposition pour toute question.
"""

RECEIPT = """\
        CORNER GREEN GROCERS
      31 Market Row, Eastbrook
        Tel: +44 20 7946 0321

02/05/2025 17:48     Till 2
Receipt no: 004-71193

Apples 1.2 kg            £2.76
Oat milk 1 l             £1.85
Rye bread                £3.20
Olives 250 g             £4.10
--------------------------------
SUBTOTAL                £11.91
Member discount         -£0.60
TOTAL                   £11.31
Paid by card            £11.31
Change                   £0.00

VAT included 0.00
Thank you for shopping with us!
Please keep this receipt for returns.
"""

MAIL = """\
From: Priya Raman <priya@greenhouse.example>
To: Tobias Lenk <tobias@greenhouse.example>
Subject: Valves for the south bay
Date: Tue, 13 May 2025 08:12:00 +0000
Message-ID: <20250513081200.1@greenhouse.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Hello Tobias,

the supplier can deliver the six valves on 20 May 2025. The price is 230.40 EUR with delivery. Could you confirm the
order today? You can reach them at +44 20 7946 0777.

Thanks and best regards,
Priya
"""

REGIONS = ("North", "South", "East", "West")
PRODUCTS = (("Kettle", 24.90), ("Lantern", 39.50), ("Tent peg set", 7.25), ("Sleeping mat", 54.00))


def write_texts(folder: Path) -> None:
    """Write every text sample as UTF-8 with line feeds."""
    texts = {
        "notes.txt": NOTES,
        "review_positive.txt": REVIEW_POSITIVE,
        "review_negative.txt": REVIEW_NEGATIVE,
        "facture-fr.txt": FACTURE_FR,
        "receipt.txt": RECEIPT,
        "mail.eml": MAIL,
        "sales.csv": _sales(),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _sales() -> str:
    """48 rows, one per month (2024), region; the product rotates and the units come from a seeded source."""
    source = random.Random(417)
    rows = ["month,region,product,units,unit_price_eur,revenue_eur"]
    for month in range(1, 13):
        for place, region in enumerate(REGIONS):
            product, price = PRODUCTS[(month + place) % len(PRODUCTS)]
            units = source.randint(12, 180)
            rows.append(f"2024-{month:02d},{region},{product},{units},{price:.2f},{units * price:.2f}")
    return "\n".join(rows) + "\n"
