"""What a stop waits for: a piece of work that would be held by a lease, or done twice, if it were cut off.

Not for: work of any length; a job in hand is given back instead. On failure: what is cut off is tried again later.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

END_S = 5.0
T = TypeVar("T")


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Await `work`; if this is cancelled meanwhile, the work may end within `END_S`, and only then the cancellation counts."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=END_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)  # its failure is no news any more: the work is still there
        raise
