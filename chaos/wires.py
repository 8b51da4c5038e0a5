"""The wires between a mill and what it talks to, each through a proxy that can stop forwarding or become slow.

Every mill has wires of its own: one instance can be cut off from the broker while the other is not. Servers: PostgreSQL,
RabbitMQ, Redis, the S3 store. Services: what they ask each other over HTTP (the local gateway reaches them by Unix sockets).
Not for: servers that end or stop (`doing` has those).
"""

from contextlib import ExitStack

from plan import ENGINES, SERVICES

from support.engines import ServerEngines
from support.fault_proxy import FaultProxy
from support.mill import Mill

LAG_S = 0.15
"""What a slow link adds to each piece of at most 64 KiB, each way: the far side of the world over a bad line."""


class Wires:
    """Those of one mill, which is told to use them. Use as a context manager, around the life of the mill."""

    def __init__(self, mill: Mill) -> None:
        ports = {name: mill.ports[name] for name in SERVICES}
        if isinstance(mill.engines, ServerEngines):
            ports |= {name: getattr(mill.engines, name).port for name in ENGINES}
        self._mill = mill
        self._stack = ExitStack()
        self._ends = ports
        self._proxies = {name: FaultProxy(port) for name, port in ports.items()}
        self._hurt: set[str] = set()

    def __enter__(self) -> "Wires":
        for proxy in self._proxies.values():
            self._stack.enter_context(proxy)
        through = {f"127.0.0.1:{port}": f"127.0.0.1:{self._proxies[name].port}" for name, port in self._ends.items()}
        for name, value in self._mill.engines.environment().items():
            for end, start in through.items():
                value = value.replace(end, start)
            self._mill.environment[name] = value
        for name in SERVICES:
            self._mill.environment[f"FILEMILL_{name.upper()}_URL"] = f"http://127.0.0.1:{self._proxies[name].port}"
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def cut(self, name: str) -> bool:
        """Nothing passes any more, and nobody is told; whether the wire was whole."""
        if was_whole := self._hurts(name):
            self._proxies[name].pause()
        return was_whole

    def slow(self, name: str) -> bool:
        """Everything comes late; whether the wire was whole."""
        if was_whole := self._hurts(name):
            self._proxies[name].lag(LAG_S)
        return was_whole

    def mend(self, name: str) -> None:
        """As it was: what was held back arrives now."""
        self._proxies[name].lag(0)
        self._proxies[name].resume()
        self._hurt.discard(name)

    def mend_all(self) -> None:
        """Every wire."""
        for name in self._proxies:
            self.mend(name)

    def _hurts(self, name: str) -> bool:
        if name in self._hurt:
            return False
        self._hurt.add(name)
        return True
