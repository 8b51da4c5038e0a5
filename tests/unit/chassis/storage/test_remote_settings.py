"""Where a remote store is: URLs, credentials, and links of the clouds that no test server speaks for."""

import asyncio
import base64
import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from filemill.chassis.errors import StartError
from filemill.chassis.settings import ServiceSettings, load
from filemill.chassis.storage.build import build_store
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.remote_settings import read_bucket
from filemill.chassis.storage.store import SignsLinks, SweepsPartials

KEYS = {"AWS_ACCESS_KEY_ID": "ak", "AWS_SECRET_ACCESS_KEY": "hidden"}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("FILEMILL_", "STORAGE_", "AWS_", "AZURE_", "GOOGLE_")):
            monkeypatch.delenv(name)


def settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> ServiceSettings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load(ServiceSettings)


@pytest.mark.parametrize(
    ("variables", "starts"),
    [
        ({"STORAGE_URL": "ftp://there"}, "STORAGE_URL:"),
        ({"STORAGE_URL": "bucket"}, "STORAGE_URL:"),
        ({"STORAGE_URL": "s3://"}, "STORAGE_URL:"),
        ({"STORAGE_URL": "s3://bucket/folder"}, "STORAGE_URL:"),
        ({"STORAGE_URL": "s3://ak:hidden@bucket"}, "STORAGE_URL:"),
        ({"STORAGE_URL": "file://folder"}, "STORAGE_URL:"),
        ({"STORAGE_URL": "s3://b", "STORAGE_SERVICE_URL": "localhost:9000"} | KEYS, "STORAGE_SERVICE_URL:"),
        ({"STORAGE_URL": "s3://b", "STORAGE_SERVICE_URL": "http://u:hidden@host"} | KEYS, "STORAGE_SERVICE_URL:"),
        ({"STORAGE_URL": "s3://b", "FILEMILL_PUBLIC_STORAGE_URL": "files"} | KEYS, "FILEMILL_PUBLIC_STORAGE_URL:"),
        ({"STORAGE_URL": "s3://b", "AWS_ACCESS_KEY_ID": "ak"}, "AWS_SECRET_ACCESS_KEY:"),
        ({"STORAGE_URL": "s3://b", "AWS_SECRET_ACCESS_KEY": "hidden"}, "AWS_ACCESS_KEY_ID:"),
        ({"STORAGE_URL": "s3://b", "STORAGE_SERVICE_URL": "http://host"}, "AWS_ACCESS_KEY_ID:"),
    ],
)
def test_build_store_when_a_setting_cannot_be_used_then_one_line_names_it(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], starts: str
) -> None:
    """Before any call: what is wrong by its form alone. No secret is repeated."""
    with pytest.raises(StartError) as refused:
        build_store(settings(monkeypatch, **variables))
    assert str(refused.value).startswith(starts)
    assert "\n" not in str(refused.value)
    assert "hidden" not in str(refused.value)


def test_read_bucket_when_secrets_are_files_then_they_are_read_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Container secrets are files; a printed setting is harmless."""
    (tmp_path / "secret").write_text("hidden\n")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "")
    read = settings(
        monkeypatch, STORAGE_URL="s3://b", AWS_ACCESS_KEY_ID="ak", AWS_SECRET_ACCESS_KEY_FILE=str(tmp_path / "secret")
    )
    bucket = read_bucket(read)
    assert bucket.secret_access_key == "hidden"
    assert "hidden" not in f"{bucket!r} {read!r}"


def test_read_bucket_when_a_role_gives_credentials_then_none_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a cloud machine the usual chain finds them: no key in any setting."""
    assert read_bucket(settings(monkeypatch, STORAGE_URL="s3://bucket", AWS_REGION="eu-west-1")).region == "eu-west-1"


def test_build_store_when_it_is_google_then_links_are_signed_and_nothing_needs_sweeping(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Untested against a server: here only that a link is made from a service account's key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    account = {
        "type": "service_account",
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "private_key_id": "1",
        "client_email": "mill@example.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    (tmp_path / "account.json").write_text(json.dumps(account))
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", str(tmp_path / "account.json"))
    store = build_store(settings(monkeypatch, STORAGE_URL="gs://bucket"))
    assert not isinstance(store, SweepsPartials)
    assert isinstance(store, SignsLinks)
    blob = new_key()
    link = asyncio.run(store.sign_get(blob, 60))
    assert link.startswith(f"https://storage.googleapis.com/bucket/{blob}?")
    assert "X-Goog-Signature=" in link


def test_build_store_when_it_is_azure_then_links_are_signed_and_nothing_needs_sweeping(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Untested against a server: here only that a link is made from an account's key."""
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "mill")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", base64.b64encode(b"k" * 32).decode())
    store = build_store(settings(monkeypatch, STORAGE_URL="az://container"))
    assert not isinstance(store, SweepsPartials)
    assert isinstance(store, SignsLinks)
    blob = new_key()
    link = asyncio.run(store.sign_get(blob, 60))
    assert link.startswith(f"https://mill.blob.core.windows.net/container/{blob}?")
    assert "sig=" in link
