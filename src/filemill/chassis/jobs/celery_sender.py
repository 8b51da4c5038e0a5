"""Sends wake-ups to Celery's workers from a service, on one connection that this process opens when it has the first to send.

All wake-ups of a call are sent at once, then the broker's confirms are awaited together. A broker that went away since the
last call is noticed at the next one, which opens a new connection and sends anew: a wake-up too many harms nothing. What is
not confirmed then raises `Unavailable`, and the waker tries later. Celery blocks, so it has a thread of its own.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from celery.exceptions import OperationalError
from kombu import Connection, Producer

from filemill.chassis.errors import StartError, Unavailable
from filemill.chassis.jobs.celery_app import build_app, declare, exchange_name, queue_name, task_name

SOCKET_S = 10.0
"""The longest silence of the broker while something is asked of it."""


class _Refused(Exception):
    """The broker said no to a wake-up."""


class _Line:
    """An open connection with a channel in confirm mode. Used up by any error."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._channel: Any = connection.channel()
        self._channel.confirm_select()
        self._channel.events["basic_ack"].add(self._acked)
        self._channel.events["basic_nack"].add(self._nacked)
        self._sent = 0
        self._unconfirmed: set[int] = set()
        self._refused = False
        self.producer = Producer(self._channel)

    def sent(self) -> None:
        """A message went out through `producer`: the broker numbers them."""
        self._sent += 1
        self._unconfirmed.add(self._sent)

    def confirmed(self) -> None:
        """Return once the broker has all that was sent. Raises `_Refused`, or what its silence or its loss raises."""
        while self._unconfirmed and not self._refused:
            self._connection.drain_events(timeout=SOCKET_S)
        if self._refused:
            raise _Refused

    def close(self) -> None:
        """Let go of it without asking the broker, which may not be there."""
        self._connection.collect()

    def _acked(self, tag: int, multiple: bool) -> None:
        if multiple:
            self._unconfirmed = {one for one in self._unconfirmed if one > tag}
        else:
            self._unconfirmed.discard(tag)

    def _nacked(self, _tag: int, _multiple: bool) -> None:
        self._refused = True


class WakeSender:
    """See `wake_sender.Sender`."""

    def __init__(self, url: str, kind: str) -> None:
        self._kind = kind
        self._app = build_app(url, kind, deadline_s=0.0)
        # Between two calls nobody beats for this connection.
        self._app.conf.broker_heartbeat = 0
        self._app.conf.broker_transport_options = {"read_timeout": SOCKET_S, "write_timeout": SOCKET_S}
        broker = self._app.connection_for_write()
        self._errors = (
            OperationalError,
            _Refused,
            *broker.recoverable_connection_errors,
            *broker.recoverable_channel_errors,
        )
        self._line: _Line | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="wake-ups")

    async def send(self, lane: str, count: int) -> None:
        """See `waker.Send`."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._send, lane, count)

    def _send(self, lane: str, count: int) -> None:
        fresh = self._line is None
        try:
            self._send_all(lane, count)
        except self._errors as error:
            self._drop()
            if fresh:
                raise Unavailable(f"The broker took no wake-up: {type(error).__name__}.") from error
            self._send(lane, count)

    def _send_all(self, lane: str, count: int) -> None:
        line = self._line = self._line or self._open()
        for _ in range(count):
            self._app.send_task(
                task_name(self._kind),
                args=[lane],
                exchange=exchange_name(self._kind),
                routing_key=queue_name(self._kind, lane),
                producer=line.producer,
                ignore_result=True,
                retry=False,
            )
            line.sent()
        line.confirmed()

    def _open(self) -> _Line:
        try:
            declare(self._app)
        except StartError as error:
            raise Unavailable(str(error)) from error
        return _Line(self._app.connection_for_write())

    def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    async def close(self) -> None:
        """Let go of the connection."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._drop)
        self._thread.shutdown(wait=True)
