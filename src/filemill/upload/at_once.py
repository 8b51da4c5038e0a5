"""How many bodies one owner may be sending at once: a slow crowd of one must not take every connection from the others.

Counted in each instance by itself: what it guards (connections, memory, disk) is the instance's own. Our own services, which
hand over children one by one, are not counted. Full means 429 before the body is read.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from filemill.chassis.web.caller import Caller
from filemill.upload.errors import TooManyAtOnce

RETRY_AFTER_S = 2


class AtOnce:
    """The bodies that are arriving now. `most` of one owner; None: as many as they like."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._arriving: Counter[str] = Counter()

    @contextmanager
    def one(self, caller: Caller) -> Iterator[None]:
        """One more while the block runs. Raises `TooManyAtOnce`."""
        if self._most is None or caller.how == "service":
            yield
            return
        owner_id = caller.owner_id
        if self._arriving[owner_id] >= self._most:
            raise TooManyAtOnce(f"At most {self._most} uploads of yours arrive at once.", retry_after_s=RETRY_AFTER_S)
        self._arriving[owner_id] += 1
        try:
            yield
        finally:
            self._arriving[owner_id] -= 1
            if not self._arriving[owner_id]:
                del self._arriving[owner_id]
