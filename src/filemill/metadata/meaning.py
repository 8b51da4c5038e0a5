"""The vector of a question, asked of ai for each hybrid search; without one the search is by words, and says why.

On failure: ai away, slow or without a model is an answer, not an error; the first page is then by words alone. A page that goes
on cannot change its order in between, so there it is 503 (a retry helps).
"""

import re
from dataclasses import dataclass

from filemill.chassis.errors import Unavailable
from filemill.chassis.resilience.service_client import ServiceClient
from filemill.contracts.ai import EmbedAnswer
from filemill.metadata.asked import Asked
from filemill.metadata.search.hybrid import Question
from filemill.metadata.search.vectors import question

ASK_MOST_S = 3.0
"""A model that is loaded answers in some 20 ms; one that has to be loaded first may take longer than anybody waits."""

_OPERATOR = re.compile(r'(?<!\S)(-\S+|OR(?!\S))|["*]')


@dataclass(frozen=True, slots=True)
class Lacking:
    """Why there is no vector."""

    reason: str


async def asked_question(ai: ServiceClient, asked: Asked) -> Question | Lacking:
    """The question's vector, or why there is none."""
    text = " ".join(_OPERATOR.sub(" ", asked.words).split())
    if not text:
        return Lacking("There are no words to make a vector of.")
    try:
        answer = await ai.ask_json("/embed", {"texts": [text]})
    except Unavailable as error:
        return Lacking(f"{error.detail} The search is by words alone.")
    if answer is None:
        return Lacking(
            "No model makes vectors here; `filemill models list` names one to pull. The search is by words alone."
        )
    embedded = EmbedAnswer.model_validate(answer)
    return Question(question(embedded.vectors[0]), embedded.model_digest)
