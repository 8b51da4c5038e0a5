"""Under which address the world reaches a service: for links that leave this installation."""

from urllib.parse import urlsplit

from starlette.requests import Request

from filemill.chassis.settings import LOOPBACK_HOSTS, ServiceSettings


def origin_of(request: Request, settings: ServiceSettings, service: str | None = None) -> str:
    """Scheme, host and prefix: of `FILEMILL_PUBLIC_URL`, else as this request came. `service`: another than the one asked."""
    own = service is None or service == settings.service
    prefix = request.headers.get("x-forwarded-prefix", "").rstrip("/")
    behind = prefix if own else f"/api/{service}"
    if settings.public_url:
        return settings.public_url.rstrip("/") + (behind or f"/api/{settings.service}")
    if not own and not prefix:
        return settings.base_url(str(service))  # asked without a gateway: so is the other
    scheme = request.headers.get("x-forwarded-proto", request.url.scheme)
    return f"{scheme}://{request.headers['host']}{behind}"


def is_private_line(request: Request, settings: ServiceSettings) -> bool:
    """Whether the request came over plain HTTP that never left this machine: there alone a cookie need not be `Secure`."""
    origin = urlsplit(origin_of(request, settings))
    return origin.scheme == "http" and origin.hostname in LOOPBACK_HOSTS
