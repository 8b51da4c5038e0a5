"""Upload tokens, on both sets of engines: a browser sends what its token says, by every way in, and can do nothing else."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from filemill.access.main import build as build_access
from filemill.access.settings import AccessSettings
from filemill.chassis.clock import now
from filemill.chassis.ids import new_id
from filemill.chassis.settings import load
from filemill.chassis.signing_keys import signing_keys
from filemill.chassis.web.upload_tokens import UploadGrant, UploadTokens
from filemill.contracts.ids import LOCAL_OWNER
from support.asgi import running

pytestmark = pytest.mark.long

CHUNK = "application/offset+octet-stream"
TEXT = b"A line that is a text. " * 40
PDF = b"%PDF-1.4\n" + TEXT


@pytest.fixture
async def access(installation: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The access service of the same installation."""
    async with running(await build_access(load(AccessSettings))) as client:
        yield client


async def token(access: httpx.AsyncClient, **asked: Any) -> dict[str, str]:
    """The header of a new token."""
    answer = await access.post("/upload-tokens", json=asked)
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def put(tus: Any, shown: dict[str, str], body: bytes = TEXT, name: str = "a.txt", **more: str) -> httpx.Response:
    answer: httpx.Response = await tus.client.put(f"/files?filename={name}", content=body, headers=shown | more)
    return answer


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("installation", ["embedded"], indirect=True)
async def test_token_when_asked_for_then_it_says_what_it_allows_and_where(access: httpx.AsyncClient) -> None:
    """Unset limits are the ones of everybody; unknown and impossible ones are refused, not ignored."""
    answer = await access.post("/upload-tokens", json={"files": 3, "types": ["image/*"], "expires_in_s": 60})
    said = answer.json()
    assert said["token"].startswith("fmu_")
    assert (said["files"], said["max_bytes"], said["types"]) == (3, None, ["image/*"])
    assert said["links"]["tus"].endswith("/tus/")
    for wrong in ({"files": 0}, {"max_bytes": 0}, {"types": ["pictures"]}, {"expires_in_s": 1e9}, {"file": 1}):
        assert (await access.post("/upload-tokens", json=wrong)).status_code == 400


async def test_token_when_shown_then_files_come_by_every_way_and_belong_to_its_owner(
    tus: Any, access: httpx.AsyncClient
) -> None:
    """A form, a raw body, tus whole and in pieces, parts sent to the store."""
    shown = await token(access, files=5)
    client = tus.client
    by_form = await client.post("/files", files={"file": ("a.txt", b"form " + TEXT)}, headers=shown)
    assert by_form.status_code == 201
    assert (await put(tus, shown, b"raw " + TEXT)).status_code == 201
    whole = await tus.call("POST", "/tus/", b"whole " + TEXT, upload_length=6 + len(TEXT), content_type=CHUNK, **shown)
    assert (await tus.file(whole))["size"] == 6 + len(TEXT)
    url = await tus.create(upload_length=len(TEXT), **shown)
    assert (await tus.patch(url, 0, TEXT[:100], **shown)).status_code == 204
    assert (await tus.call("HEAD", url, **shown)).headers["upload-offset"] == "100"
    assert (await tus.file(await tus.patch(url, 100, TEXT[100:], **shown)))["body"] == TEXT
    begun = (await client.post("/uploads", json={"filename": "d.txt", "size": 7}, headers=shown)).json()
    for part in begun["parts"]:
        async with httpx.AsyncClient() as anybody:
            sender = client if part["url"].startswith(str(client.base_url)) else anybody
            assert (await sender.put(part["url"], content=b"direct!")).is_success
    done = await client.post(begun["links"]["complete"], headers=shown)
    assert done.status_code == 201, done.text
    owners = {row["owner_id"] for row in (await client.get("/files")).json()["items"]}
    assert (owners, (await client.get("/stats")).json()["files"]) == ({LOCAL_OWNER}, 5)
    assert code(await put(tus, shown)) == (403, "token-used-up")


