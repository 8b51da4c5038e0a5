"""Rate limits in Redis or Valkey: `limit:{key}` holds when the bucket is full again, by the server's own clock."""

from filemill.chassis.limits.limiter import Verdict
from filemill.chassis.redis_client import RedisClient

# `limiter.judge` in whole microseconds: Lua's numbers are exact up to 2^53, and the present is about 2^51 microseconds.
_ALLOW = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local every, burst, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = tonumber(redis.call('GET', KEYS[1]) or now)
full = math.min(math.max(full, now), now + burst * every)
local after = full + count * every
local room = now + burst * every - after
if room < 0 then return {0, 0, -room} end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 1000)
return {1, math.floor(room / every), room < every and every - room or 0}
"""


class RedisLimiter:
    """See `limiter.RateLimiter`."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    async def allow(self, key: str, rate_per_s: float, burst: int, count: int = 1) -> Verdict:
        """See `RateLimiter.allow`. A question whose answer was lost may count twice."""
        every_us = max(1, round(1_000_000 / rate_per_s))
        allowed, remaining, wait_us = await self._client.ask(
            lambda redis: redis.eval(_ALLOW, 1, f"limit:{key}", every_us, burst, count)
        )
        return Verdict(bool(allowed), int(remaining), wait_us / 1_000_000)

    async def check(self) -> None:
        """See `RateLimiter.check`."""
        await self._client.check()

    async def close(self) -> None:
        """See `RateLimiter.close`."""
        await self._client.close()
