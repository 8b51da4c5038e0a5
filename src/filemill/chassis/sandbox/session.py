"""A conversation with one confined child: questions one after another, what it loaded stays in its memory.

For: what is dear to load and cheap to ask, as a model. Not for: two files that must not see each other; that is what a run per
file is for. On failure: a child that crashed, hung, or ran out of memory has ended, and the answer is how; open another.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filemill.chassis.sandbox import messages
from filemill.chassis.sandbox.lines import next_line, parse
from filemill.chassis.sandbox.outcome import Limits, Outcome
from filemill.chassis.sandbox.process import ZygoteProcess
from filemill.chassis.sandbox.verdict import Ended, judge

_END_WAIT_S = 2.0
_KILL_WAIT_S = 5.0
_TOO_LARGE = "output-too-large"


class Session:
    """One child and its channel; one question at a time."""

    def __init__(
        self,
        zygote: ZygoteProcess,
        run_id: int,
        limits: Limits,
        channel: "_Channel",
        ended: "asyncio.Future[Ended | None]",
    ) -> None:
        self._zygote = zygote
        self._run_id = run_id
        self._limits = limits
        self._reader, self._writer = channel
        self._ended = ended
        self._asking = asyncio.Lock()

    @classmethod
    async def open(cls, zygote: ZygoteProcess, run_id: int, source: Path, work_dir: Path, limits: Limits) -> "Session":
        """Fork the child."""
        ours, theirs = socket.socketpair()
        channel = await asyncio.open_connection(sock=ours, limit=messages.LINE_MAX_BYTES)
        with theirs:
            ended = zygote.submit(messages.run_message(run_id, str(source), str(work_dir), limits), theirs)
        return cls(zygote, run_id, limits, channel, ended)

    @property
    def is_over(self) -> bool:
        """Whether the child has ended."""
        return self._ended.done()

    def when_over(self, then: Callable[[], None]) -> None:
        """Call this once the child has ended."""
        self._ended.add_done_callback(lambda _ended: then())

    async def ask(self, request: dict[str, Any], *, timeout_s: float) -> Outcome:
        """The answer to one question. Any state but `ok` and `failed` means that the child is gone.

        A call that is cancelled ends the child: its answer would be taken for the next one's.
        """
        async with self._asking:
            began_s = time.perf_counter()
            try:
                async with asyncio.timeout(timeout_s):
                    answer = await self._answer(request)
            except TimeoutError:
                await self.kill()
                detail = f"No answer came in {timeout_s:g} seconds, and the process was stopped."
                return Outcome("timeout", None, "wall-limit", detail, timeout_s * 1000, None)
            except BaseException:
                await self.kill()
                raise
            duration_ms = (time.perf_counter() - began_s) * 1000
            if isinstance(answer.get("result"), dict) or isinstance(answer.get("error"), dict):
                return judge(Ended(0, None, 0, 0.0, ""), answer, self._limits, duration_ms=duration_ms)
            if not await self._wait(_END_WAIT_S):
                await self.kill()
            how = self._ended.result() if self._ended.done() else None
            if how is not None and answer.get("stopped") == _TOO_LARGE:
                how = Ended(how.status, _TOO_LARGE, how.peak_rss_bytes, how.cpu_s, how.stderr)
            return judge(how, answer, self._limits, duration_ms=duration_ms)

    async def close(self) -> None:
        """Let the child end, and see to it that it does."""
        self._writer.close()
        if not await self._wait(_END_WAIT_S):
            await self.kill()

    async def kill(self) -> None:
        """End the child and everything it started, now."""
        self._zygote.kill_run(self._run_id)
        self._writer.close()
        await self._wait(_KILL_WAIT_S)

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The first line that is not progress; empty if the child ended, or said too much."""
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):  # it is gone: the end says how
            self._writer.write(messages.question(request))
            await self._writer.drain()
        heard_bytes = 0
        while line := await next_line(self._reader):
            heard_bytes += len(line)
            if len(line) > messages.LINE_MAX_BYTES or heard_bytes > messages.CHANNEL_MAX_BYTES:
                await self.kill()
                return {"stopped": _TOO_LARGE}
            message = parse(line)
            if not isinstance(message.get("progress"), dict):
                return message
        return {}

    async def _wait(self, timeout_s: float) -> bool:
        await asyncio.wait({self._ended}, timeout=timeout_s)
        return self._ended.done()


_Channel = tuple[asyncio.StreamReader, asyncio.StreamWriter]
