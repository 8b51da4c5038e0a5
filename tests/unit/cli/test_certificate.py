"""The gateway's certificate: one's own is looked at and left alone, a missing one is made, a wrong one is named."""

import ssl
from pathlib import Path

import pytest
from cryptography import x509

from filemill.chassis.errors import StartError
from filemill.cli.certificate import provide
from support import certificates


def _names(folder: Path) -> list[str]:
    found = x509.load_pem_x509_certificate((folder / "tls.crt").read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(one.value) for one in names]


def _put_own(folder: Path) -> None:
    """As an operator does, with a certificate that another authority signed."""
    _, server = certificates.make(folder / "made")
    key, _, certificate = server.read_text(encoding="ascii").partition("-----BEGIN CERTIFICATE-----")
    (folder / "tls.key").write_text(key, encoding="ascii")
    (folder / "tls.crt").write_text("-----BEGIN CERTIFICATE-----" + certificate, encoding="ascii")


def test_provide_when_the_folder_is_empty_then_a_pair_for_the_public_host_that_a_server_can_use(tmp_path: Path) -> None:
    """TLS works from the first start; the second start leaves it as it is."""
    assert provide(tmp_path, "https://files.example.org:8443/").startswith("a certificate signed by itself was made")
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    assert _names(tmp_path) == ["localhost", "127.0.0.1", "files.example.org"]
    before = (tmp_path / "tls.crt").read_bytes()
    assert provide(tmp_path, "https://files.example.org:8443/").startswith("the certificate is good until")
    assert (tmp_path / "tls.crt").read_bytes() == before


def test_provide_when_one_s_own_is_there_then_it_stays(tmp_path: Path) -> None:
    """However short it lives: renewing it is its owner's business."""
    _put_own(tmp_path)
    before = (tmp_path / "tls.crt").read_bytes()
    assert provide(tmp_path, None).startswith("the certificate is good until")
    assert (tmp_path / "tls.crt").read_bytes() == before


def test_provide_when_key_and_certificate_are_no_pair_then_it_is_said(tmp_path: Path) -> None:
    """NGINX would say it in its own words, and start again and again."""
    provide(tmp_path, None)
    certificate = (tmp_path / "tls.crt").read_bytes()
    for left in tmp_path.iterdir():
        left.unlink()
    provide(tmp_path, None)
    (tmp_path / "tls.crt").chmod(0o600)
    (tmp_path / "tls.crt").write_bytes(certificate)
    with pytest.raises(StartError, match="is not the key of"):
        provide(tmp_path, None)


@pytest.mark.parametrize(("name", "says"), [("tls.key", "cannot be read"), ("tls.crt", "cannot be read")])
def test_provide_when_half_of_it_is_missing_then_it_is_said(tmp_path: Path, name: str, says: str) -> None:
    """It is not filled up with a half of ours."""
    _put_own(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(StartError, match=says):
        provide(tmp_path, None)


def test_provide_when_it_is_no_certificate_then_it_is_said(tmp_path: Path) -> None:
    """A wrong file is named."""
    _put_own(tmp_path)
    (tmp_path / "tls.crt").write_text("hello", encoding="ascii")
    with pytest.raises(StartError, match="no PEM certificate"):
        provide(tmp_path, None)
