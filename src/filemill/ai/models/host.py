"""The models in use: each in a confined child of its own, loaded when first asked, gone when nobody asked for a while.

Questions that come while a model is at work are answered together afterwards (a batch). Memory is bounded by what the entries
say: the one that was not asked for longest makes room. One loads at a time. A model that crashes, hangs or runs out of memory
fails the questions it had (`ModelFailed`), nothing else: the next question starts another child.
"""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import structlog

from filemill.ai.models.loading import LIFE_S, QUEUE_FULL, HostLimits, ModelFailed, failure, open_model
from filemill.ai.models.registry import Model, Registry
from filemill.ai.models.server import ENTRY
from filemill.chassis.sandbox import Sandbox
from filemill.chassis.sandbox.session import Session
from filemill.chassis.telemetry import metrics, request_context, spans, tracing

LOOK_EVERY_S = 0.5
_GRACE_S = 3600.0

_log = structlog.get_logger()


def open_host(scratch: Path, registry: Registry, limits: HostLimits, walls: Literal["full", "reduced"]) -> "ModelHost":
    """A host with a sandbox of its own below an existing folder; nothing is started yet."""
    folder = scratch / "models"
    return ModelHost(Sandbox(ENTRY, scratch=folder, required=walls), folder, registry, limits)


@dataclass(frozen=True, slots=True)
class _Question:
    """An item somebody waits for, and in whose work."""

    item: Any
    answer: "asyncio.Future[Any]"
    context: request_context.RequestContext | None


@dataclass(slots=True)
class _Server:
    """One model: its child while it is loaded, and what waits for it."""

    model: Model
    session: Session | None = None
    waiting: "deque[_Question]" = field(default_factory=deque)
    task: "asyncio.Task[None] | None" = None
    used_s: float = 0.0
    born_s: float = 0.0

    @property
    def busy(self) -> bool:
        return self.task is not None


