"""How sets of media types are named: `image/*`, `application/pdf`; `*` stands for anything."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

TYPE_PATTERN = re.compile(r"[a-z0-9*][a-z0-9!#$&^_.+*-]*/[a-z0-9*][a-z0-9!#$&^_.+*-]*")


def _pattern(text: str) -> str:
    if not TYPE_PATTERN.fullmatch(text):
        raise ValueError("say a media type or a pattern of one, for example image/*, application/pdf")
    return text


TypePattern = Annotated[str, Field(max_length=100), AfterValidator(_pattern)]
