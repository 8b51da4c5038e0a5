"""Invented documents that look like real ones that once were read wrongly; each with its class."""

CONTRACT = """\
DIENSTVERTRAG

zwischen der Birkenfeld Optik GmbH, Hafenweg 3, 20457 Hamburg (Auftraggeber)
und Frau Mara Engelhardt, 22765 Hamburg (Auftragnehmerin)

§ 1 Gegenstand
Die Auftragnehmerin betreut das Archiv.
§ 2 Vergütung
Die Vergütung beträgt 1.250,00 EUR im Monat.
§ 3 Kündigung
Die Kündigung bedarf der Schriftform. Gerichtsstand ist Hamburg.
"""

RESUME = """\
Lebenslauf

Mara Engelhardt, geboren am 4. Mai 1988

Berufserfahrung
2016 – heute    Archivarin, Birkenfeld Optik GmbH
2012 – 2016     Assistentin, Stadtarchiv

Ausbildung
2008 – 2012     Studium der Geschichte

Kenntnisse
Englisch, Latein
"""

FORM = """\
BULLETIN D'INSCRIPTION

À remplir en lettres capitales.
Nom : ____________________   Prénom : ____________________
Date de naissance : ____________   Téléphone : ____________
☐ Enfant   ☐ Adulte
Signature : ____________________
"""

REPORT = """\
COMPREHENSIVE SAFETY REPORT

Report ID: SAF-2024-117      Prepared by: Lena Hoffmann

Summary
Minor accidents fell by 12% compared with last year, and training reached 94% of the staff.

Findings
Two guard rails were loose. Table 2 lists the places.

Recommendations
Replace the rails before March 2025.
"""

LETTER = """\
Quarrystone Museum Ltd
14 Market Road, Ledbury

3 March 2025

Dear Mr Oduya,

Thank you for your letter about the lamp. We would like to show it in our autumn exhibition, and enclose the form of loan that
we use. I look forward to hearing from you.

Yours sincerely,
Ellen Marsh
"""

PRINTED_MAIL = """\
Von: Jonas Weber <jonas@museum.example>
An: Mara Engelhardt
Gesendet: 3. März 2025 09:12
Betreff: AW: Lampe

Hallo Mara,

anbei das Foto. Gib mir kurz Bescheid.

Viele Grüße
Jonas
"""

INVOICE = """\
Tallow & Reed Ltd
5 Canal Street, Ledbury
VAT Reg No GB980780684

Invoice to: Quarrystone Museum Ltd
Invoice number: TR-2025-118
Invoice date: 3 March 2025

Oak frame      2      140.00      280.00
Glass          2       35.50       71.00

Net total                £351.00
VAT 20%                   £70.20
Total due                £421.20

Payment within 30 days by bank transfer.
"""

GEOMETRY = """\
Definition 4. Sei R ein Ring und P ein Punkt. Die Gerade zwischen P und R schneidet den Kreis, und zwischen A und B
liegt genau ein Punkt. Der Abstand zwischen P und R ist 3. Beweis: Man betrachte Abbildung 2 und Satz 3.1 (siehe Kapitel 1).
"""

BY_CLASS = {
    "contract": CONTRACT,
    "resume": RESUME,
    "form": FORM,
    "report": REPORT,
    "letter": LETTER,
    "e-mail": PRINTED_MAIL,
    "invoice": INVOICE,
}

ESTIMATE = """\
Preliminary Estimate (ID: EST-1008)
Insured name Bruno Keel   Year 2022
Claim # SF-1008   Phone (425) 555-0142
Parts 2,100
Body Labor 2 150 300
GRAND TOTAL 2,538
The estimator may find more when the bumper is off.
"""

BOOKING = """\
BOOKING ORDER Print Date 12/15/2024
Order / Rev: 2024-12-5678
Booking Dates: 12/20/2024 - 12/31/2024
Customer
Name: Lantern Film Distribution
Totals 48 $12,500.00 $11,250.00
"""
