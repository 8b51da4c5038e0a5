"""The anchor of G7: what most FastAPI tutorials do with an upload. `UploadFile` copied to a folder; nothing is synced,
hashed or recorded. Run by uvicorn with one worker."""

import os
import shutil
import uuid
from pathlib import Path

from fastapi import FastAPI, UploadFile

FOLDER = Path(os.environ["ANCHOR_FOLDER"])
app = FastAPI()


@app.post("/files", status_code=201)
def upload(file: UploadFile) -> dict[str, object]:
    """Copy the spooled file to its place."""
    file_id = str(uuid.uuid4())
    with (FOLDER / file_id).open("wb") as target:
        shutil.copyfileobj(file.file, target)
    return {"file_id": file_id, "filename": file.filename, "size": file.size, "content_type": file.content_type}