@pytest.mark.parametrize("installation", ["embedded"], indirect=True)
async def test_token_when_used_for_anything_else_then_is_refused(tus: Any, access: httpx.AsyncClient) -> None:
    """It reads nothing, changes nothing, makes no further tokens, sends no parts of a file to be put together."""
    mine = (await put(tus, {})).json()["file_id"]
    shown = await token(access)
    for method, path in (
        ("GET", "/files"), ("GET", f"/files/{mine}"), ("GET", f"/files/{mine}/content"), ("DELETE", f"/files/{mine}"),
        ("PUT", f"/files/{mine}/content"), ("GET", "/stats"), ("GET", "/limits"), ("POST", f"/files/{mine}/restore"),
    ):  # fmt: skip
        assert code(await tus.client.request(method, path, headers=shown)) == (403, "forbidden"), path
    for method, path in (("GET", "/session"), ("POST", "/upload-tokens")):
        body = {} if method == "POST" else None
        assert code(await access.request(method, path, json=body, headers=shown)) == (403, "forbidden"), path
    asked = await access.get("/verify", headers=shown)  # nobody that access knows: who takes such tokens checks them
    assert (asked.status_code, "x-filemill-identity" in asked.headers) == (204, False)
    partial = await tus.call("POST", "/tus/", upload_length=3, upload_concat="partial", **shown)
    assert code(partial) == (403, "forbidden")
    assert (await tus.client.get(f"/files/{mine}")).status_code == 200


@pytest.mark.parametrize("installation", ["embedded"], indirect=True)
async def test_token_when_the_file_is_larger_than_it_says_then_nothing_is_kept(
    tus: Any, access: httpx.AsyncClient, installation: Any
) -> None:
    """By what a header says, by what comes when no header says it, by a length that is told late."""
    shown = await token(access, max_bytes=100)

    async def unsaid() -> AsyncIterator[bytes]:
        yield TEXT

    answers = [
        await put(tus, shown),
        await tus.client.put("/files?filename=a.txt", content=unsaid(), headers=shown),
        await tus.client.post("/files", files={"file": ("a.txt", TEXT)}, headers=shown),
        await tus.call("POST", "/tus/", upload_length=101, **shown),
        await tus.client.post("/uploads", json={"filename": "a", "size": 101}, headers=shown),
    ]
    late = await tus.create(upload_defer_length=1, **shown)
    answers.append(await tus.patch(late, 0, b"", upload_length=101, **shown))
    later = await tus.create(upload_defer_length=1, **shown)
    answers.append(await tus.patch(later, 0, TEXT, **shown))
    assert [code(answer) for answer in answers] == [(413, "file-too-large")] * len(answers)
    assert "token" in answers[0].json()["detail"]
    assert (installation.files(), installation.kept()) == ([], [])
    assert (await put(tus, shown, TEXT[:100])).status_code == 201


@pytest.mark.parametrize("installation", ["embedded"], indirect=True)
async def test_token_when_the_file_is_of_another_type_then_nothing_is_kept(
    tus: Any, access: httpx.AsyncClient, installation: Any
) -> None:
    """The first bytes say the type, whatever the name says; an upload in pieces is refused when they are there."""
    shown = await token(access, types=["application/pdf", "image/*"], files=2)
    assert code(await put(tus, shown, TEXT, "a.pdf")) == (415, "type-not-allowed")
    url = await tus.create(upload_length=len(TEXT), **shown)
    assert code(await tus.patch(url, 0, TEXT, **shown)) == (415, "type-not-allowed")
    begun = (await tus.client.post("/uploads", json={"filename": "d.pdf", "size": 7}, headers=shown)).json()
    await tus.client.put(begun["parts"][0]["url"], content=b"no pdf!")
    assert code(await tus.client.post(begun["links"]["complete"], headers=shown)) == (415, "type-not-allowed")
    assert (installation.files(), installation.kept()) == ([], [])
    assert (await put(tus, shown, PDF, "b.pdf")).status_code == 201


async def test_token_when_used_by_many_at_once_then_makes_no_more_files_than_it_says(
    tus: Any, access: httpx.AsyncClient, installation: Any
) -> None:
    """The ways mixed; those that are refused keep nothing."""
    shown = await token(access, files=3)
    sent = [put(tus, shown, b"%d " % number + TEXT) for number in range(8)]
    sent += [
        tus.call("POST", "/tus/", b"t%d " % number + TEXT, upload_length=3 + len(TEXT), content_type=CHUNK, **shown)
        for number in range(8)
    ]
    answers = await asyncio.gather(*sent)
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [403] * 13
    assert len(installation.files()) == 3
    assert {code(answer) for answer in answers if answer.status_code == 403} == {(403, "token-used-up")}


