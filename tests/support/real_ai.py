"""The ai service on a port of its own, with a tiny real model, and files whose vectors it really made."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from filemill.ai import repository
from filemill.ai.main import build
from filemill.ai.repository import NEW_VERSION, Vector, known
from filemill.ai.settings import AiSettings
from filemill.chassis.clock import now
from filemill.chassis.database.build import build_database
from filemill.chassis.database.database import Tx
from filemill.chassis.database.migrate import migrate
from filemill.chassis.web.head_limits import BoundedHeads
from filemill.contracts.ai import Finding
from support import tiny_models
from support.model_files import own_model
from support.web_server import serving


@dataclass(slots=True)
class RealAi:
    """Its address, and a way to have vectors of a file's chunks there."""

    url: str
    settings: AiSettings

    async def learn(self, file_id: str, chunks: list[str], *, digest: str | None = None) -> Finding:
        """Keep vectors of these chunks; returns the finding that `file.analyzed` would tell. `digest`: of another model."""
        async with httpx.AsyncClient(base_url=self.url, timeout=30) as client:
            answer = await client.post("/embed", json={"texts": chunks})
        said = answer.json()
        finding = Finding(
            capability="embeddings", state="done", model=said["model"], model_version="1",
            model_digest=digest or said["model_digest"], result={"chunks": len(chunks), "dimensions": said["dimensions"]},
        )  # fmt: skip
        await self._keep(file_id, finding, said["vectors"])
        return finding

    async def _keep(self, file_id: str, finding: Finding, encoded: list[str]) -> None:
        vectors = [Vector(at, 1, 0, 9, base64.b64decode(one)) for at, one in enumerate(encoded)]
        facts: dict[str, Any] = {"filename": "a", "content_type": "text/plain", "size": 1, "sha256": "ab" * 32}

        def keep(tx: Tx) -> None:
            known.learn(tx, file_id, "local", 1, "blobs/x", **facts, uploaded_at=now(), **NEW_VERSION)
            repository.processed(tx, file_id, 1, 1, {})
            repository.keep(tx, file_id, "local", 1, [finding], "", now())
            repository.keep_vectors(tx, file_id, "local", 1, vectors)

        database = build_database(self.settings)
        await database.write("test.keep", keep)
        await database.close()


@contextmanager
def real_ai(folder: Path, *, model: bool = True) -> Iterator[RealAi]:
    """Served until the context ends; without a model on the shelf if so asked."""
    settings = AiSettings(data_dir=folder)
    migrate(settings)
    if model:
        own_model(folder / "models", {"model.onnx": tiny_models.encoder(), "tokenizer.json": tiny_models.tokenizer()})
    with serving(lambda: build(settings), BoundedHeads, folder / "socket") as server:
        yield RealAi(f"http://127.0.0.1:{server.port}", settings)
