"""The store in a bucket: S3 and what speaks it, Google Cloud Storage, Azure, by obstore.

One blob is one object under its key. Nothing relies on conditional writes, listing order or versions of the store. While the
store is away every call is `Unavailable` within `Patience`, and at once after five failures in a row. Google Cloud Storage
and Azure are **untested against a server** (configuration and signing are tested).
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import obstore
import structlog

from filemill.chassis.clock import now
from filemill.chassis.errors import NotFound, StartError, Unavailable
from filemill.chassis.ids import new_id
from filemill.chassis.storage.compressed_forms import CompressedForms, ours, write_down
from filemill.chassis.storage.keys import COMPRESSED_SUFFIX, is_form
from filemill.chassis.storage.pieces import Piece, SignedPart
from filemill.chassis.storage.remote_body import Buffers, RemoteWriter
from filemill.chassis.storage.remote_client import Patience, Refused, Remote, told_by_caller, within
from filemill.chassis.storage.remote_pieces import RemotePieces, part_key
from filemill.chassis.storage.remote_reader import open_reader
from filemill.chassis.storage.remote_settings import Bucket
from filemill.chassis.storage.store import BlobInfo, BlobReader, BlobWriter, Tap

LINK_MOST_S = 7 * 24 * 3600
"""SigV4 allows no more (Amazon S3 API, "Authenticating requests: using query parameters")."""
PARTIAL_GRACE = timedelta(hours=24)
"""A multipart upload older than this has no living writer: a body that pauses for a minute is given up."""
PARTIALS_MOST = 1000

_log = structlog.get_logger()


class RemoteStore(CompressedForms, RemotePieces):
    """See `store.BlobStore`, `store.Compresses`, `store.SignsLinks`, `store.Resumes`, `store.SignsParts`."""

    def __init__(self, bucket: Bucket, patience: Patience | None = None) -> None:
        self._bucket = bucket
        self._remote = Remote(bucket, patience)
        self._buffers = Buffers()

    async def create_form(self, name: str, tap: Tap | None = None) -> BlobWriter:
        """See `CompressedForms.create_form`."""
        return RemoteWriter(self._remote, self._buffers, name, tap)

    async def open_form(self, name: str) -> BlobReader:
        """See `CompressedForms.open_form`. A plain form that goes while it is read is read on in the compressed one."""
        reader = await open_reader(self._remote, name)
        if not name.endswith(COMPRESSED_SUFFIX):
            reader.otherwise = partial(self.open_compressed, name)
        return reader

    async def fetch_form(self, name: str, target: Path) -> None:
        """See `CompressedForms.fetch_form`."""
        await write_down(await self.open_form(name), target)

    async def delete_forms(self, names: Sequence[str]) -> bool:
        """See `CompressedForms.delete_forms`. S3 does not say whether there was something, so it is asked before."""
        return any([await self._delete_form(name) for name in names])

    async def has_form(self, name: str) -> bool:
        """See `CompressedForms.has_form`."""

        async def head() -> object:
            return await obstore.head_async(self._remote.once, name)

        try:
            await self._remote.ask("head", head)
        except NotFound:
            return False
        return True

    async def list_forms(self) -> AsyncIterator[BlobInfo]:
        """See `CompressedForms.list_forms`. S3 lists by name, so the forms of a blob come together."""
        pages = obstore.list(self._remote.repeating, "blobs", chunk_size=1000)

        async def next_page() -> Any:
            return await anext(pages, None)

        while page := await self._remote.send("list", next_page):
            for one in page:
                if is_form(one["path"]):
                    yield BlobInfo(one["path"], one["size"], one["last_modified"])

    async def check(self) -> None:
        """See `BlobStore.check`. While the breaker is open it says so without asking."""
        await self._remote.ask("check", self._remote.look)

    async def check_start(self, *, writes: bool) -> None:
        """Raise `StartError` if this bucket cannot be used as it is set. `writes`: this service stores blobs."""
        try:
            with told_by_caller():
                await self._remote.ask("check", self._remote.look)
                if writes:
                    await self._try_writing()
        except Refused as error:
            raise StartError(_why_refused(self._bucket, error)) from error
        except Unavailable as error:
            variable = "STORAGE_SERVICE_URL" if self._bucket.endpoint else "STORAGE_URL"
            raise StartError(
                f"{variable}: no blob store answers at {self._bucket.place}; start it or correct the address"
            ) from error

    async def close(self) -> None:
        """See `BlobStore.close`. The clients hold nothing that outlives them."""

    async def sign_get(self, key: str, expires_s: int) -> str:
        """See `SignsLinks.sign_get`."""
        return await self._remote.sign(ours(key), timedelta(seconds=max(1, min(expires_s, LINK_MOST_S))))

    async def has_plain(self, key: str) -> bool:
        """See `SignsLinks.has_plain`."""
        return await self.has_form(ours(key))

    async def sign_parts(self, parts: Sequence[Piece], expires_s: int) -> Sequence[SignedPart]:
        """See `SignsParts.sign_parts`; not bound to length and hash."""
        lifetime = timedelta(seconds=max(1, min(expires_s, LINK_MOST_S)))
        return [SignedPart(await self._remote.sign(part_key(part), lifetime, "PUT")) for part in parts]

    async def _delete_form(self, name: str) -> bool:
        async def delete() -> None:
            await obstore.delete_async(self._remote.once, name)

        if not await self.has_form(name):
            return False
        try:
            await self._remote.ask("delete", delete)
        except NotFound:
            return False
        return True

    async def _try_writing(self) -> None:
        path = f"start/{new_id()}"

        async def put() -> None:
            await obstore.put_async(self._remote.once, path, b"filemill", use_multipart=False)

        async def delete() -> None:
            await obstore.delete_async(self._remote.once, path)

        await self._remote.ask("put", put)
        await self._remote.ask("delete", delete)


class S3BlobStore(RemoteStore):
    """With `store.SweepsPartials`: S3 alone keeps abandoned multipart uploads. Its links can be bound to length and hash."""

    async def sign_parts(self, parts: Sequence[Piece], expires_s: int) -> Sequence[SignedPart]:
        """See `SignsParts.sign_parts`. No call to the store."""
        bounded_s = max(1, min(expires_s, LINK_MOST_S))
        return await asyncio.to_thread(_sign_parts, self._bucket.public, parts, bounded_s)

    def make_bucket(self) -> str:
        """See `MakesBucket.make_bucket`."""
        return _make_bucket(self._bucket)

    async def sweep_partials(self) -> int:
        """Abort multipart uploads without a living writer; returns how many, at most 1000."""

        async def sweep() -> int:
            return await asyncio.to_thread(_sweep, self._bucket, now() - PARTIAL_GRACE)

        async with self._remote.guarded(), within(self._remote.patience.send_s, "sweep"):
            return await sweep()


def _why_refused(bucket: Bucket, error: Refused) -> str:
    said = error.s3_code or f"HTTP {error.http_status}"
    if error.s3_code == "NoSuchBucket" or error.http_status == 404:
        return (
            f"STORAGE_URL: there is no bucket {bucket.name!r} at {bucket.place} ({said}); create it or correct the name"
        )
    if error.http_status in (401, 403):
        return (
            f"AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: {bucket.place} refuses them for the bucket {bucket.name!r} ({said}); "
            "correct them, or let them list, read, write and delete there"
        )
    variable = "STORAGE_SERVICE_URL" if bucket.endpoint else "STORAGE_URL"
    return f"{variable}: {bucket.place} does not answer as a blob store ({said}); correct the address"


def _client(bucket: Bucket) -> Any:
    """botocore's client, for what obstore cannot do."""
    import botocore.session
    from botocore.config import Config

    session = botocore.session.Session()
    if bucket.access_key_id:
        session.set_credentials(bucket.access_key_id, bucket.secret_access_key, bucket.session_token)
    style = {"addressing_style": "path"} if bucket.endpoint else {}
    retries = {"total_max_attempts": 2}
    config = Config(connect_timeout=2, read_timeout=5, retries=retries, s3=style, signature_version="s3v4")
    return session.create_client(
        "s3", region_name=bucket.region or "us-east-1", endpoint_url=bucket.endpoint, config=config
    )


