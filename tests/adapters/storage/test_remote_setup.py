"""How a remote store is set up, and what it says: links that open, settings that are wrong, errors without its own words."""

import asyncio
import re
import textwrap

import httpx
import pytest

from filemill.chassis.errors import FilemillError, NotFound, StartError
from filemill.chassis.storage.build import build_store, check_start, make_bucket
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.remote_store import S3BlobStore
from filemill.chassis.storage.store import (
    SignsLinks,
    put,
)
from support.blob_stores import S3Place, some_bytes
from support.http_fault_proxy import HttpFault, HttpFaultProxy
from support.servers.nginx import Nginx
from support.servers.swift import Swift

from .conftest import IMPATIENT

pytestmark = pytest.mark.servers


async def test_sign_get_when_followed_without_credentials_then_the_bytes_come_as_an_attachment(
    s3_place: S3Place, swift_server: Swift
) -> None:
    """A link reads one blob for its time; its address is the public one."""
    public = f"http://localhost:{swift_server.port}"
    store = build_store(s3_place.settings(FILEMILL_PUBLIC_STORAGE_URL=public))
    assert isinstance(store, SignsLinks)
    key = new_key()
    await put(store, key, b"12345")
    link = await store.sign_get(key, 60)
    assert link.startswith(f"{public}/{s3_place.bucket}/{key}?")
    async with httpx.AsyncClient() as client:
        answer = await client.get(link)
        assert (answer.status_code, answer.content) == (200, b"12345")
        assert answer.headers["content-disposition"] == "attachment"
        assert answer.headers["content-type"] == "application/octet-stream"
        assert (await client.get(link.replace(key, new_key()))).status_code == 403
        assert (await client.put(link, content=b"x")).status_code == 403
        assert (await client.get(link.partition("?")[0])).status_code in (400, 403)


async def test_sign_get_when_the_public_address_is_a_proxys_then_the_link_opens_through_it(
    s3_place: S3Place, swift_server: Swift, nginx_server: Nginx
) -> None:
    """A real NGINX before the store that passes Host and path on unchanged, as the guide asks."""
    upstream = f"http://127.0.0.1:{swift_server.port}"
    unchanged = ("proxy_set_header Host $http_host;", "proxy_buffering off;")
    public = await asyncio.to_thread(nginx_server.serve, f"proxy_pass {upstream};", *unchanged)
    store = build_store(s3_place.settings(FILEMILL_PUBLIC_STORAGE_URL=public))
    assert isinstance(store, SignsLinks)
    key, body = new_key(), some_bytes(300_000)
    await put(store, key, body)
    link = await store.sign_get(key, 60)
    assert link.startswith(f"{public}/")
    async with httpx.AsyncClient() as client:
        opened = await client.get(link)
        assert (opened.status_code, opened.content) == (200, body)
    await store.close()


async def test_sign_get_when_asked_for_longer_than_a_week_then_a_week(s3_place: S3Place) -> None:
    """Longer links are refused by S3 when they are followed; a text that is no key is never signed."""
    store = s3_place.open()
    assert isinstance(store, SignsLinks)
    link = await store.sign_get(new_key(), 30 * 24 * 3600)
    assert re.search(r"X-Amz-Expires=(\d+)", link)[1] == "604800"  # type: ignore[index]
    with pytest.raises(NotFound):
        await store.sign_get("../secrets", 60)


@pytest.mark.parametrize(
    ("changed", "variable", "says"),
    [
        ({"STORAGE_URL": "s3://nowhere"}, "STORAGE_URL", "no bucket 'nowhere'"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong-secret"}, "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY", "SignatureDoesNotMatch"),
        ({"AWS_ACCESS_KEY_ID": "stranger"}, "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY", "refuses them"),
        ({"STORAGE_SERVICE_URL": "http://127.0.0.1:1"}, "STORAGE_SERVICE_URL", "no blob store answers"),
        ({"STORAGE_SERVICE_URL": "http://nowhere.invalid:9"}, "STORAGE_SERVICE_URL", "no blob store answers"),
    ],
)  # fmt: skip
async def test_check_start_when_a_setting_is_wrong_then_one_line_names_it(
    s3_place: S3Place, changed: dict[str, str], variable: str, says: str
) -> None:
    """An operator reads one line and knows what to change; it never holds a secret."""
    store = build_store(s3_place.settings(**changed))
    for writes in (False, True):
        with pytest.raises(StartError) as refused:
            await check_start(store, writes=writes)
        text = str(refused.value)
        assert text.startswith(variable + ":")
        assert says in text
        assert "\n" not in text
        assert "wrong-secret" not in text
        assert "testing" not in text


def test_make_bucket_when_it_is_not_there_then_it_can_be_used_and_again_changes_nothing(s3_place: S3Place) -> None:
    """An operator's command, and what Compose runs before the services start."""
    settings = s3_place.settings(STORAGE_URL="s3://made-for-once")
    assert make_bucket(settings) == "bucket made-for-once made"
    asyncio.run(check_start(build_store(settings), writes=True))
    assert make_bucket(settings) == "bucket made-for-once is there"


@pytest.mark.parametrize(
    ("changed", "variable"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong-secret"}, "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"),
        ({"STORAGE_SERVICE_URL": "http://127.0.0.1:1"}, "STORAGE_SERVICE_URL"),
    ],
)
def test_make_bucket_when_a_setting_is_wrong_then_one_line_names_it(
    s3_place: S3Place, changed: dict[str, str], variable: str
) -> None:
    """As at the start of a service."""
    with pytest.raises(StartError) as refused:
        make_bucket(s3_place.settings(**changed))
    assert str(refused.value).startswith(variable + ":")
    assert "\n" not in str(refused.value)


async def test_check_start_when_something_else_answers_there_then_it_is_said(
    s3_place: S3Place, proxy: HttpFaultProxy
) -> None:
    """A web server that is no blob store is not taken for one."""
    proxy.use(HttpFault("status", code=405))
    store = s3_place.through(proxy.port, IMPATIENT)
    with pytest.raises(StartError, match=r"^STORAGE_SERVICE_URL: .* does not answer as a blob store \(InternalError\)"):
        await check_start(store, writes=False)


async def test_errors_when_they_are_told_then_without_the_store_s_own_words(
    far: S3BlobStore, proxy: HttpFaultProxy, capsys: pytest.CaptureFixture[str]
) -> None:
    """obstore's texts hold addresses and what was signed; a caller and the log get ours."""
    proxy.use(HttpFault("status"))
    with pytest.raises(FilemillError) as failed:
        await far.open(new_key())
    said = capsys.readouterr()
    for text in (failed.value.detail, said.out, said.err):
        assert "127.0.0.1" not in text
        assert "Debug source" not in text
    assert textwrap.shorten(failed.value.detail, 200) == failed.value.detail
