"""`filemill models`: which models each capability has, in which state, and what it takes to have the others.

Operator commands, beside the services: they read and fill the folder of models (`FILEMILL_MODELS_DIR`). A running mill sees
what was pulled at its next analysis.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from filemill.chassis.errors import StartError
from filemill.cli import screen
from filemill.cli.api import CallFailed

if TYPE_CHECKING:
    from filemill.ai.models.registry import Model, Registry
    from filemill.ai.settings import AiSettings

models = typer.Typer(help="Models of the ai service: list them, fetch them, check them.", no_args_is_help=True)


@models.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one line per model.")] = False,
) -> None:
    """Every model, by capability and rank."""
    registry, _ = _registry()
    for model in registry.list():
        if as_json:
            screen.json_line(model.as_json())
            continue
        entry = model.entry
        screen.say(
            f"{entry.capability:<15} {entry.id:<31} ",
            screen.state(f"{model.state:<15}"),
            f" {entry.quality:<6} {entry.title}",
        )
        if model.reason:
            screen.say(f"{'':<48}{model.reason}")
    for broken in registry.broken:
        if as_json:
            screen.json_line({"id": broken.name, "state": "failed", "reason": broken.reason})
        else:
            screen.say(f"{'(own)':<15} {broken.name:<31} ", screen.state(f"{'failed':<15}"), f" {broken.reason}")


@models.command()
def pull(
    model_id: Annotated[str, typer.Argument(help="An id from `models list`.")],
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Take the files from this folder or wheel instead of the network.", exists=True),
    ] = None,
    pin: Annotated[
        bool,
        typer.Option(
            "--pin", help="With --from, where filemill knows no SHA-256: vouch for these files, whose own are kept."
        ),
    ] = False,
) -> None:
    """Fetch a model; every file must have the size and SHA-256 of its manifest. Repeat it to go on where it was."""
    from filemill.ai.models import pinning
    from filemill.ai.models.pull_sources import FromPlace, FromUrls
    from filemill.ai.models.pulling import PullFailed
    from filemill.ai.models.pulling import pull as pull_files

    registry, settings = _registry()
    model = _model(registry, model_id)
    if model.entry.built_in:
        screen.say(f"{model_id} comes with filemill; there is nothing to fetch")
        return
    came_from = FromPlace(source) if source else FromUrls(settings.models_from_loopback, settings.models_ca_file)
    if pin and source is None:
        raise CallFailed("--pin vouches for files that you brought: say --from FOLDER with it")
    try:
        entry = pinning.found_in(model.entry, source) if pin and source else model.entry
        with screen.byte_bars() as progress:
            pull_files(entry, registry.shelf, came_from, progress)
        if pin:
            pinning.keep(entry, registry.shelf)
            for file in entry.shelf_files:
                screen.say(f"  {file.sha256}  {file.size_bytes:>12}  {file.name}")
    except PullFailed as error:
        raise CallFailed(str(error)) from error
    registry, _ = _registry()
    model = _model(registry, model_id)
    screen.say(f"{model_id} is ", screen.state(model.state), f"{': ' + model.reason if model.reason else ''}")


@models.command()
def verify(
    model_id: Annotated[
        str | None, typer.Argument(help="An id from `models list`; without it all that are here.")
    ] = None,
) -> None:
    """Read the files of models whole and compare their SHA-256 with the manifest."""
    from filemill.ai.models.pulling import check

    registry, _ = _registry()
    wanted = [_model(registry, model_id)] if model_id else list(registry.list())
    bad = 0
    for model in wanted:
        entry = model.entry
        if model_id is None and (entry.built_in or registry.shelf.lacks(entry)):
            continue
        flaws = check(entry, registry.shelf) if not entry.built_in else [model.reason] if model.reason else []
        bad += bool(flaws)
        screen.say(f"{entry.id:<31} ", screen.state("failed" if flaws else "ok"))
        for one in flaws:
            screen.say(f"  {one}")
    for broken in registry.broken if model_id is None else ():
        bad += 1
        screen.say(f"{broken.name:<31} ", screen.state("failed"), f" {broken.reason}")
    if bad:
        raise CallFailed(
            f"{bad} of the models are not what their manifest says; `filemill models pull ID` fetches one again"
        )


def _registry() -> "tuple[Registry, AiSettings]":
    """The models on this machine, and the settings of ai."""
    from filemill.ai.models.registry import open_registry
    from filemill.ai.settings import AiSettings
    from filemill.chassis.settings import load

    try:
        settings = load(AiSettings)
    except StartError as error:
        raise CallFailed(str(error)) from error
    return open_registry(settings.models_place, settings.models_disabled), settings


def _model(registry: "Registry", model_id: str) -> "Model":
    model = registry.get(model_id)
    if model is None:
        raise CallFailed(f"there is no model {model_id!r}; `filemill models list` shows them")
    return model
