"""Taking files out of a work folder that an untrusted process wrote."""

import os
from pathlib import Path

import pytest

from filemill.chassis.sandbox import UntrustedOutputError, output_file


def test_output_when_a_plain_file_then_its_path_comes_back(tmp_path: Path) -> None:
    """The normal case."""
    (tmp_path / "a.webp").write_bytes(b"abc")
    assert output_file(tmp_path, "a.webp", max_bytes=3) == tmp_path / "a.webp"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../secret", "/etc/passwd", "a\0b", "missing", "folder", "symlink", "hardlink", "large"]
)
def test_output_when_it_is_a_trick_then_it_is_refused(tmp_path: Path, name: str) -> None:
    """Paths elsewhere, links and anything but a plain file of a bearable size."""
    work_dir = tmp_path / "work"
    (work_dir / "folder").mkdir(parents=True)
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (work_dir / "symlink").symlink_to(secret)
    os.link(secret, work_dir / "hardlink")
    (work_dir / "large").write_bytes(bytes(11))
    with pytest.raises(UntrustedOutputError):
        output_file(work_dir, name, max_bytes=10)
