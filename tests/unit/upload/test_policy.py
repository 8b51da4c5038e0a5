"""Which types are taken, and how large each may be."""

from pathlib import Path

import pytest

from filemill.chassis.database.build import build_database
from filemill.chassis.errors import StartError
from filemill.chassis.settings import load
from filemill.chassis.storage.build import build_store
from filemill.upload.errors import FileTooLarge, TypeNotAllowed
from filemill.upload.intake import Intake
from filemill.upload.policy import TypePolicy, read_patterns, read_sizes
from filemill.upload.rules import check_kind
from filemill.upload.settings import UploadSettings
from filemill.upload.sniff import sniff

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.mark.parametrize(
    ("allowed", "denied", "content_type", "takes"),
    [
        ("", "", "image/png", True),
        ("image/*", "", "image/png", True),
        ("image/*", "", "application/pdf", False),
        ("image/*, application/pdf", "image/gif", "application/pdf", True),
        ("image/*", "image/gif", "image/gif", False),
        ("", "video/*", "video/mp4", False),
        ("", "video/*", "audio/mp4", True),
    ],
)
def test_takes_when_lists_are_set_then_deny_wins_and_an_empty_allow_list_allows(
    allowed: str, denied: str, content_type: str, *, takes: bool
) -> None:
    """By the type that the bytes have."""
    assert TypePolicy(read_patterns(allowed), read_patterns(denied)).takes(content_type) is takes


def test_limit_when_several_patterns_fit_then_the_first_counts() -> None:
    """Units are powers of ten; a number alone is bytes."""
    policy = TypePolicy(most_bytes=read_sizes("image/png=1KB, image/*=2 MB, video/*=3"))
    assert [policy.limit(kind) for kind in ("image/png", "image/gif", "video/mp4", "text/plain")] == [
        1000, 2_000_000, 3, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [("allow_types", "images"), ("deny_types", "image/*;text/*"), ("max_bytes_by_type", "image/*=big"),
     ("max_bytes_by_type", "image/*"), ("max_bytes_by_type", "image/*=0"), ("max_bytes_by_type", "=5")],
)  # fmt: skip
def test_start_when_a_list_cannot_be_read_then_one_line_names_it(tmp_path: Path, name: str, value: str) -> None:
    """A typo must not take everything, or nothing."""
    with pytest.raises(StartError, match=f"FILEMILL_{name.upper()}"):
        load(UploadSettings, data_dir=tmp_path, **{name: value})


def test_check_kind_when_a_type_is_not_taken_then_415_whatever_the_name() -> None:
    """The bytes decide."""
    settings = UploadSettings(deny_types="image/*")
    with pytest.raises(TypeNotAllowed, match="image/png"):
        check_kind(sniff(PNG, "report.pdf"), "report.pdf", settings)
    assert check_kind(sniff(b"words", "a.txt"), "a.txt", settings) == settings.max_file_bytes


@pytest.mark.parametrize("size", [1001, 300_000])
async def test_sink_when_the_type_makes_it_too_large_then_413(tmp_path: Path, size: int) -> None:
    """Whether it is seen at the end of a small body or in the midst of a large one; nothing is kept."""
    settings = UploadSettings(data_dir=tmp_path, max_bytes_by_type="image/*=1KB")
    store = build_store(settings)
    sink = await Intake(build_database(settings), store, settings).sink()
    sink.named("a.png")

    async def send() -> None:
        for _ in range(0, size, 1000):
            await sink.write((PNG + bytes(1000))[:1000])
        await sink.write(b"x")
        await sink.finish()

    with pytest.raises(FileTooLarge, match="image/png may have 1000 bytes"):
        await send()
    await sink.abort()
    assert [blob async for blob in store.list()] == []
    await store.close()
