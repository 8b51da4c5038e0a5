"""`filemill index`: what an operator does to the word index."""

import typer

index = typer.Typer(help="The word index that searches look into.", no_args_is_help=True)


@index.callback()
def group() -> None:
    """The word index that searches look into."""


@index.command()
def rebuild() -> None:
    """Make it, and the counts of analytics, anew. The mill may run meanwhile: searches go on, news waits for the count."""
    from filemill.cli.rebuild import rebuild_index

    rebuild_index()
