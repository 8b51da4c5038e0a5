"""Settings: every default works, a wrong value is one clear line that names the variable."""

from pathlib import Path

import pytest

from filemill.chassis.errors import StartError
from filemill.chassis.settings import PORTS, ServiceSettings, load
from filemill.processing.settings import ProcessingSettings
from filemill.upload.settings import UploadSettings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith(("FILEMILL_", "DATABASE_URL", "STORAGE_", "AWS_", "REDIS_URL", "OTEL_")):
            monkeypatch.delenv(name)


def test_load_when_nothing_is_set_then_everything_has_a_working_default() -> None:
    """A fresh machine needs no settings."""
    settings = load(UploadSettings)
    assert settings.data_dir.is_absolute()
    assert (settings.host, settings.port(), settings.auth) == ("127.0.0.1", PORTS["upload"], "none")
    assert settings.max_file_bytes == 5 * 1024**3
    assert settings.base_url("metadata") == "http://127.0.0.1:8001"


@pytest.mark.parametrize(
    ("variable", "value", "kind"),
    [
        ("FILEMILL_MAX_FILE_BYTES", "lots", UploadSettings),
        ("FILEMILL_MAX_FILE_BYTES", "0", UploadSettings),
        ("FILEMILL_BODY_IDLE_S", "-1", UploadSettings),
        ("FILEMILL_LOG_FORMAT", "xml", ServiceSettings),
        ("FILEMILL_LOG_LEVEL", "loud", ServiceSettings),
        ("FILEMILL_AUTH", "magic", ServiceSettings),
        ("FILEMILL_AUTH", "none,keys", ServiceSettings),
        ("FILEMILL_HOST", "0.0.0.0", ServiceSettings),
        ("FILEMILL_SANDBOX", "none", ProcessingSettings),
        ("FILEMILL_PROCESSING_WORKERS", "1000", ProcessingSettings),
        ("FILEMILL_SECRET_FILE", "/nowhere/secret", ServiceSettings),
    ],
)
def test_load_when_a_value_is_wrong_then_one_line_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, kind: type[ServiceSettings]
) -> None:
    """An operator reads one line and knows what to change."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(StartError) as refused:
        load(kind)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(variable)


@pytest.mark.parametrize("value", ["x", "-1", "65536", "8000.0", "\xb2"])
def test_port_when_it_is_no_port_then_one_line_names_the_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Ports are read by whoever calls a service, so each is checked where it is read."""
    monkeypatch.setenv("FILEMILL_AI_PORT", value)
    with pytest.raises(StartError, match="FILEMILL_AI_PORT"):
        load(ServiceSettings).port("ai")


def test_load_when_a_setting_comes_as_a_file_then_it_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Container secrets are files; any setting can be one."""
    (tmp_path / "url").write_text("http://localhost:9\n")
    monkeypatch.setenv("FILEMILL_PUBLIC_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("FILEMILL_PUBLIC_URL", "")
    assert load(ServiceSettings).public_url == "http://localhost:9"


def test_load_when_a_secret_file_is_no_text_then_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Binary by mistake is a message, not a stack."""
    (tmp_path / "secret").write_bytes(b"\xff\xfe\x00")
    monkeypatch.setenv("FILEMILL_SIGNING_SECRET_FILE", str(tmp_path / "secret"))
    with pytest.raises(StartError, match="FILEMILL_SIGNING_SECRET_FILE"):
        load(ServiceSettings)


def test_load_when_it_listens_beyond_loopback_then_only_with_an_explicit_choice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody opens a service without credentials to the network by accident."""
    monkeypatch.setenv("FILEMILL_HOST", "0.0.0.0")
    monkeypatch.setenv("FILEMILL_AUTH", "none")
    monkeypatch.setenv("FILEMILL_PUBLIC_URL", "http://example.org")
    with pytest.raises(StartError, match="FILEMILL_HOST"):
        load(ServiceSettings)
    monkeypatch.setenv("FILEMILL_PUBLIC_URL", "http://localhost:8080")
    assert load(ServiceSettings).host == "0.0.0.0"


def test_base_url_when_the_host_is_ipv6_then_it_is_an_address_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """IPv6 addresses stand in brackets (RFC 3986, 3.2.2); a name of another service may be set whole."""
    monkeypatch.setenv("FILEMILL_HOST", "::1")
    assert load(ServiceSettings).base_url("upload") == "http://[::1]:8000"
    monkeypatch.setenv("FILEMILL_UPLOAD_URL", "http://upload.internal:9/")
    assert load(ServiceSettings).base_url("upload") == "http://upload.internal:9"


def test_allowed_hosts_when_a_public_url_is_set_then_its_name_is_one_of_them() -> None:
    """Whoever is sent to the public URL is answered; a name nobody chose is not."""
    hosts = ServiceSettings(public_url="https://files.example").allowed_hosts
    assert {"localhost", "127.0.0.1", "[::1]", "files.example"} <= hosts
    assert "evil.example" not in hosts


def test_allowed_hosts_when_services_have_names_then_they_may_call_each_other_by_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a network of containers `http://upload:8000` is how metadata asks upload; without this each such call was 421."""
    monkeypatch.setenv("FILEMILL_UPLOAD_URL", "http://upload:8000")
    hosts = ServiceSettings(service="metadata").allowed_hosts
    assert "upload" in hosts
    assert "ai" not in hosts


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "postgresql://filemill_upload:sample-secret-of-upload@postgres:5432/filemill_upload"),
        ("FILEMILL_UPLOAD_DATABASE_URL", "postgresql://u:sample-secret-of-upload@postgres:5432/filemill_upload"),
        ("RABBITMQ_URL", "amqp://filemill:sample-secret-of-rabbitmq@rabbitmq:5672/filemill"),
        ("REDIS_URL", "redis://:sample-secret-of-valkey@valkey:6379/0"),
        ("AWS_SECRET_ACCESS_KEY", "sample-secret-of-store"),
        ("FILEMILL_SIGNING_KEYS", "sample-secret-of-signing-links-and-tokens"),
        ("FILEMILL_IDENTITY_KEYS", "73616d706c652d7365637265742d73616d706c652d7365637265742d73616d70"),
    ],
)
def test_load_when_a_secret_is_a_sample_then_only_a_trial_starts(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    """What everybody can read in the repository keeps nobody out: with credentials it stops the start, by name, unshown."""
    monkeypatch.setenv(variable, value)
    load(UploadSettings)
    monkeypatch.setenv("FILEMILL_AUTH", "keys")
    with pytest.raises(StartError) as refused:
        load(UploadSettings)
    assert str(refused.value).startswith(f"{variable} is the sample")
    assert "sample-secret" not in str(refused.value)
