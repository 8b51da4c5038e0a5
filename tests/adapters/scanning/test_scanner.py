"""The scanner's adapter against a real clamd: on a port and on a socket; away, stopped in its tracks, and over its limits."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from filemill.chassis.errors import StartError, Unavailable
from filemill.upload import scanner as scanner_module
from filemill.upload.scanner import Scanner, Verdict, build_scanner, read_reply
from support.servers.clamd import BAD_WORD, EICAR, STREAM_MOST_BYTES, Clamd

pytestmark = pytest.mark.servers


OVER = "Heuristics.Limits.Exceeded.MaxFileSize"


async def in_blocks(body: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


def zipped(body: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", b"nothing here")
        archive.writestr("folder/inside.txt", body)
    return out.getvalue()


@pytest.fixture(params=["tcp", "unix"])
def scanner(request: pytest.FixtureRequest, clamd_server: Clamd) -> Scanner:
    return build_scanner(clamd_server.tcp_url if request.param == "tcp" else clamd_server.unix_url)


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (b"an honest text", Verdict("clean")),
        (bytes(STREAM_MOST_BYTES), Verdict("clean")),
        (EICAR, Verdict("infected", "Test.Eicar.UNOFFICIAL")),
        (zipped(EICAR), Verdict("infected", "Test.Eicar.UNOFFICIAL")),
        (b"x" * 1_500_000 + BAD_WORD + b"y" * 1000, Verdict("infected", "Test.Word.UNOFFICIAL")),
    ],
    ids=["clean", "as large as it takes", "eicar", "eicar in a zip", "far inside"],
)
async def test_scan_when_shown_a_file_then_says_what_it_is(scanner: Scanner, body: bytes, verdict: Verdict) -> None:
    """The signature is named."""
    await scanner.check()
    assert await scanner.scan(in_blocks(body)) == verdict


@pytest.mark.parametrize("more", [1, 20_000_000])
async def test_scan_when_larger_than_the_scanner_takes_then_too_large(scanner: Scanner, more: int) -> None:
    """It answers before the end and hangs up; the answer is read all the same. Ten times, since it is a race."""
    for _ in range(10):
        verdict = await scanner.scan(in_blocks(bytes(STREAM_MOST_BYTES + more)))
        assert verdict.outcome == "too-large", verdict


async def test_scanner_when_it_is_killed_or_paused_then_unavailable_in_bounded_time(
    own_clamd: Clamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paused, its kernel still takes connections: only the times end that."""
    monkeypatch.setattr(scanner_module, "PING_S", 0.3)
    monkeypatch.setattr(scanner_module, "REPLY_S", 0.3)
    scanner = build_scanner(own_clamd.tcp_url)
    await scanner.check()
    own_clamd.pause()
    with pytest.raises(Unavailable, match="does not answer"):
        await scanner.check()
    with pytest.raises(Unavailable, match="went away"):
        await scanner.scan(in_blocks(b"some bytes"))
    own_clamd.resume()
    await scanner.check()
    own_clamd.kill()
    for call in (scanner.check(), scanner.scan(in_blocks(b"some bytes"))):
        with pytest.raises(Unavailable, match="away"):
            await call


async def test_scan_when_the_answer_breaks_off_then_it_is_none(tmp_path: Path) -> None:
    """The first half of a signature's name may read as `OK`."""

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not (await reader.read(65536)).endswith(bytes(4)):
            pass
        writer.write(b"stream: OK")
        writer.close()

    async with await asyncio.start_unix_server(half, tmp_path / "s"):
        with pytest.raises(Unavailable, match="went away"):
            await build_scanner(f"unix://{tmp_path / 's'}").scan(in_blocks(b"some bytes"))


@pytest.mark.parametrize("url", ["http://x", "tcp://", "unix://host/path", "unix://", "clamd:3310", "tcp://h:x"])
def test_build_scanner_when_the_url_is_wrong_then_the_start_fails_with_one_line(url: str) -> None:
    """It names the setting and shows a right one."""
    with pytest.raises(StartError, match="CLAMD_URL"):
        build_scanner(url)


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (f"stream: {OVER} FOUND", Verdict("too-large", OVER)),
        ("INSTREAM size limit exceeded. ERROR", Verdict("too-large", "INSTREAM size limit exceeded. ERROR")),
        ("stream: Can't allocate memory ERROR", Verdict("unscannable", "Can't allocate memory ERROR")),
        ("", Verdict("unscannable", "it said nothing")),
        ("stream: OK FOUND OK", Verdict("unscannable", "OK FOUND OK")),
    ],
)  # fmt: skip
def test_read_reply_when_it_is_not_a_plain_yes_then_never_clean(said: str, verdict: Verdict) -> None:
    """Only `OK` is clean."""
    assert read_reply(said) == verdict
