"""When a backup is due, by a clock of the test's own; what is remembered of it, what a wrong setting says."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

import pytest

from filemill.chassis.errors import StartError, Unavailable
from filemill.chassis.settings import load
from filemill.cli import doctor
from filemill.local.backup import Saved, _alone
from filemill.local.scheduled_backup import AGAIN_AFTER, ScheduledBackup, State, is_due, latest, read_state, state_file
from filemill.local.settings import RunnerSettings

NIGHT = [time_of_day(3)]


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A place with summer time."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Clock:
    """Goes when it is told to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def to(self, day: int, hour: int, minute: int = 0) -> None:
        self.at = datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunnerSettings:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setenv("FILEMILL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FILEMILL_BACKUP_DIR", str(tmp_path / "backup"))
    (tmp_path / "data").mkdir()
    return load(RunnerSettings)


def made() -> Saved:
    return Saved("20261123T030000.000000Z", rows=1, blobs=2, copied=2)


def fails() -> Saved:
    raise Unavailable("The blob store does not answer.")


def test_latest_when_the_clock_changes_then_each_day_has_its_time(berlin: None) -> None:
    """Local time; a time that summer time skips is made up for an hour later, one that comes twice counts once."""
    assert latest(NIGHT, datetime(2026, 11, 23, 1, 59, tzinfo=UTC)) == datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
    assert latest(NIGHT, datetime(2026, 11, 23, 2, 0, tzinfo=UTC)) == datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    two_thirty = [time_of_day(2, 30)]
    for day in (28, 29, 30):  # on 29 March 2026 there is no 02:30
        found = latest(two_thirty, datetime(2026, 3, day, 20, 0, tzinfo=UTC))
        assert found.astimezone(UTC).day == day
    assert latest(two_thirty, datetime(2026, 10, 25, 20, 0, tzinfo=UTC)).astimezone(UTC).day == 25


def test_latest_when_there_are_several_times_then_the_one_that_passed_last() -> None:
    """Any number a day."""
    times = [time_of_day(3), time_of_day(15)]
    now = datetime(2026, 11, 23, 14, 0).astimezone()
    assert latest(times, now) == datetime(2026, 11, 23, 3, 0).astimezone()
    assert latest(times, now + timedelta(hours=2)) == datetime(2026, 11, 23, 15, 0).astimezone()
    assert latest(times, now - timedelta(hours=12)) == datetime(2026, 11, 22, 15, 0).astimezone()


def test_look_when_days_pass_then_one_a_day_and_a_missed_one_once(settings: RunnerSettings) -> None:
    """At once at the first start; then each night; after three nights asleep one, not three."""
    clock, times = Clock(), []
    schedule = ScheduledBackup(settings, lambda: times.append(clock()) or made(), clock)
    assert schedule.look()
    for day, hour, minute, wanted in (
        (23, 23, 59, False), (24, 2, 59, False), (24, 3, 0, True), (24, 3, 1, False), (24, 23, 0, False),
        (28, 9, 30, True), (28, 9, 31, False), (29, 2, 0, False), (29, 3, 0, True),
    ):  # fmt: skip
        clock.to(day, hour, minute)
        assert schedule.look() is wanted, (day, hour, minute)
    assert len(times) == 4
    assert read_state(settings.data_dir).succeeded_at == clock().isoformat()


def test_look_when_it_fails_then_says_why_and_tries_the_next_time(settings: RunnerSettings) -> None:
    """The last good one stays known; one that succeeds ends the complaint."""
    clock = Clock()
    assert ScheduledBackup(settings, made, clock).look()
    good = clock().isoformat()
    clock.to(24, 3)
    failing = ScheduledBackup(settings, fails, clock)
    assert failing.look()
    state = read_state(settings.data_dir)
    assert (state.problem, state.succeeded_at) == ("The blob store does not answer.", good)
    assert "failed: The blob store does not answer." in doctor._backup(settings).detail
    assert doctor._backup(settings).state == "missing"
    clock.to(24, 20)
    assert not failing.look()
    clock.to(25, 3)
    assert ScheduledBackup(settings, made, clock).look()
    assert read_state(settings.data_dir).problem == ""


