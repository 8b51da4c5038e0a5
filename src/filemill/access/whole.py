"""The health of the whole, for the edge that asks one service only (NGINX's `/health`). The local gateway sums it itself."""

from typing import Any

import httpx
from fastapi import APIRouter, Response

from filemill import __version__
from filemill.access.settings import AccessSettings
from filemill.chassis.certificates import trusted
from filemill.chassis.settings import PORTS
from filemill.chassis.web.health_sum import HealthSum
from filemill.contracts.health import WholeHealth

SERVICES = tuple(name for name in PORTS if name != "gateway")
PATIENCE_S = 1.0
KEEP_S = 0.5


class Whole:
    """Asks every service, itself among them, where its settings say they answer."""

    def __init__(self, settings: AccessSettings) -> None:
        self._urls = {name: settings.base_url(name) for name in SERVICES}
        # By that name they answer also where nobody is asked for credentials, and other names are refused.
        self._client = httpx.AsyncClient(timeout=PATIENCE_S, headers={"Host": "localhost"}, verify=trusted())
        # What a service leans on is for operators, who ask the service itself.
        detail = not settings.asks_for_credentials
        self._sum = HealthSum(
            SERVICES, self._ask, version=__version__, detail=detail, patience_s=PATIENCE_S, keep_s=KEEP_S
        )

    def router(self) -> APIRouter:
        """One route."""
        router = APIRouter(tags=["operation"])
        router.add_api_route(
            "/health-sum",
            self.health,
            methods=["GET"],
            response_model=WholeHealth,
            response_model_exclude_unset=True,
            summary="For the edge: the health of every service",
        )
        return router

    async def health(self, response: Response) -> dict[str, Any]:
        """200 while any service does its job, 503 when none does."""
        response.status_code, body = await self._sum.ask()
        response.headers["Cache-Control"] = "no-store"
        return body

    async def close(self) -> None:
        """Let go of every connection."""
        await self._client.aclose()

    async def _ask(self, service: str) -> tuple[int, dict[str, Any]]:
        try:
            answer = await self._client.get(f"{self._urls[service]}/health")
        except httpx.HTTPError as error:
            raise OSError("no answer") from error
        said = answer.json()
        return answer.status_code, said if isinstance(said, dict) else {}
