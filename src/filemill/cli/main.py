"""The `filemill` command line. Each command is short: it reads its arguments and calls the module that does the work."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from filemill import __version__
from filemill.cli import doctor as doctor_checks
from filemill.cli import screen, story
from filemill.cli.api import Api, CallFailed
from filemill.cli.audit import audit
from filemill.cli.fault import faulting
from filemill.cli.holds import holds
from filemill.cli.index import index
from filemill.cli.keys import keys
from filemill.cli.load import loading
from filemill.cli.models import models
from filemill.cli.operate import operate
from filemill.cli.parked import parked
from filemill.cli.render import render
from filemill.cli.rules import rules
from filemill.cli.searches import searches
from filemill.cli.shares import shares, sharing
from filemill.cli.tags import tags
from filemill.cli.users import users
from filemill.cli.webhooks import webhooks
from filemill.client import MillError

app = typer.Typer(
    name="filemill",
    help="Drop a file in, and within seconds it is safe, understood, findable and announced.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(parked, name="parked")
app.add_typer(models, name="models")
app.add_typer(index, name="index")
app.add_typer(audit, name="audit")
app.add_typer(keys, name="keys")
app.add_typer(render, name="render")
app.add_typer(rules, name="rules")
app.add_typer(searches, name="searches")
app.add_typer(shares, name="shares")
app.add_typer(tags, name="tags")
app.add_typer(users, name="users")
app.add_typer(webhooks, name="webhooks")
for command in (
    *faulting.registered_commands,
    *holds.registered_commands,
    *loading.registered_commands,
    *sharing.registered_commands,
    *operate.registered_commands,
):
    app.registered_commands.append(command)

FileId = Annotated[str, typer.Argument(help="The file's id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one line per result.")]


@app.command()
def upload(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders to send whole.")],
    wait: Annotated[
        bool, typer.Option("--wait", help="Return when processed and analysed; print what was found.")
    ] = False,
    timeout: Annotated[float, typer.Option(help="With --wait: seconds to wait for one file.")] = 300.0,
    parallel: Annotated[int, typer.Option(min=1, max=32, help="How many files at a time.")] = 4,
    hidden: Annotated[bool, typer.Option("--hidden", help="In folders also what begins with a dot.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send files. A run that was interrupted goes on where it was. Exit status 0 only if every file ended well."""
    from filemill.cli.choose import files_below
    from filemill.cli.upload import Run

    run = Run(files_below(paths, hidden=hidden), wait_s=timeout if wait else None, parallel=parallel, as_json=as_json)
    raise typer.Exit(run.to_end())


