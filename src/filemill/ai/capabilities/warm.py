"""Load everything a capability may need, once, before the sandbox forks its children.

Several libraries read their data only when a text first needs it: phonenumbers per region, python-stdnum per country,
dateparser per language, Pillow per format. A child behind Landlock could not open those files, and each child would pay
for it again. After `preload` a run opens nothing but the source and the preview; a test holds that with an audit hook.
Not for the parent service: it takes about 1.5 s and 100 MB. Starts no thread.
"""

import pkgutil
from importlib import import_module
from pathlib import Path

import phonenumbers
import stdnum
from PIL import Image
from stdnum.util import get_cc_module

from filemill.ai.capabilities.run import registry_without, run
from filemill.ai.capabilities.table import ALL
from filemill.ai.models import runtimes

_PICTURE_MODULES = (
    "PIL.ImageOps",
    "PIL.JpegImagePlugin",
    "PIL.MpoImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.TiffImagePlugin",
    "PIL.WebPImagePlugin",
)
_COUNTRY_MODULES = ("iban", "vat")
# A date per language of `entities.dates`, a number of each family, and sentences for every list of words.
_TEXTS = """\
Invoice no 7 of 3 May 2024, total 12.50 EUR, VAT ID DE294173069, IBAN DE74 9999 0000 0417 2306 18,
ISBN 978-3-16-148410-0, card 4111 1111 1111 1111, call +49 30 23125417 or write to a@b.example.
This is the best mill we have ever seen.
---
Die Rechnung ist vom 3. Mai 2024 und wir danken Ihnen. La facture est du 3 mai 2024. La factura es del 3 mayo 2024.
---
La fattura è del 3 maggio 2024 e la ringraziamo. De factuur is van 3 mei 2024. A fatura é de 3 maio 2024.
"""


def preload() -> None:
    """Read models, tables and plugins, and look once at a few invented sentences and a grey picture."""
    runtimes.language_identifier()
    runtimes.sentiment_lexicon()
    phonenumbers.PhoneMetadata.load_all()
    for country in pkgutil.iter_modules(stdnum.__path__):
        if country.ispkg:
            for module in _COUNTRY_MODULES:
                get_cc_module(country.name.rstrip("_"), module)
    registry = registry_without(frozenset())
    for name in ALL:
        for model in registry.for_capability(name):
            _ = model.digest
    for text in _TEXTS.split("---"):
        run({"subject": _subject(text)}, Path(), Path())
    _warm_pictures()


def _subject(text: str) -> dict[str, object]:
    pages = [{"number": 1, "text": text}]
    return {"file_id": "", "filename": "", "content_type": "text/plain", "size_bytes": 0, "pages": pages}


def _warm_pictures() -> None:
    """Import what previews (JPEG, PNG, WebP) need on first use, and look at a grey square; no file is opened."""
    for module in _PICTURE_MODULES:
        import_module(module)
    grey = Image.new("RGB", (8, 8), (128, 128, 128))
    grey.quantize(4).convert("RGB")
    import_module("zxingcpp").read_barcodes(grey.convert("L"))
