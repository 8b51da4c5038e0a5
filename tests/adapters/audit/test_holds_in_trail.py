"""A legal hold as the others learn of it, on each set of engines: in the document, the trail, the story."""

import asyncio
from pathlib import Path
from typing import Any

from filemill.chassis.clock import now
from filemill.chassis.web.caller import Caller
from filemill.local.installation import opened, prepare
from filemill.metadata import audit_repository, repository, timeline_repository, why
from filemill.upload import legal_holds, lifecycle, purge
from filemill.upload.intake import Intake
from filemill.upload.settings import UploadSettings
from support.small_installation import settle, upload_one

ME = Caller("local", is_admin=True, address="10.1.2.3")
REASON = "The case of Oslo"


async def a_held_life(folder: Path) -> dict[str, Any]:
    """Held, kept from two deletes, released; what metadata has on the way and at the end."""
    async with opened() as mill:
        upload, metadata = mill.parts["upload"].database, mill.parts["metadata"].database
        file_id = await upload_one(Intake(upload, mill.store, UploadSettings(data_dir=folder)), 1)
        await upload.write("test.hold", legal_holds.place, ME, file_id, REASON)
        for asked, work in (("deleted", lifecycle.move), ("purged", purge.begin)):
            try:
                await upload.write("test.delete", work, ME, file_id, now() if asked == "deleted" else "asked")  # type: ignore[arg-type]
            except legal_holds.UnderHold:
                await upload.write("test.refused", legal_holds.refused, ME, file_id, asked)  # type: ignore[arg-type]
        await settle(mill)
        row = await metadata.read(repository.get, "local", file_id)
        assert row is not None
        told = await metadata.read(timeline_repository.timeline_of, file_id)
        found: dict[str, Any] = {"held": row["hold"], "why": why.why(row, told)}
        await upload.write("test.release", legal_holds.release, ME, file_id)
        await settle(mill)
        row = await metadata.read(repository.get, "local", file_id)
        told = await metadata.read(timeline_repository.timeline_of, file_id)
        found["released"] = row is not None and row["hold"] is None
        found["story"] = [one["state"] for one in told if one["step"] == "hold"]
        entries = await metadata.read(audit_repository.audit_page, "local", file_id, 50, None)
        found["trail"] = [(one["action"], one["outcome"], one["detail"].get("hold")) for one in reversed(entries)]
        return found


def test_hold_when_others_hear_of_it_then_trail_and_story_have_each_step(each_installation: Path) -> None:
    """Who placed and released it, and who could not delete the file meanwhile."""
    prepare(make=True)
    found = asyncio.run(a_held_life(each_installation))
    assert found["held"]["reason"] == REASON
    assert found["why"].endswith(f"Under a legal hold, so it cannot be deleted: {REASON}")
    assert found["released"]
    assert sorted(found["story"]) == ["placed", "refused", "refused", "released"]
    assert sorted(found["trail"], key=str) == sorted(
        [
            ("uploaded", "ok", None),
            ("hold placed", "ok", REASON),
            ("deleted", "refused", REASON),
            ("purged", "refused", REASON),
            ("hold released", "ok", REASON),
        ],
        key=str,
    )
