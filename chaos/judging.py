"""After the run: let the mill heal by itself, give what is parked its second chance, then hold everything against its promise.

Each step says what is wrong, in words; empty is good. A job that failed five times while the mill was being broken is parked
with its reason, as it must be: that is no loss, but it needs a hand. Here is the hand; such files are counted apart, and
their effects may have come twice.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from crowd import Promises

from filemill.chassis.storage.removals import Remover
from filemill.local.environment import environment
from filemill.local.installation import opened, prepare
from filemill.processing import repository as processing_rows
from filemill.upload import purge
from filemill.upload.reconciler import Reconciler
from support import audit
from support.mill import Mill, wait_for
from support.quiet import in_hand, wait_until_quiet

JOB_SERVICES = ("processing", "ai")
EVENT_SERVICES = ("access", "upload", "metadata", "processing", "ai", "notification")
HAND_ROUNDS = 3
LOOK_S = 5.0


@dataclass(slots=True)
class Judgement:
    """What was found. `stuck`: what was still in hand when the time to heal was over."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    healed_s: float = 0.0
    handed: set[str] = field(default_factory=set)
    """Files that somebody had to give fresh tries."""
    events_handed: int = 0
    orphans: int = 0
    hashed: int = 0
    sealed: str = ""

    @property
    def wrong(self) -> list[str]:
        """All of it."""
        return [*self.lost, *self.doubled, *self.stuck, *self.other]


def judge(mill: Mill, promises: Promises, heal_s: float) -> Judgement:
    """Heal and audit; the mill still runs afterwards."""
    found = Judgement()
    if _handed(mill).exists():  # by a judge who did not come to his end
        found.handed.update(_handed(mill).read_text(encoding="ascii").split())
    began_s = time.monotonic()
    _wait(mill, heal_s, found)
    found.healed_s = time.monotonic() - began_s
    for _ in range(HAND_ROUNDS):
        if not _lend_a_hand(mill, found):
            break
        _wait(mill, heal_s, found)
    _audit(mill, promises, found)
    return found


def _wait(mill: Mill, heal_s: float, found: Judgement) -> None:
    """Until nothing is left to do. Stuck is what got no less for `heal_s`: a slow machine may need longer for all of it."""
    least, since_s = None, time.monotonic()
    while True:
        try:
            wait_until_quiet(mill, LOOK_S)
        except AssertionError:
            mill.is_ready()  # raises if the runner itself has ended
            left = in_hand(mill)
            if left.keys() <= {"access.erasures"} and any(_parked_events(mill)):
                return  # an owner's erasure waits for an event that was parked: for the hand
            if least is None or sum(left.values()) < least:
                least, since_s = sum(left.values()), time.monotonic()
            if time.monotonic() - since_s > heal_s:
                found.stuck.append(f"no less for {heal_s:g} s: {left}")
                return
        else:
            return


def _lend_a_hand(mill: Mill, found: Judgement) -> int:
    """Fresh tries for whatever is parked; returns for how many."""
    count = 0
    with mill.client() as client:
        for service in JOB_SERVICES:
            rows = mill.rows(service, "SELECT job_id, file_id FROM jobs WHERE state = 'parked'")
            for job_id, file_id in rows:
                found.handed.add(file_id)
                with _handed(mill).open("a", encoding="ascii") as handed:
                    handed.write(f"{file_id}\n")
                client.post(f"/api/{service}/jobs/{job_id}/retry").raise_for_status()
            count += len(rows)
    for place in list(_parked_events(mill)):
        httpx.post(f"{place}/retry", timeout=30).raise_for_status()
        found.events_handed += 1
        count += 1
    return count


def _handed(mill: Mill) -> Path:
    """Where it is remembered whom somebody lent a hand."""
    return mill.data_dir.with_name("handed.txt")


def _parked_events(mill: Mill) -> Iterator[str]:
    """Where each of them is to be found."""
    for service in EVENT_SERVICES:
        base = f"http://127.0.0.1:{mill.ports[service]}/parked"
        for one in httpx.get(base, timeout=30).raise_for_status().json()["items"]:
            yield f"{base}/{one['id']}"


