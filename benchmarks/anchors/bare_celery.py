"""The anchor of L8: a Celery worker as its documentation has it for quorum queues, with a task that only counts."""

import sys
from pathlib import Path

from celery import Celery, signals
from kombu import Exchange, Queue

URL, FOLDER = sys.argv[1], Path(sys.argv[2])

app = Celery("bare", broker=URL)
app.conf.update(
    task_queues=[
        Queue("bare", Exchange("bare", type="direct"), routing_key="bare", queue_arguments={"x-queue-type": "quorum"})
    ],
    task_default_queue="bare",
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,
    broker_transport_options={"confirm_publish": True},
)
done = [0]


@app.task(name="bare.count")
def count(last: int) -> None:
    """Count; the last of a round says so."""
    done[0] += 1
    if done[0] == last:
        (FOLDER / f"done.{last}").touch()


if __name__ == "__main__":
    signals.worker_ready.connect(lambda **_: (FOLDER / "ready").touch(), weak=False)
    app.Worker(
        pool="prefork", concurrency=1, loglevel="WARNING", without_gossip=True, without_mingle=True,
        without_heartbeat=True,
    ).start()  # fmt: skip
