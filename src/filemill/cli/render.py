"""`filemill render`: configuration for programs that stand around the mill, made from what the code says."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from filemill.chassis.errors import StartError
from filemill.cli import screen
from filemill.gateway.nginx import options as nginx_options
from filemill.gateway.routes import DEFAULT_MAX_FILE_BYTES

render = typer.Typer(help="Write configuration for the programs around the mill.", no_args_is_help=True)
_DEFAULT = nginx_options.NginxOptions()


@render.command()
def page(
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder; files of these names are written again.")],
) -> None:
    """The files of the web page, for an NGINX that serves them; its configuration expects them in `--page`."""
    from filemill.gateway.proxy import best_page

    shutil.copytree(best_page(), output, dirs_exist_ok=True, copy_function=shutil.copyfile)
    screen.say(f"written: {output}")


@render.command()
def nginx(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A folder; standard output if not given.")
    ] = None,
    listen: Annotated[
        list[str] | None, typer.Option(help="Port, or address:port, for plain HTTP; `none` for TLS only.")
    ] = None,
    tls_listen: Annotated[list[str] | None, typer.Option(help="Port, or address:port, for HTTPS and HTTP/2.")] = None,
    certificate: Annotated[str, typer.Option(help="The chain, PEM.")] = _DEFAULT.certificate,
    certificate_key: Annotated[str, typer.Option(help="Its private key, PEM.")] = _DEFAULT.certificate_key,
    upstream: Annotated[
        list[str] | None, typer.Option(help="NAME=HOST:PORT[,HOST:PORT]: where a service answers.")
    ] = None,
    resolver: Annotated[
        str | None,
        typer.Option(
            help="Name servers, to follow names that get other addresses; or the file that deployment/nginx/resolver.sh writes."
        ),
    ] = None,
    for_nginx: Annotated[str, typer.Option("--nginx", help="The oldest NGINX that is to read it.")] = "1.22",
    auth: Annotated[str, typer.Option(help="As FILEMILL_AUTH of the services: none, keys, oidc.")] = "keys",
    public: Annotated[
        str | None, typer.Option(help="With --auth none: the one host name beside this machine's own that is answered.")
    ] = None,
    max_file_bytes: Annotated[int, typer.Option(min=1, help="As FILEMILL_MAX_FILE_BYTES of upload.")] = (
        DEFAULT_MAX_FILE_BYTES
    ),
    rate: Annotated[
        int, typer.Option(min=0, help="Calls of one caller per second; 0: no limits.")
    ] = _DEFAULT.rate_per_s,
    burst: Annotated[int, typer.Option(min=1, help="And so many at once.")] = _DEFAULT.burst,
    at_once: Annotated[
        int,
        typer.Option(
            min=1, help="Short requests under way in one instance of upload and of metadata; not with --resolver."
        ),
    ] = _DEFAULT.at_once,
    trusted_proxy: Annotated[
        list[str] | None, typer.Option(help="A proxy or network in front whose X-Forwarded-For is believed.")
    ] = None,
    blobs: Annotated[
        str | None,
        typer.Option(
            help="The local store's folder, if NGINX can read it: it sends downloads (FILEMILL_ACCEL_REDIRECT=on)."
        ),
    ] = None,
    user: Annotated[str | None, typer.Option(help="As whom NGINX's workers run, where root starts it.")] = None,
    page: Annotated[str, typer.Option(help="The folder of the web page.")] = _DEFAULT.page_dir,
    work: Annotated[
        str, typer.Option(help="A folder for what NGINX writes: its pid, small bodies.")
    ] = _DEFAULT.work_dir,
    access_log: Annotated[str, typer.Option(help="Where a line of JSON per request goes.")] = _DEFAULT.access_log,
    error_log: Annotated[str, typer.Option(help="Where NGINX complains.")] = _DEFAULT.error_log,
) -> None:
    """The configuration of NGINX as the edge, from the route table. `nginx.conf` includes the files beside it."""
    from filemill.gateway.nginx.render import render as render_files

    kinds = {kind.strip() for kind in auth.split(",")}
    if kinds - {"none", "keys", "oidc"} or ("none" in kinds and len(kinds) > 1):
        raise StartError(f"--auth is {auth!r}; it is none, keys, oidc, or keys,oidc")
    chosen = nginx_options.NginxOptions(
        listen=tuple(one for one in (listen or _DEFAULT.listen) if one != "none"),
        tls_listen=tuple(tls_listen or ()),
        certificate=certificate,
        certificate_key=certificate_key,
        upstreams=nginx_options.read_upstreams(upstream or ()),
        resolver=resolver,
        nginx=nginx_options.read_version(for_nginx),
        asks_for_credentials="none" not in kinds,
        public_host=nginx_options.read_host(public) if public else None,
        max_file_bytes=max_file_bytes,
        rate_per_s=rate,
        burst=burst,
        at_once=at_once,
        trusted_proxies=nginx_options.read_trusted(trusted_proxy or ()),
        blobs_dir=blobs,
        run_as=user,
        page_dir=page,
        work_dir=work,
        access_log=access_log,
        error_log=error_log,
    )
    for name, text in render_files(chosen).items():
        if output is None:
            screen.say(f"# --- {name} ---\n{text}")
            continue
        output.mkdir(parents=True, exist_ok=True)
        (output / name).write_text(text, encoding="utf-8")
        screen.say(f"written: {output / name}")
