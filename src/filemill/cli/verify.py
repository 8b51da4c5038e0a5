"""`filemill verify`: the report of `local.verify` on the screen or as JSON."""

import asyncio
from dataclasses import asdict

from rich.table import Table

from filemill.chassis.settings import ServiceSettings, load
from filemill.cli import screen
from filemill.local.installation import must_be_stopped, opened, prepare
from filemill.local.verify import Report
from filemill.local.verify import verify as run_verify


def verify_installation(*, as_json: bool) -> bool:
    """Verify the installation the environment chooses; returns whether all is well."""
    must_be_stopped(load(ServiceSettings).data_dir)
    prepare()
    with screen.bars() as progress:
        report = asyncio.run(_verified(progress))
    if as_json:
        screen.json_line(asdict(report) | {"ok": report.ok})
    else:
        show(report)
    return report.ok


async def _verified(progress: screen.Progressing) -> Report:
    async with opened() as installation:
        return await run_verify(installation, progress)


def show(report: Report) -> None:
    """The findings, then the table, then the digest."""
    for blob in report.damaged:
        screen.say(f"damaged  {blob.storage_key}  {blob.role} of file {blob.file_id}: {blob.problem}")
    for fault in report.faults:
        about = f" file {fault.file_id}" if fault.file_id else ""
        screen.say(f"fault    {fault.service}{about}: {fault.problem}")
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in _lines(report):
        table.add_row(name, value)
    screen.out.print(table)
    screen.say(f"digest sha256:{report.digest}")
    screen.say("all is well" if report.ok else f"{len(report.damaged)} damaged, {len(report.faults)} other faults")


def _lines(report: Report) -> list[tuple[str, str]]:
    count = "{:,}".format
    without = f", {count(report.undigested)} of them with no digest kept" if report.undigested else ""
    return [
        ("files", count(report.files)),
        *[(f"rows of {service}", count(total)) for service, total in report.rows.items()],
        ("blobs hashed", f"{count(report.blobs)} ({screen.size(report.bytes)}){without}"),
        ("damaged or missing", count(len(report.damaged))),
        ("other faults", count(len(report.faults))),
        ("with news on its way", count(report.on_its_way)),
        ("waiting in a spool", f"{count(report.spooled)} (their bytes are not looked at)" if report.spooled else "0"),
        ("blobs no row names", count(report.orphans)),
    ]