def _make_bucket(bucket: Bucket) -> str:
    """obstore makes none. A bucket that is ours already is fine; one of somebody else's is shown by the services' start."""
    from botocore.exceptions import BotoCoreError, ClientError

    client = _client(bucket)
    region = bucket.region if bucket.endpoint is None and bucket.region != "us-east-1" else None
    place: dict[str, Any] = {"CreateBucketConfiguration": {"LocationConstraint": region}} if region else {}
    try:
        client.create_bucket(Bucket=bucket.name, **place)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            return f"bucket {bucket.name} is there"
        raise StartError(_why_refused(bucket, Refused(_status_of(error), code))) from error
    except BotoCoreError as error:
        raise StartError(
            f"STORAGE_SERVICE_URL: no blob store answers at {bucket.place}; start it or correct the address"
        ) from error
    finally:
        client.close()
    return f"bucket {bucket.name} made"


def _status_of(error: Any) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _sign_parts(bucket: Bucket, parts: Sequence[Piece], expires_s: int) -> Sequence[SignedPart]:
    """obstore cannot sign a header: here length and checksum are, so the store takes nothing else (SigV4)."""
    client = _client(bucket)
    try:
        return [_sign_part(client, bucket.name, part, expires_s) for part in parts]
    finally:
        client.close()


def _sign_part(client: Any, bucket_name: str, part: Piece, expires_s: int) -> SignedPart:
    wanted: dict[str, Any] = {"Bucket": bucket_name, "Key": part_key(part), "ContentLength": part.size_bytes}
    headers = {}
    if part.sha256 is not None:
        wanted["ChecksumSHA256"] = base64.b64encode(bytes.fromhex(part.sha256)).decode()
        headers["x-amz-checksum-sha256"] = wanted["ChecksumSHA256"]
    return SignedPart(client.generate_presigned_url("put_object", Params=wanted, ExpiresIn=expires_s), headers)


def _sweep(bucket: Bucket, before: datetime) -> int:
    """obstore cannot list multipart uploads."""
    from botocore.exceptions import BotoCoreError, ClientError

    client = _client(bucket)
    swept = 0
    try:
        found = client.list_multipart_uploads(Bucket=bucket.name, Prefix="blobs/", MaxUploads=PARTIALS_MOST)
        for one in found.get("Uploads", ()):
            if is_form(one["Key"]) and one["Initiated"] < before:
                try:
                    client.abort_multipart_upload(Bucket=bucket.name, Key=one["Key"], UploadId=one["UploadId"])
                    swept += 1
                except ClientError as error:
                    if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                        raise  # with 404 it is gone: another instance swept it, or it was completed
    except (BotoCoreError, ClientError) as error:
        _log.warning("storage.call.failed", call="sweep", kind=type(error).__name__)
        raise Unavailable("The blob store does not list its unfinished uploads.") from error
    finally:
        client.close()
    return swept
