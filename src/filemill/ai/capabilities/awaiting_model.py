"""The honest answer of a capability whose model does not come with filemill: what is missing and how to get it.

Never a made-up answer. Nothing is fetched here.
"""

from filemill.ai.capabilities.results import Outcome, Reason, empty, unsupported
from filemill.ai.capabilities.subject import Subject
from filemill.ai.models.entry import ModelEntry

MEGABYTE = 1_000_000


def awaiting_model(subject: Subject, entry: ModelEntry, purpose: str) -> Outcome:
    """Say that `purpose` needs the model of `entry`; a file without a picture could not be looked at even with it."""
    if entry.capability in ("embeddings", "names"):
        if not subject.text.strip():
            return empty("no-text", "There is no text in this file to look at.")
    elif subject.preview is None and not subject.content_type.startswith(("image/", "video/")):
        return unsupported("no-preview", "There is no picture of this file to look at.")
    size = f"{entry.size_bytes / MEGABYTE:.0f} MB, {entry.licence}"
    detail = f"{purpose} needs the model {entry.id} ({entry.title}; about {size}), which does not come with filemill."
    if not entry.manifest_complete:
        detail += " It cannot be fetched: the SHA-256 of its files are not known here. Bring the files and pin them."
    return Outcome("needs-download", reason=Reason("model-not-installed", detail, entry.pull_command))
