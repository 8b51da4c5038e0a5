"""`filemill fault`: switch faults on and off in the mill that runs on this machine, to see what it does then.

By a file in its data folder, never over the network. Refused, with one line, where no mill runs or it has no switches.
"""

import time
from typing import Annotated

import typer
from rich.text import Text

from filemill.chassis import faults
from filemill.chassis.errors import StartError
from filemill.chassis.settings import ServiceSettings, load
from filemill.cli import screen
from filemill.local.run_folder import mill_pid, switches_file
from filemill.local.runner import MEMBERS

faulting = typer.Typer()
LIST, ALL = "list", "all"


@faulting.command()
def fault(
    name: Annotated[str, typer.Argument(help="Which (`list` shows them); `all` for every one.")],
    state: Annotated[str, typer.Argument(metavar="on|off", help="What it shall be.")] = "",
    only: Annotated[
        list[str] | None, typer.Option(help="Only in this process (upload, ai-worker…); may be given several times.")
    ] = None,
) -> None:
    """Make something fail in the mill on this machine: `filemill fault broker-down on`, and `off` again."""
    if name == LIST and not state:
        _show()
        return
    if name not in (*faults.FAULTS, ALL):
        raise StartError(f"there is no fault {name!r}; `filemill fault list` shows them")
    if state not in ("on", "off") or (name == ALL and state == "on"):
        raise StartError(f"say `filemill fault {name} {'off' if name == ALL else 'on` or `off'}`")
    _must_be_processes(only or [])
    _switch(name, on=state == "on", only=only or [])
    time.sleep(faults.LOOK_EVERY_S)  # by now every process that works has looked
    screen.say(f"{name} is {state}")


def _switch(name: str, *, on: bool, only: list[str]) -> None:
    settings = load(ServiceSettings)
    switches = switches_file(settings.data_dir)
    if on:
        if mill_pid(settings.data_dir) is None:
            raise StartError(
                f"no mill runs on {settings.data_dir}: only what `filemill up` started has faults to switch on"
            )
        if not switches.exists():
            raise StartError("this mill listens beyond this machine (FILEMILL_HOST), so it has no faults to switch on")
    there = faults.read(switches)
    changed = {} if name == ALL else {other: limits for other, limits in there.items() if other != name}
    if on:
        changed[name] = only
    if switches.exists():
        faults.write(switches, changed)


def _must_be_processes(names: list[str]) -> None:
    known = sorted(member.name for member in MEMBERS)
    for name in names:
        if name not in known:
            raise StartError(f"--only {name}: there is no such process; there are {', '.join(known)}")


def _show() -> None:
    on = faults.read(switches_file(load(ServiceSettings).data_dir))
    for fault in faults.FAULTS.values():
        is_on = fault.name in on
        where = f" (only in {', '.join(on[fault.name])})" if is_on and on[fault.name] else ""
        mark = Text("on ", style="yellow") if is_on else Text("off", style="dim")
        screen.say(mark, f"  {fault.name:<17} {fault.says}{where}")
