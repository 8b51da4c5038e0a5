"""The names of environment variables that the code reads, for tests of files that set some."""

import typing
from typing import Any

from filemill.access.settings import AccessSettings
from filemill.ai.settings import AiSettings
from filemill.chassis.entry import WITH_WORKER
from filemill.chassis.settings import PORTS, SECRETS, ServiceSettings
from filemill.chassis.telemetry import exposition
from filemill.local.settings import RunnerSettings
from filemill.metadata.settings import MetadataSettings
from filemill.notification.settings import NotificationSettings
from filemill.processing.settings import ProcessingSettings
from filemill.upload.settings import UploadSettings

SETTINGS = (
    ServiceSettings, AccessSettings, AiSettings, MetadataSettings, NotificationSettings, ProcessingSettings, UploadSettings,
    RunnerSettings,
)  # fmt: skip


def is_known(variable: str) -> bool:
    """Whether a setting has this name, or takes its value from the file that it names."""
    plain = variable.removesuffix("_FILE")
    from_file = plain != variable
    return plain in _NAMES and (not from_file or plain in SECRETS or plain.startswith("FILEMILL_"))


def _aliases(field: Any) -> list[str]:
    alias = field.validation_alias
    return [alias] if isinstance(alias, str) else list(typing.cast(Any, alias).choices) if alias else []


_NAMES = (
    {f"FILEMILL_{field.upper()}" for kind in SETTINGS for field in kind.model_fields}
    | {name for kind in SETTINGS for field in kind.model_fields.values() for name in _aliases(field)}
    | {f"FILEMILL_{service.upper()}_{what}" for service in PORTS for what in ("URL", "DATABASE_URL", "PORT")}
    | {f"FILEMILL_{service.upper()}_WORKER_METRICS_PORT" for service in WITH_WORKER}
    | {"FILEMILL_URL", "FILEMILL_KEY"}  # the command line's
    | {exposition.FOLDER}
    | set(SECRETS)
)