class ModelHost:
    """Answers questions with models; `run` is its loop, which ends them all when it is cancelled."""

    def __init__(self, sandbox: Sandbox, scratch: Path, registry: Registry, limits: HostLimits) -> None:
        """`sandbox` has the entry `server.ENTRY` and is started here, on demand; `scratch` is its scratch folder."""
        self._sandbox = sandbox
        self._scratch = scratch
        self._registry = registry
        self._limits = limits
        self._servers: dict[str, _Server] = {}
        self._loading = asyncio.Lock()
        self._freed = asyncio.Event()
        self._numbers = itertools.count(1)

    async def ask(self, model: Model, items: Sequence[Any]) -> list[dict[str, Any]]:
        """One answer per item, in order. Raises `ModelFailed`."""
        server = self._servers.get(model.entry.id)
        if server is None or server.model.digest != model.digest:
            old, server = server, _Server(model)
            self._servers[model.entry.id] = server
            if old is not None:
                await self._stop(old)
        if len(server.waiting) + len(items) > self._limits.waiting_most:
            raise ModelFailed(QUEUE_FULL, f"Too many wait for the model {model.entry.id}; try again later.")
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in items]
        context = request_context.current()
        server.waiting.extend(_Question(item, future, context) for item, future in zip(items, futures, strict=True))
        self._work(server)
        try:
            return list(await asyncio.gather(*futures))
        finally:
            for one in futures:
                one.cancel()  # of a caller that is gone, or after the first failure: nobody waits for the rest

    async def preload(self, model_ids: Sequence[str]) -> None:
        """Load these before anybody asks. One that cannot be is noted and told, and stops nothing."""
        for model_id in model_ids:
            model = self._registry.get(model_id)
            if model is None or not model.usable or model.entry.built_in:
                _log.warning("ai.model.not-preloaded", model=model_id, state=model.state if model else "unknown")
                continue
            server = self._servers.setdefault(model_id, _Server(model))
            try:
                await self._load(server)
            except ModelFailed as error:
                _log.warning("ai.model.not-preloaded", model=model_id, reason=error.detail)

    async def run(self) -> None:
        """End models that are idle, for ever."""
        try:
            while True:
                await asyncio.sleep(LOOK_EVERY_S)
                async with self._loading:
                    await self._end_idle()
        finally:
            await asyncio.shield(self.close())

    async def close(self) -> None:
        """End everything."""
        for server in list(self._servers.values()):
            await self._stop(server)
        await self._sandbox.stop()

    async def _stop(self, server: _Server) -> None:
        """End a model whatever it does; who waits is told."""
        if server.task is not None:
            server.task.cancel()
            await asyncio.gather(server.task, return_exceptions=True)
        await self._end(server)

    @property
    def loaded(self) -> list[str]:
        """Ids of the models that are in memory."""
        return [name for name, server in self._servers.items() if server.session and not server.session.is_over]

    def _work(self, server: _Server) -> None:
        if server.task is None:
            server.task = asyncio.create_task(self._answer_all(server))

    async def _answer_all(self, server: _Server) -> None:
        """Batch after batch until nothing waits."""
        batch: list[_Question] = []
        try:
            while batch := self._next_batch(server):
                outcome = await self._answer_batch(server, batch)
                metrics.MODEL_QUESTIONS.labels(model=server.model.entry.id, outcome=outcome).inc(len(batch))
        finally:
            self._fail([*batch, *server.waiting], ModelFailed("model-stopped", "The model was stopped."))
            server.waiting.clear()
            server.task = None
            self._freed.set()

    async def _answer_batch(self, server: _Server, batch: list[_Question]) -> str:
        """Answer these or fail them; returns which. It is work of the first who asked: their ids go to the child."""
        context = batch[0].context or request_context.begin()
        attributes: dict[str, str | int] = {"filemill.model.id": server.model.entry.id, "filemill.batch": len(batch)}
        with request_context.within(context), tracing.span(spans.INFERENCE, attributes) as span:
            outcome = await self._ask_child(server, batch)
            span.note({"filemill.outcome": outcome})
            return outcome

    async def _ask_child(self, server: _Server, batch: list[_Question]) -> str:
        try:
            answers = await self._answer(server, [one.item for one in batch])
        except ModelFailed as error:
            self._fail([*batch, *server.waiting] if error.of_model else batch, error)
            return error.code
        except Exception as error:  # noqa: BLE001 - a sandbox that cannot start, a bug of ours: nobody may wait for ever
            _log.exception("ai.model.broke", model=server.model.entry.id)
            said = f"The model {server.model.entry.id} could not be asked ({type(error).__name__})."
            self._fail([*batch, *server.waiting], ModelFailed("model-not-started", said))
            return "model-not-started"
        for one, answer in zip(batch, answers, strict=True):
            if not one.answer.done():
                one.answer.set_result(answer)
        return "answered"

    def _next_batch(self, server: _Server) -> list[_Question]:
        batch: list[_Question] = []
        while server.waiting and len(batch) < self._limits.batch_most:
            question = server.waiting.popleft()
            if not question.answer.done():
                batch.append(question)
        metrics.MODEL_WAITING.labels(model=server.model.entry.id).set(len(server.waiting))
        return batch

    @staticmethod
    def _fail(those: list[_Question], error: ModelFailed) -> None:
        for one in those:
            if not one.answer.done():
                one.answer.set_exception(error)
                one.answer.exception()  # looked at: the caller may have left with the failure of another item

    async def _answer(self, server: _Server, items: list[Any]) -> list[dict[str, Any]]:
        session = await self._load(server)
        metrics.MODEL_BATCHES.labels(model=server.model.entry.id).inc()
        outcome = await session.ask({"items": items}, timeout_s=self._limits.answer_s)
        server.used_s = time.monotonic()
        answers = outcome.result.get("answers") if outcome.result else None
        if outcome.state == "ok" and isinstance(answers, list) and len(answers) == len(items):
            return answers
        if session.is_over:
            await self._end(server)
        raise failure(server.model.entry, outcome)

    async def _load(self, server: _Server) -> Session:
        """The child of a model, warm."""
        cache = partial(metrics.MODEL_CACHE.labels, model=server.model.entry.id)
        if server.session is not None and not server.session.is_over:
            cache(outcome="hit").inc()
            return server.session
        async with self._loading:
            await self._end(server)
            await self._make_room(server)
            entry, began_s = server.model.entry, time.monotonic()
            work_dir = self._scratch / f"model-{next(self._numbers)}"
            try:
                session = await open_model(self._sandbox, self._registry.shelf, entry, work_dir, self._limits)
            except ModelFailed as error:
                cache(outcome="failed").inc()
                self._registry.note(entry.id, "failed", error.detail)
                _log.warning("ai.model.failed", model=entry.id, reason=error.detail)
                raise
            server.session, server.born_s, server.used_s = session, time.monotonic(), time.monotonic()
            cache(outcome="loaded").inc()
            self._registry.note(entry.id, "loaded")
            self._count()
            _log.info("ai.model.loaded", model=entry.id, duration_ms=round((time.monotonic() - began_s) * 1000, 1))
            return session

    async def _make_room(self, server: _Server) -> None:
        """End those that were not asked for longest; waits for those at work. Only one is ever here."""
        needed = server.model.entry.memory_bytes
        if needed > self._limits.memory_bytes:
            said = f"{server.model.entry.id} needs {needed} bytes, and models may have {self._limits.memory_bytes} together."
            self._registry.note(server.model.entry.id, "failed", said)
            raise ModelFailed("model-too-large", said, of_model=True)
        while self._used() + needed > self._limits.memory_bytes:
            idle = [
                one for one in self._servers.values() if one.session is not None and not one.busy and one is not server
            ]
            if idle:
                await self._end(min(idle, key=lambda one: one.used_s))
            else:
                self._freed.clear()
                await self._freed.wait()

    async def _end_idle(self) -> None:
        now_s = time.monotonic()
        for server in list(self._servers.values()):
            if server.session is None or server.busy:
                continue
            is_old = now_s - server.born_s > LIFE_S - _GRACE_S
            if server.session.is_over or is_old or now_s - server.used_s > self._limits.idle_s:
                await self._end(server)
        if (
            not self.loaded
            and self._sandbox.zygote_pid is not None
            and not any(one.busy for one in self._servers.values())
        ):
            await self._sandbox.stop()

    async def _end(self, server: _Server) -> None:
        session, server.session = server.session, None
        if session is None:
            return
        await session.close()
        metrics.MODEL_ENDED.labels(model=server.model.entry.id).inc()
        if self._registry.get(server.model.entry.id) is not None:
            self._registry.note(server.model.entry.id, "ready")
        self._count()
        _log.info("ai.model.ended", model=server.model.entry.id)

    def _used(self) -> int:
        return sum(one.model.entry.memory_bytes for one in self._servers.values() if one.session is not None)

    def _count(self) -> None:
        metrics.MODELS_LOADED_BYTES.set(self._used())
