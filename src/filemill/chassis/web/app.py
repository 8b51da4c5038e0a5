"""The app factory: one FastAPI app per service, with the edge, problems, health, and Swagger UI that needs no internet."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from importlib import resources

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.routing import APIRoute
from starlette.staticfiles import StaticFiles

from filemill import __version__
from filemill.chassis.background import Background
from filemill.chassis.web import health, problems
from filemill.chassis.web.description import complete
from filemill.chassis.web.direct import Direct, DirectRoute, ExactRoute
from filemill.chassis.web.edge import Edge
from filemill.chassis.web.upload_tokens import UploadTokens
from filemill.contracts.problems import Problem


def build_app(
    state: health.HealthState,
    routers: Sequence[APIRouter],
    *,
    summary: str,
    start: Callable[[], Awaitable[None]] | None = None,
    stop: Callable[[], Awaitable[None]],
    streaming: Collection[tuple[str, str]] = (),
    draining: Callable[[], None] | None = None,
    direct: Sequence[DirectRoute | ExactRoute] = (),
    upload_tokens: UploadTokens | None = None,
    bounded: bool = False,
) -> Edge:
    """The app of one service. `start` and `stop` frame its life; loops in `state.background` run in between.

    `draining` is called when the process takes no more requests, before it waits for those in flight: it ends endless ones.
    `direct` are those routes of `routers` that are answered ahead of the framework. `upload_tokens` reads the tokens of
    browsers, where some route takes them. `bounded`: who comes while too many wait for their answers is refused (503); not for
    services that keep answers back on purpose.
    """
    background = state.background or Background()

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        if start is not None:
            await start()
        background.start()
        state.ready = True
        yield
        state.ready = False
        await background.stop()
        await stop()

    app = FastAPI(
        title=f"filemill {state.service}",
        summary=summary,
        version=__version__,
        lifespan=life,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        # Its own spans hold paths and queries: search words, signatures of links. Ours (`telemetry.spans`) never do.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        responses={"default": {"model": Problem, "description": "Any error, as problem+json."}},
    )
    included = [*routers, health.build_router(state)]
    for router in included:
        app.include_router(router)
    routes = [route for router in included for route in router.routes if isinstance(route, APIRoute)]
    problems.install(app, routes)
    _add_docs(app, routes)

    def leaving() -> None:
        state.ready = False

    edge = Edge(Direct(app, direct) if direct else app, streaming, draining, upload_tokens, routes, leaving)
    if bounded:
        edge.bound()
    return edge


def _add_docs(app: FastAPI, routes: list[APIRoute]) -> None:
    """Swagger UI from the assets of an installed package: `/docs` works on a machine without any network.

    The document names the prefix the gateway sends as its server, so that "Try it out" works from behind it too.
    """
    assets = resources.files("fastapi_offline") / "static"
    app.mount("/docs-assets", StaticFiles(directory=str(assets)), name="docs-assets")

    @app.get("/openapi.json", include_in_schema=False)
    async def description(request: Request) -> JSONResponse:
        prefix = _prefix(request)
        said = app.openapi()
        if "securitySchemes" not in said.get("components", {}):
            complete(said, routes)
        return JSONResponse(said | ({"servers": [{"url": prefix}]} if prefix else {}))

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        prefix = _prefix(request)
        return get_swagger_ui_html(
            openapi_url=f"{prefix}/openapi.json",
            title=app.title,
            swagger_js_url=f"{prefix}/docs-assets/swagger-ui-bundle.js",
            swagger_css_url=f"{prefix}/docs-assets/swagger-ui.css",
            swagger_favicon_url=f"{prefix}/docs-assets/favicon.png",
        )


def _prefix(request: Request) -> str:
    return request.headers.get("x-forwarded-prefix", "").rstrip("/")
