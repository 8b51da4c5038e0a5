"""Make an installation's engines ready: its bucket and every schema. Asked again it changes nothing.

For whatever starts containers: it waits for engines that are not there yet, and says for what.
On failure: `StartError` with the last reason, once its patience is over.
"""

import time
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from filemill.chassis import entry
from filemill.chassis.resilience.patience import patiently
from filemill.chassis.settings import ServiceSettings, load
from filemill.chassis.storage.build import make_bucket
from filemill.cli import screen
from filemill.local.runner import WITH_DATA


def prepare(patience_s: float, sleep: Callable[[float], None] = time.sleep) -> None:
    """Make what is missing. Raises `StartError` if an engine is away, or refuses, for longer than `patience_s`."""
    until_s = time.monotonic() + patience_s
    storage_url = load(ServiceSettings).storage_url
    if storage_url and urlsplit(storage_url).scheme == "s3":
        patiently(lambda: make_bucket(load(ServiceSettings)), until_s, screen.say, sleep)
    for service in WITH_DATA:
        patiently(partial(entry.migrate, service), until_s, screen.say, sleep)
