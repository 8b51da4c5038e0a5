"""The anchor of L4: markitdown on each file named on standard input; for each a line of JSON: processor time, words or not.

What it adds itself is no word of the document: comments, references to pictures, names of sheets, "Chart", "NaN".
"""

import json
import logging
import re
import sys
import time
import warnings

from markitdown import MarkItDown

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
ITS_OWN = re.compile(r"<!--.*?-->|!\[[^\]]*\]\([^)]*\)|^#{2,3} .*?$|\bNaN\b|Unnamed: \d+", re.DOTALL | re.MULTILINE)
reader = MarkItDown(enable_plugins=False)

for line in sys.stdin:
    path = line.rstrip("\n")
    began_s = time.process_time()
    try:
        text = reader.convert(path).text_content
    except Exception:  # noqa: BLE001  whatever it raises, it did not finish
        text = None
    cpu_s = time.process_time() - began_s
    has_words = None if text is None else re.search(r"\w", ITS_OWN.sub("", text)) is not None
    print(json.dumps({"cpu_s": cpu_s, "has_words": has_words}), flush=True)
