"""Links that work without credentials."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from filemill.chassis.errors import StartError
from filemill.chassis.settings import ServiceSettings, load
from filemill.chassis.storage.signed_links import LinkSigner, SignatureExpired, SignatureInvalid, build_signer

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(seconds=60)
OLD, NEW = "o" * 32, "n" * 32


def test_check_when_the_link_is_as_it_was_signed_then_it_passes() -> None:
    """Method, path and every parameter as signed, before the moment."""
    signer = LinkSigner([NEW])
    query = signer.sign("GET", "/signed/files/1", UNTIL, {"version": "3"})
    signer.check("GET", "/signed/files/1", parse_qsl(query), NOW)


@pytest.mark.parametrize(
    ("method", "path", "change"),
    [
        ("PUT", "/signed/files/1", {}),
        ("GET", "/signed/files/2", {}),
        ("GET", "/signed/files/1", {"version": "4"}),
        ("GET", "/signed/files/1", {"expires": "9999999999"}),
        ("GET", "/signed/files/1", {"more": "1"}),
        ("GET", "/signed/files/1", {"sig": "AAAA"}),
        ("GET", "/signed/files/1", {"sig": "\u00e4"}),
        ("GET", "/signed/files/1", {"key": "unknown0"}),
    ],
)
def test_check_when_anything_was_changed_then_it_is_refused(method: str, path: str, change: dict[str, str]) -> None:
    """A link cannot be bent to something else."""
    signer = LinkSigner([NEW])
    query = dict(parse_qsl(signer.sign("GET", "/signed/files/1", UNTIL, {"version": "3"})))
    with pytest.raises(SignatureInvalid):
        signer.check(method, path, list((query | change).items()), NOW)


def test_check_when_a_parameter_is_missing_or_doubled_then_it_is_refused() -> None:
    """Neither a signature that is left out nor a second value beside a signed one gets through."""
    signer = LinkSigner([NEW])
    query = parse_qsl(signer.sign("GET", "/x", UNTIL, {"version": "3"}))
    for bent in (query[:-1], query[1:], [("version", "4"), *query], []):
        with pytest.raises(SignatureInvalid):
            signer.check("GET", "/x", bent, NOW)


def test_check_when_the_moment_has_passed_then_it_says_which() -> None:
    """An honest link that is too old is told from a forged one."""
    signer = LinkSigner([NEW])
    query = parse_qsl(signer.sign("GET", "/x", UNTIL, {}))
    with pytest.raises(SignatureExpired, match="2026-11-23 12:01:00"):
        signer.check("GET", "/x", query, UNTIL)


def test_check_when_keys_were_rotated_then_old_links_work_while_their_key_is_listed() -> None:
    """The first key signs, every one listed is believed."""
    query = parse_qsl(LinkSigner([OLD]).sign("GET", "/x", UNTIL, {}))
    LinkSigner([NEW, OLD]).check("GET", "/x", query, NOW)
    with pytest.raises(SignatureInvalid):
        LinkSigner([NEW]).check("GET", "/x", query, NOW)


def test_build_when_no_key_is_set_then_one_is_made_that_only_its_user_reads(tmp_path: Path) -> None:
    """The second start, or the second service, finds the first one's key."""
    settings = load(ServiceSettings, data_dir=tmp_path)
    query = parse_qsl(build_signer(settings).sign("GET", "/x", UNTIL, {}))
    build_signer(settings).check("GET", "/x", query, NOW)
    assert [(path.name, path.stat().st_mode & 0o777) for path in tmp_path.iterdir()] == [("signing-keys", 0o600)]


def test_build_when_a_key_is_short_then_the_start_says_how_to_make_one(tmp_path: Path) -> None:
    """A sample or a typo is no key."""
    with pytest.raises(StartError, match="openssl rand"):
        build_signer(load(ServiceSettings, data_dir=tmp_path, signing_keys=f"{NEW},short"))