@pytest.mark.parametrize("installation", ["embedded"], indirect=True)
async def test_token_when_uploads_are_begun_in_vain_then_files_are_left_but_not_without_end(
    tus: Any, access: httpx.AsyncClient
) -> None:
    """A client whose answer was lost begins again; one that only begins is stopped."""
    shown = await token(access, files=1)
    begun = [await tus.create(upload_length=len(TEXT), **shown) for _ in range(21)]
    assert code(await tus.call("POST", "/tus/", upload_length=9, **shown)) == (403, "token-used-up")
    assert (await tus.file(await tus.patch(begun[-1], 0, TEXT, **shown)))["body"] == TEXT
    assert code(await tus.patch(begun[0], 0, TEXT, **shown)) == (403, "token-used-up")
    assert code(await tus.call("POST", "/tus/", upload_length=9, **shown)) == (403, "token-used-up")


@pytest.mark.parametrize("installation", ["embedded"], indirect=True)
async def test_token_when_a_new_one_goes_on_with_an_upload_then_the_one_it_was_begun_with_counts(
    tus: Any, access: httpx.AsyncClient
) -> None:
    """So a long upload needs no long token; what it may be was settled when it began."""
    first, second = await token(access, types=["text/*"]), await token(access, types=["image/*"], max_bytes=10)
    url = await tus.create(upload_length=len(TEXT), **first)
    await tus.patch(url, 0, TEXT[:50], **first)
    assert (await tus.file(await tus.patch(url, 50, TEXT[50:], **second)))["body"] == TEXT
    assert code(await put(tus, first)) == (403, "token-used-up")
    assert (await put(tus, second, TEXT[:10])).json()["code"] == "type-not-allowed"  # its own file is still to be made


@pytest.mark.parametrize("installation", ["embedded"], indirect=True)
async def test_token_when_over_or_not_ours_then_says_so(tus: Any, installation: Any) -> None:
    """Expired, changed, signed by somebody else, without a signature, empty, endless."""
    keys = signing_keys(installation.settings)
    grant = UploadGrant(new_id(), LOCAL_OWNER, now() + timedelta(seconds=60), 1, None, ())
    over = UploadGrant(new_id(), LOCAL_OWNER, now() - timedelta(seconds=1), 1, None, ())
    ours = UploadTokens(keys)
    assert code(await put(tus, {"Authorization": f"Bearer {ours.write(over)}"})) == (401, "token-expired")
    good = ours.write(grant)
    head, claims, signature = good.removeprefix("fmu_").split(".")
    bare = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    richer = base64.urlsafe_b64encode(b'{"jti":"x","sub":"eve","exp":9999999999,"files":9,"max_bytes":null,"types":[]}')
    for forged in (
        "fmu_", "fmu_a.b.c", f"fmu_{head}.{claims}.", f"fmu_{bare}.{claims}.", f"{good}x", f"fmu_{'a' * 9000}",
        f"fmu_{head}.{richer.rstrip(b'=').decode()}.{signature}", UploadTokens(["k" * 32]).write(grant),
    ):  # fmt: skip
        assert code(await put(tus, {"Authorization": f"Bearer {forged}"})) == (401, "unauthenticated"), forged[:60]
    rotated = UploadTokens(["n" * 32, *keys])
    assert rotated.read(good, now()) == UploadGrant(
        grant.token_id, grant.owner_id, grant.expires_at.replace(microsecond=0), 1, None, ()
    )
    assert (await put(tus, {"Authorization": f"bearer  {good}"})).status_code == 201


@pytest.mark.parametrize("installation", ["embedded"], indirect=True)
async def test_token_when_two_browsers_use_the_same_idempotency_key_then_neither_gets_the_other_s_file(
    tus: Any, access: httpx.AsyncClient
) -> None:
    """A key belongs to a token; the same browser's repetition is the same file and uses up nothing."""
    first, second = await token(access), await token(access)
    made = [(await put(tus, shown, **{"Idempotency-Key": "1"})).json()["file_id"] for shown in (first, second, first)]
    assert made[0] == made[2] != made[1]
