"""Audio and video: what is found, what is drawn, what happens to broken ones; ffmpeg without the sandbox around it."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from filemill.processing.steps import programs
from support import media_files
from support.programs import Require

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def _ffmpeg(require: Require) -> None:
    require("ffmpeg")
    require("ffprobe")


def step(result: Any, name: str) -> tuple[str, str | None]:
    """How a step ended."""
    return next((one["state"], one["code"]) for one in result["steps"] if one["name"] == name)


def picture(result: Any, work_dir: Path, name: str) -> Image.Image:
    """A rendition."""
    path = next(one["path"] for one in result["renditions"] if one["name"] == name)
    with Image.open(work_dir / path) as opened:
        return opened.convert("RGB")


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_film_when_processed_then_everything_of_it_is_there(
    process: Any, work_dir: Path, text_of: Callable[[Any], str], suffix: str
) -> None:
    """Length, codecs, chapters, a picture, the sound drawn, subtitles, a sheet and a clip."""
    result = process(media_files.film(suffix), f"film.{suffix}")
    media = result["properties"]["media"]
    assert media["duration_s"] == pytest.approx(6, abs=0.2)
    assert [(one["kind"], one["codec"]) for one in media["streams"][:2]] == [("video", "h264"), ("audio", "aac")]
    assert [one["language"] for one in media["streams"] if one["kind"] == "subtitle"] == ["eng"]
    assert [(one["start_s"], one["title"]) for one in media["chapters"]] == [(0.0, "Arrival"), (2.0, "Leaving")]
    assert media["tags"]["title"] == "Harbour film"
    assert -30 < media["loudness_lufs"] < -15
    assert text_of(result) == "The wooden ship\nleaves the harbour"
    sizes = {one["name"]: (one["width_px"], one["height_px"]) for one in result["renditions"]}
    assert sizes == {
        "preview": (320, 180), "thumbnail": (256, 144), "waveform": (1200, 160), "sheet": (1300, 556), "clip": (320, 180)
    }  # fmt: skip
    assert {one["state"] for one in result["steps"]} == {"done"}
    assert "clip_s" not in result["properties"], "the clip is the whole film"
    assert result["reject"] is None


def test_film_when_it_is_a_transport_stream_then_it_is_known(process: Any) -> None:
    """A recording of a television has no name of its kind at its start, only packets."""
    stream = media_files.make("ts", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=5:duration=1", "-c:v", "mpeg2video")
    result = process(stream, "recording")
    assert result["content_type"] == "video/mp2t"
    assert {one["name"] for one in result["renditions"]} >= {"preview", "clip"}


def test_film_when_it_is_long_then_its_sheet_is_of_whole_frames(process: Any, work_dir: Path) -> None:
    """Three minutes: the clip is the first minute, the sheet is of all of it."""
    film = media_files.make(
        "mkv", "-f", "lavfi", "-i", "testsrc2=size=64x36:rate=2:duration=180", "-c:v", "libx264", "-g", "10"
    )
    result = process(film, "long.mkv")
    assert result["properties"]["clip_s"] == 60
    sheet = picture(result, work_dir, "sheet")
    tiles = {sheet.crop((4 + 324 * at, 4, 324 + 324 * at, 180)).tobytes() for at in range(4)}
    assert len(tiles) == 4


def test_film_when_processed_then_its_pictures_show_it(process: Any, work_dir: Path) -> None:
    """The test picture has a red band at the left; the sheet has one in each tile; the waveform is neither empty nor full."""
    result = process(media_files.film(), "film.mp4")
    poster, sheet = picture(result, work_dir, "preview"), picture(result, work_dir, "sheet")
    assert poster.getpixel((10, 150))[0] > 200  # type: ignore[index]
    assert poster.getpixel((10, 150))[2] < 60  # type: ignore[index]
    for column, row in ((column, row) for column in range(4) for row in range(3)):
        left, top = 8 + 324 * column, 44 + 184 * row
        red, _, blue = (
            sheet.crop((left, top, left + 30, top + 136)).resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
        )  # type: ignore[misc]
        assert red > blue + 60, (column, row)
    path = next(one["path"] for one in result["renditions"] if one["name"] == "waveform")
    with Image.open(work_dir / path) as opened:
        share = sum(opened.convert("RGBA").getchannel("A").histogram()[128:]) / (1200 * 160)
    assert 0.05 < share < 0.95


def test_film_when_it_is_to_be_turned_then_its_pictures_are_upright(process: Any, work_dir: Path) -> None:
    """A phone held upright: 160x90 with a turn becomes 90x160, the left side on top or below."""
    result = process(media_files.turned_film(), "phone.mp4")
    poster = picture(result, work_dir, "preview")
    assert poster.size == (90, 160)
    (clip,) = [one for one in result["renditions"] if one["name"] == "clip"]
    assert (clip["width_px"], clip["height_px"]) == (90, 160)
    ends = [poster.getpixel((45, y)) for y in (10, 150)]
    assert {"red" if end[0] > end[2] else "blue" for end in ends} == {"red", "blue"}  # type: ignore[index]


def test_song_when_it_has_a_cover_then_that_is_its_picture(process: Any, work_dir: Path) -> None:
    """The cover is no video: no clip is made of it."""
    result = process(media_files.song(), "song.mp3")
    assert result["properties"]["media"]["tags"] == {"title": "Night song", "artist": "The Mill"}
    red, green, blue = picture(result, work_dir, "preview").getpixel((100, 100))  # type: ignore[misc]
    assert green > red + 60
    assert green > blue + 60
    assert {one["name"] for one in result["renditions"]} == {"preview", "thumbnail", "waveform"}
    assert step(result, "video_preview") == ("skipped", "no-video")
    assert step(result, "subtitles") == ("skipped", "no-subtitles")


def test_sound_when_it_is_silence_then_that_is_said(process: Any) -> None:
    """No number where there is nothing to measure."""
    result = process(media_files.silence(), "silence.flac")
    assert step(result, "loudness") == ("skipped", "silent")
    assert "loudness_lufs" not in result["properties"]["media"]
    assert step(result, "media_poster") == ("skipped", "no-picture")


def test_clip_when_it_is_made_then_nothing_of_the_original_says_where_it_was(process: Any, work_dir: Path) -> None:
    """Titles, places and dates stay with the original."""
    film = media_files.make(
        "mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=5:duration=1", "-c:v", "libx264"),
        *("-metadata", "title=SECRETTITLE", "-metadata", "comment=+48.8584+002.2945/"),
    )
    assert b"48.8584" in film
    process(film, "film.mp4")
    clip = (work_dir / "clip.mp4").read_bytes()
    assert b"SECRETTITLE" not in clip
    assert b"48.8584" not in clip


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_film_when_cut_then_what_is_there_is_used(process: Any, work_dir: Path, share: float) -> None:
    """Matroska can be read from the front: the picture and the clip are of the part that is there."""
    film = media_files.film("mkv")
    result = process(film[: int(len(film) * share)], "film.mkv")
    assert result["reject"] is None
    assert {"preview", "clip"} <= {one["name"] for one in result["renditions"]}


def test_film_when_its_index_is_missing_then_it_is_unreadable(process: Any) -> None:
    """An MP4 without the end where its index is."""
    film = media_files.film()
    result = process(film[: len(film) // 2], "film.mp4")
    assert result["reject"]["code"] == "unreadable-media"
    assert result["renditions"] == []


def test_film_when_it_has_no_frame_then_it_is_said(process: Any) -> None:
    """A stream that is announced and empty."""
    empty = media_files.make(
        "mkv", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=5:duration=1", "-frames:v", "0", "-c:v", "libx264"
    )
    result = process(empty, "empty.mkv")
    assert step(result, "media_poster") in {("failed", "no-frame"), ("skipped", "no-picture")}
    assert [one for one in result["renditions"] if one["name"] in ("clip", "preview")] == []


@pytest.mark.parametrize("content", [
    b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n",
    b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n",
    b"ffconcat version 1.0\nfile '/etc/passwd'\n",
    b"concat:/etc/passwd|/etc/hosts",
], ids=["hls", "m3u", "ffconcat", "concat"])  # fmt: skip
@pytest.mark.parametrize("name", ["list.m3u8", "list.mp4", "list.mp3"])
def test_playlist_when_it_names_other_files_then_none_is_opened(
    process: Any, work_dir: Path, content: bytes, name: str
) -> None:
    """Whatever it is called: a playlist is a text or unreadable, and nothing of another file is in what comes out."""
    result = process(content, name, content_type="video/mp4" if name.endswith("mp4") else "")
    assert result["renditions"] == []
    assert "media" not in result["properties"]
    assert "root:" not in json.dumps(result)
    assert not any(b"root:x:" in path.read_bytes() for path in work_dir.iterdir())


def test_film_when_it_is_damaged_anywhere_then_no_step_breaks(process: Any) -> None:
    """Random bytes anywhere: each step ends in a way that is told; none by an error nobody expected."""
    film = media_files.film("mkv", 2)
    dice = random.Random(5)
    for number in range(5):
        damaged = bytearray(film)
        for _ in range(dice.choice((1, 30, 400))):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        result = process(bytes(damaged), "film.mkv")
        assert not [one for one in result["steps"] if one["code"] == "step-failed"], f"copy {number}"


def test_media_when_ffmpeg_is_missing_then_it_is_said(process: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the probe found stays; each step that needs the program names it."""
    monkeypatch.setattr(programs, "find", lambda name: "/usr/bin/ffprobe" if name == "ffprobe" else None)
    result = process(media_files.film(), "film.mp4")
    assert step(result, "audio_video_probe") == ("done", None)
    assert step(result, "media_poster") == ("skipped", "needs-ffmpeg")
    assert step(result, "video_preview") == ("skipped", "needs-ffmpeg")
    assert result["reject"] is None