@pytest.mark.parametrize("error", [StartError("no"), PermissionError(13, "Permission denied", "/x"), KeyError("odd")])
def test_look_when_anything_goes_wrong_then_the_schedule_goes_on(settings: RunnerSettings, error: Exception) -> None:
    """A backup never ends its process, so the next one has its time."""

    def wrong() -> Saved:
        raise error

    assert ScheduledBackup(settings, wrong, Clock()).look()
    assert read_state(settings.data_dir).problem


def test_look_when_the_last_was_cut_off_then_waits_a_little_and_makes_it_up(settings: RunnerSettings) -> None:
    """A stop in the middle costs no day; what killed it does not get it again at once."""
    clock = Clock()

    def killed() -> Saved:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ScheduledBackup(settings, killed, clock).look()
    again = ScheduledBackup(settings, made, clock)
    assert not again.look()
    assert "is not done" in doctor._backup(settings).detail
    clock.at += AGAIN_AFTER
    assert again.look()


def test_look_when_the_folder_is_another_then_it_gets_its_first(settings: RunnerSettings, tmp_path: Path) -> None:
    """What was made elsewhere is no backup there."""
    assert ScheduledBackup(settings, made, Clock()).look()
    moved = settings.model_copy(update={"backup_dir": tmp_path / "other"})
    assert "none was made yet" in doctor._backup(moved).detail
    assert ScheduledBackup(moved, made, Clock()).look()


def test_state_when_the_file_is_damaged_then_it_is_as_if_there_was_none(settings: RunnerSettings) -> None:
    """It is a note."""
    for text in ("", "[]", '{"colour": 1}', '"x"'):
        state_file(settings.data_dir).write_text(text)
        assert read_state(settings.data_dir) == State()
    assert is_due(State(), NIGHT, Clock()())


def test_doctor_when_it_is_old_or_lacks_blobs_then_it_says_so(
    settings: RunnerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody notices a backup that is not made."""
    clock = Clock()
    assert ScheduledBackup(settings, made, clock).look()
    monkeypatch.setattr(doctor.clock, "now", lambda: clock() + timedelta(hours=25))
    assert doctor._backup(settings).state == "ok"
    monkeypatch.setattr(doctor.clock, "now", lambda: clock() + timedelta(hours=27))
    assert "no mill ran" in doctor._backup(settings).detail
    clock.to(24, 4)
    assert ScheduledBackup(settings, lambda: Saved("x", lost=["blobs/1"]), clock).look()
    assert "1 blobs are missing" in doctor._backup(settings).detail
    assert doctor._backup(settings.model_copy(update={"backup_dir": None})).state == "missing"


def test_backup_when_another_is_made_into_the_folder_then_it_is_refused(tmp_path: Path) -> None:
    """By hand beside the scheduled one: each would clear the other's away."""
    with (
        _alone(tmp_path / "backup"),
        pytest.raises(StartError, match="another backup into"),
        _alone(tmp_path / "backup"),
    ):
        pass
    with _alone(tmp_path / "backup"):
        pass


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("FILEMILL_BACKUP_AT", "3 o'clock", "is no time of day"),
        ("FILEMILL_BACKUP_AT", "25:00", "is no time of day"),
        ("FILEMILL_BACKUP_AT", "", "is no time of day"),
        ("FILEMILL_BACKUP_DIR", "backup", "begin it with /"),
        ("FILEMILL_BACKUP_KEEP", "0", "FILEMILL_BACKUP_KEEP"),
    ],
)
def test_settings_when_wrong_then_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    """At the start, not at three in the morning."""
    monkeypatch.setenv(name, value)
    with pytest.raises(StartError, match=problem):
        load(RunnerSettings)


def test_settings_when_the_folder_is_in_the_data_folder_then_refused(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be lost with it."""
    for folder in (data_dir / "backup", data_dir.parent):
        monkeypatch.setenv("FILEMILL_BACKUP_DIR", str(folder))
        with pytest.raises(StartError, match="outside"):
            load(RunnerSettings)


def test_times_when_there_are_several_then_each_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Separated by commas."""
    monkeypatch.setenv("FILEMILL_BACKUP_AT", "3:00, 15:30")
    assert load(RunnerSettings).backup_times == [time_of_day(3), time_of_day(15, 30)]
