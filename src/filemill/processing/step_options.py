"""What this installation's settings mean for the steps: one place, so that workers, plans and people see the same."""

from filemill.processing.settings import ProcessingSettings
from filemill.processing.steps.options import Options


def options_of(settings: ProcessingSettings) -> Options:
    """Return what the steps read of the settings."""
    return Options(
        ocr_languages=settings.ocr_languages,
        ocr_engine=settings.ocr_engine,
        picture_format=settings.picture_format,
        office_engine=settings.office_engine,
    )
