"""Who uses the mill meanwhile: forms and tus, unique texts, broken and hostile files, now and then a poison one; visitors.

Each client sends again until it is answered. What was promised is remembered for the audit.
"""

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from support.broken_files import some_files
from support.mill import Mill
from support.tus_uploads import TusClients
from support.uploads import AGAIN_STATUSES, GIVE_UP_S, Clients, Pace, Upload, make_upload
from support.visits import visit

REFUSALS = frozenset({400, 413, 415, 422})
"""Of hostile files; each is by name."""
FULL = 507
HOSTILE_EVERY, POISON_EVERY = 12, 40
MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class Promises:
    """What the clients were told. `acknowledged`: key -> file id; `gave_up`: keys nobody answered for minutes."""

    sent: list[Upload]
    acknowledged: dict[str, str]
    gave_up: list[str]


@dataclass
class Crowd:
    """Everybody, from `start` until `stop`. `rate_per_s`: how many uploads begin, at most.

    Of `clients` who upload a third does so by tus; for two of them there is one visitor. `load_s`: how long all of it lasts.
    """

    mills: list[Mill]
    seed: int
    rate_per_s: float
    clients: int
    load_s: float
    sent: list[Upload] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        urls = [mill.url for mill in self.mills]
        again = AGAIN_STATUSES | {FULL}
        by_tus = self.clients // 3
        give_up_s = self.load_s + GIVE_UP_S  # nobody gives up while all is being broken, which is no promise
        self.forms = Clients(urls, self.clients - by_tus, again=again, final=REFUSALS, give_up_s=give_up_s)
        self.tus = TusClients(urls, by_tus, again=again, give_up_s=give_up_s)
        self._visitors = [
            threading.Thread(
                target=visit, args=(self.mills[0], self.forms, self._over), kwargs={"first": MANY * at}, daemon=True
            )
            for at in range(max(1, self.clients // 2))
        ]

    def start(self) -> None:
        """Begin to send."""
        pace = Pace(1 / self.rate_per_s)
        self.forms.start(self._uploads("form"), pace)
        self.tus.start(self._uploads("tus"), pace)
        for visitor in self._visitors:
            visitor.start()

    def stop(self) -> None:
        """No new ones; return when each that was begun was answered, or given up."""
        self._over.set()
        self.forms.wait()
        self.tus.wait()
        for visitor in self._visitors:
            visitor.join(60)

    @property
    def in_flight(self) -> int:
        """Requests that wait for an answer."""
        return self.forms.in_flight + self.tus.in_flight

    @property
    def acknowledged(self) -> dict[str, str]:
        """Key -> file id of all that was promised."""
        with self._lock:
            return dict(self.forms.acknowledged) | dict(self.tus.acknowledged)

    @property
    def promises(self) -> Promises:
        """All of it, once nobody waits for an answer any more."""
        return Promises(self.sent, self.acknowledged, self.forms.gave_up + self.tus.gave_up)

    @property
    def retries(self) -> int:
        """How often something was sent again."""
        return self.forms.retries + self.tus.retries

    def _uploads(self, way: str) -> Iterator[Upload]:
        dice = random.Random(f"{self.seed} {way}")
        hostile = some_files(MANY, dice)
        for at in range(MANY):
            if self._over.is_set():
                return
            if way == "form" and at % HOSTILE_EVERY == 5:
                name, body = next(hostile)
                upload = Upload(f"hostile-{at}", name, body, "")
            else:
                made = make_upload(at, dice)
                name = "poison.txt" if way == "form" and at % POISON_EVERY == 11 else made.filename
                upload = Upload(f"{way}-{at}", name, made.body, made.word)
            self.sent.append(upload)
            yield upload


def memory_bytes(mills: list[Mill]) -> int:
    """Resident memory of every process of the mills, their children too."""
    total = 0
    for mill in mills:
        for pid in mill.processes():
            try:
                total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
            except (OSError, IndexError):
                continue
    return total
