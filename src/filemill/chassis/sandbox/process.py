"""The client's end of one zygote: starting it, sending it children to fork, hearing how they ended.

Not for: starting another when this one is lost (client.py does). On failure: a lost zygote resolves every run in work
with None and kills the groups it knows of.
"""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from filemill.chassis.sandbox import groups
from filemill.chassis.sandbox.errors import SandboxUnavailableError
from filemill.chassis.sandbox.messages import LINE_MAX_BYTES, ControlReader, Message, encode
from filemill.chassis.sandbox.outcome import Level
from filemill.chassis.sandbox.verdict import Ended

# What a parser may know of our environment: no secret is in these. Everything else stays outside.
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "PYTHONPATH", "LD_LIBRARY_PATH", "TESSDATA_PREFIX")
_FIXED_ENVIRONMENT = {
    "PYTHONDONTWRITEBYTECODE": "1",
    # glibc reserves 64 MiB of address space per thread that allocates, which RLIMIT_AS would count.
    "MALLOC_ARENA_MAX": "2",
    # A child lives for one file: giving memory back and faulting it in again took 2 ms per megabyte buffer.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "MALLOC_TOP_PAD_": str(4 << 20),
    # The zygote may preload only what starts no threads; numpy's linear algebra would start one per core.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 2.0


class ZygoteProcess:
    """A started zygote and the runs it has in work."""

    def __init__(self, process: asyncio.subprocess.Process, control: socket.socket) -> None:
        self._process = process
        self._control = control
        self._reader: asyncio.Task[None] | None = None
        self._ended: dict[int, asyncio.Future[Ended | None]] = {}
        self._groups: dict[int, int] = {}
        self.lost = False
        self.level = Level("none")
        self.lazy: tuple[str, ...] = ()

    @property
    def pid(self) -> int:
        """The process id of the zygote."""
        return self._process.pid

    async def wait_until_ready(self) -> None:
        """Read the first message: the level, or why it cannot start."""
        first: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._listen(first))
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                message = await first
        except TimeoutError as error:
            await self.stop()
            raise SandboxUnavailableError("The sandbox did not become ready in a minute.") from error
        if message["op"] != "ready":
            await self.stop()
            raise SandboxUnavailableError(f"The sandbox could not start: {message['detail']}")
        self.level = Level(message["level"], tuple(message["missing"]))
        self.lazy = tuple(message["lazy"])

    def submit(self, message: Message, channel: socket.socket) -> asyncio.Future[Ended | None]:
        """Send a `run` message with the child's end of its channel; the future tells how the child ended."""
        future: asyncio.Future[Ended | None] = asyncio.get_running_loop().create_future()
        self._ended[message["id"]] = future
        try:
            socket.send_fds(self._control, [encode(message)], [channel.fileno()])
        except OSError:
            self._lose()
        return future

    def kill_run(self, run_id: int) -> None:
        """Kill the child of a run and everything it started."""
        with contextlib.suppress(OSError):  # a lost zygote has taken its children with it
            self._control.send(encode({"op": "kill", "id": run_id}))

    def kill(self) -> None:
        """Kill the zygote itself; the kernel then kills its children."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def stop(self) -> None:
        """End the zygote and all its children and wait for it."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)
        try:
            async with asyncio.timeout(_STOP_TIMEOUT_S):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()
        if self._reader is not None:
            await self._reader
        self._control.close()

    async def _listen(self, first: asyncio.Future[Message]) -> None:
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        reader = ControlReader(self._control)
        loop.add_reader(self._control.fileno(), readable.set)
        try:
            while not reader.closed:
                await readable.wait()
                readable.clear()
                with contextlib.suppress(BlockingIOError):
                    for message in reader.receive():
                        self._hear(message, first)
        except ConnectionResetError:
            pass  # killed: the same as its end of file
        finally:
            loop.remove_reader(self._control.fileno())
            if not first.done():
                first.set_result({"op": "failed", "detail": "it ended before it was ready"})
            self._lose()

    def _hear(self, message: Message, first: asyncio.Future[Message]) -> None:
        operation = message["op"]
        if operation in {"ready", "failed"}:
            if not first.done():
                first.set_result(message)
        elif operation == "started":
            self._groups[message["id"]] = message["pid"]
        elif operation == "ended":
            self._groups.pop(message["id"], None)
            future = self._ended.pop(message["id"])
            del message["op"], message["id"]
            if not future.done():
                future.set_result(Ended(**message))

    def _lose(self) -> None:
        self.lost = True
        for group in self._groups.values():
            groups.kill(group)  # a helper program of a child has no death signal if it was started by hostile code
        self._groups.clear()
        for future in self._ended.values():
            if not future.done():
                future.set_result(None)
        self._ended.clear()


async def spawn(entry: str, *, preload: Sequence[str], scratch: Path, ahead: bool) -> ZygoteProcess:
    """Start a zygote by exec and wait until it is ready."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LINE_MAX_BYTES)
    ours.setblocking(False)
    options = ["--entry", entry, "--scratch", str(scratch), "--control-fd", str(theirs.fileno())]
    options += ["--parent-pid", str(os.getpid())]
    for module in preload:
        options += ["--preload", module]
    if ahead:
        options.append("--ahead")
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    with theirs:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # the folder we happen to stand in is no place to import from
            "-m",
            "filemill.chassis.sandbox.zygote",
            *options,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            env={**environment, **_FIXED_ENVIRONMENT, "HOME": str(scratch)},
            cwd=scratch,
            start_new_session=True,
        )
    zygote = ZygoteProcess(process, ours)
    await zygote.wait_until_ready()
    return zygote
