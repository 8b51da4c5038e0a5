"""`filemill models`: which models each capability has, in which state, and what it takes to have the others."""

from typing import Annotated

import typer

from filemill.cli import screen
from filemill.cli.api import CallFailed

models = typer.Typer(help="Models of the ai service: list them, fetch them.", no_args_is_help=True)


@models.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one line per model.")] = False,
) -> None:
    """Every model, by capability and rank."""
    from filemill.ai.models.registry import built_in_registry

    for model in built_in_registry().list():
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


@models.command()
def pull(model_id: Annotated[str, typer.Argument(help="An id from `models list`.")]) -> None:
    """Fetch a model, if its manifest says from where and with which SHA-256."""
    from filemill.ai.models.registry import built_in_registry

    model = built_in_registry().get(model_id)
    if model is None:
        raise CallFailed(f"there is no model {model_id!r}; `filemill models list` shows them")
    if model.entry.built_in:
        screen.say(f"{model_id} comes with filemill; there is nothing to fetch")
        return
    unknown = sum(file.sha256 is None for file in model.entry.files)
    raise CallFailed(
        f"{model_id} cannot be fetched by this version: its manifest lacks the SHA-256 of {unknown} of "
        f"{len(model.entry.files)} files, and nothing is loaded unchecked"
    )