def _audit(mill: Mill, promises: Promises, found: Judgement) -> None:
    """The harness's audit; what is wrong is put where it belongs."""
    acknowledged = promises.acknowledged
    by_itself = [file_id for file_id in acknowledged.values() if file_id not in found.handed]
    sent = [upload for upload in promises.sent if upload.key in acknowledged]
    said = [
        *audit.rows(mill, acknowledged),
        *audit.endings(mill, acknowledged),
        *audit.effects(mill, by_itself),
        *audit.lives(mill),
        *audit.purges(mill),
        *audit.erasures(mill),
        *audit.deliveries(mill),
        *audit.leftovers(mill),
        *audit.contents(mill, sent, acknowledged),
        *audit.findable(mill, [upload for upload in sent if upload.word], acknowledged),
        *mill.engines.integrity(),
    ]
    found.hashed = len(sent)
    said += [f"never answered: {key}" for key in promises.gave_up]
    for line in said:
        _pigeonhole(line, found).append(line)


def _pigeonhole(line: str, found: Judgement) -> list[str]:
    if line.startswith(("lost", "bad bytes", "never delivered", "another id", "damaged", "purged, but")):
        return found.lost
    if line.startswith(("duplicate", "told", "shown")) or line[:1].isdigit():
        return found.doubled
    if line.startswith(("not ended", "not analysed", "stale copy", "purge not ended", "erasure not ended", "parked", "processing job", "ai job", "never answered")):  # fmt: skip # noqa: E501
        return found.stuck
    return found.other


def after_the_end(mill: Mill, found: Judgement) -> None:
    """On the stopped mill: its own verification, its sealed trail, and blobs of nobody, which go while all others stay."""
    # A round removes no more than a bounded number of them, so that a mistake could not take everything.
    while swept := _in_force(mill, lambda: _sweep(dry_run=False)):
        found.orphans += len(swept)
        if _in_force(mill, lambda: _sweep(dry_run=True)) & swept:
            found.other.append(f"orphans that were not swept: {sorted(swept)[:5]}")
            break
    report = _said(mill, "verify", "--json")
    if not report["ok"]:
        found.lost += [f"verify: {one}" for one in [*report["damaged"], *report["faults"]][:20]]
    trail = _said(mill, "audit", "verify", "--json")
    found.sealed = f"{trail['entries']:,} entries under {trail['seals']:,} seals"
    if not trail["ok"]:
        found.other.append(f"the audit trail does not hold: {trail['faults']}")


def _said(mill: Mill, *command: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "filemill.cli", *command], env=mill.environment, capture_output=True, text=True, timeout=900
    )  # fmt: skip
    try:
        said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise RuntimeError(f"filemill {' '.join(command)} said {done.stdout[-500:]} {done.stderr[-500:]}") from error
    return said


@contextmanager
def _settings_of(mill: Mill) -> Iterator[None]:
    mine = {name: value for name, value in mill.environment.items() if name.startswith(("FILEMILL_", "AWS_")) or name.endswith("_URL")}  # fmt: skip # noqa: E501
    with environment(mine, mill.data_dir):
        yield


def _in_force(mill: Mill, ask: Any) -> set[str]:
    """Ask in this process, with the settings of the mill."""
    with _settings_of(mill):
        prepare()
        found: set[str] = asyncio.run(ask())
        return found


async def _sweep(*, dry_run: bool) -> set[str]:
    """A round of the reconciler without its grace, which nothing that is on its way needs any more: the mill stands still."""
    async with opened() as installation:
        upload, processing = (installation.parts[name].database for name in ("upload", "processing"))

        async def named(keys: Any) -> set[str]:
            return set(await processing.read(processing_rows.named, keys))

        reconciler = Reconciler(upload, installation.store, named, grace=timedelta(0), dry_run=dry_run)
        round_ = await reconciler.round()
        if not dry_run:
            remover = Remover(upload, installation.store, purge.ERASURE.finished)
            while await remover.remove_some():
                pass
        return set(round_.orphans)


def wait_for_start(mill: Mill, timeout_s: float) -> None:
    """Return when the mill is up."""
    wait_for(mill.is_ready, f"the mill to be ready; it said: {mill.said()}", timeout_s)