@app.command()
def search(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help='Words, "phrases", prefix*, -not, this OR that; type:pdf tag:x created:>2026-01 size:>1MB. None: the newest.'
        ),
    ] = None,
    type_: Annotated[str | None, typer.Option("--type", help="image, pdf, table, mail… or a media type.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only files with this tag.")] = None,
    status: Annotated[str | None, typer.Option(help="Only files in this status.")] = None,
    sort: Annotated[str | None, typer.Option(help="relevance, newest, oldest, name or size.")] = None,
    meaning: Annotated[bool, typer.Option("--meaning", help="By meaning, too (with a pulled model).")] = False,
    saved: Annotated[
        str | None, typer.Option(help="A saved search (`filemill searches`), which the words narrow.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 20,
    as_json: AsJson = False,
) -> None:
    """Find files by words in their name, title, tags, text and findings."""
    from filemill.cli.search import search as run

    conditions = {"type": type_, "tag": tag, "status": status, "sort": sort, "saved": saved}
    conditions["mode"] = "hybrid" if meaning else None
    run(" ".join(words or ()), conditions, limit, as_json=as_json)


@app.command()
def export(
    words: Annotated[list[str] | None, typer.Argument(help="As for `search`. None: every file.")] = None,
    format_: Annotated[str, typer.Option("--format", help="csv, or jsonl: a line of JSON a file.")] = "csv",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; standard output if not given.")] = None,
) -> None:
    """Everything that a search finds, newest first, as a table."""
    from filemill.cli.export import export as run

    run(" ".join(words or ()), format_, output)


@app.command()
def change(
    words: Annotated[list[str] | None, typer.Argument(help="As for `search`. None: every file.")] = None,
    add_tag: Annotated[list[str] | None, typer.Option(help="A tag to add; may be repeated.")] = None,
    remove_tag: Annotated[list[str] | None, typer.Option(help="A tag to take away; may be repeated.")] = None,
    field: Annotated[list[str] | None, typer.Option(help="NAME=VALUE; nothing behind = removes it.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    as_json: AsJson = False,
) -> None:
    """Change tags and fields of every file that a search finds."""
    from filemill.cli.change import change as run

    run(" ".join(words or ()), add_tag or [], remove_tag or [], field or [], dry_run=dry_run, as_json=as_json)


@app.command()
def show(file_id: FileId, as_json: AsJson = False) -> None:
    """Everything known of a file."""
    from filemill.cli.show import show as run

    run(file_id, as_json=as_json)


@app.command()
def download(
    file_ids: Annotated[list[str], typer.Argument(metavar="ID...", help="The files' ids.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to, or a folder; `-` is standard output.")
    ] = None,
    zip_: Annotated[Path | None, typer.Option("--zip", help="All of them into this zip file.")] = None,
) -> None:
    """Get files' bytes back, checked against their SHA-256; or several as one zip."""
    from filemill.cli.download import download_files

    download_files(file_ids, output, zip_)


@app.command()
def rm(file_ids: Annotated[list[str], typer.Argument(help="Files to move to the trash.")]) -> None:
    """Move files to the trash."""
    api = Api()
    for file_id in file_ids:
        api.delete(f"/api/upload/files/{file_id}")
        screen.say(f"{file_id}  in the trash")


@app.command()
def trace(
    wanted: Annotated[str, typer.Argument(metavar="ID_OR_REQUEST_ID", help="A file id, or the id of a request.")],
    as_json: AsJson = False,
) -> None:
    """The story of a file: each hop, wait, try and step with its time, and why it is where it is."""
    api = Api()
    timeline = story.find_timeline(api, wanted)
    if as_json:
        screen.json_line(timeline)
        return
    document = api.get(f"/api/metadata/files/{timeline['file_id']}")
    screen.out.print(story.draw(timeline, document["filename"]), soft_wrap=False)


@app.command()
def jobs(
    state: Annotated[str | None, typer.Option(help="queued, running, done, failed, parked or cancelled.")] = None,
    service: Annotated[str, typer.Option(help="processing or ai.")] = "processing",
    as_json: AsJson = False,
) -> None:
    """Jobs, newest first."""
    from filemill.cli.jobs import jobs as run

    run(state, service, as_json=as_json)


@app.command()
def reprocess(
    where: Annotated[
        str,
        typer.Option(
            help="Which: `STEP.version < N` (or `current`; `step` is any), `type = image/*`, `plan = pdf`; "
            "for findings `ai.CAPABILITY.model < current` (`any` is any)."
        ),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many, and about how long.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Return when they are done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Process your files again that fit a filter, behind new uploads. What is known already costs nothing."""
    from filemill.cli.reprocess import reprocess as run

    run(where, dry_run=dry_run, wait=wait, as_json=as_json)


@app.command()
def unpack(
    file_id: Annotated[str, typer.Argument(metavar="ID", help="An archive, or a mail.")],
    path: Annotated[list[str] | None, typer.Option(help="Only this entry; may be given several times.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return when its parts are files, and list them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make files of what is in an archive or a mail. Asked again it is the same; nothing is doubled."""
    from filemill.cli.unpack import unpack as run

    raise typer.Exit(run(file_id, path or [], wait=wait, as_json=as_json))


@app.command()
def doctor() -> None:
    """What this machine has, what that means for each feature, and what to do about what is missing."""
    checks = doctor_checks.examine()
    marks = {"ok": ("ok     ", "green"), "missing": ("missing", "yellow"), "bad": ("bad    ", "red")}
    for check in checks:
        mark, style = marks[check.state]
        screen.say(Text(mark, style=style), f"  {check.name}: {check.detail}")
    raise typer.Exit(doctor_checks.exit_status(checks))


def _version(wanted: bool) -> None:
    if wanted:
        screen.say(f"filemill {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Drop a file in, and within seconds it is safe, understood, findable and announced."""
    del version


def main() -> None:
    """Run the command line; what a person can act on is one line, and the exit status says the rest."""
    from filemill.chassis import long_start
    from filemill.chassis.errors import StartError

    long_start.listen(lambda what: screen.note(f"filemill {what}"))
    try:
        app()
    except (CallFailed, MillError, StartError) as error:
        screen.fail(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from filemill.cli.disk import line_of

        if (line := line_of(error)) is None:
            raise
        screen.fail(line)
        sys.exit(1)
