"""Whether the speech that has some words is the one they are said to be from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assistant.delegations import names_of
from assistant.filters import Filters, roles_of
from assistant.metadata import name_words, plain
from assistant.speech import Speech

_BYLINE = re.compile(r"(.+?)\s*\(([^()]+(?:\([^()]*\))?)\)\s*")
_SPOKE = re.compile(r"\s*\(spoke in [^()]*\)")
_OF = re.compile(r"(?:(?:the )?(?:representative|delegation|ambassador) of )?(?:the )?", re.I)


@dataclass(frozen=True)
class Attribution:
    """Who is said to have spoken, and in which speeches.

    Attributes:
        speaker: A name or a delegation, or both as in "Mr. Umarov (Kazakhstan)".
        filters: What the speech must meet.
        delegations: The plain names of all that speak in the library.
    """

    speaker: str | None
    filters: Filters
    delegations: frozenset[str]

    @classmethod
    def of(
        cls, speaker: str | None, filters: Filters | None, delegations: frozenset[str]
    ) -> Attribution:
        """From what a user gives; a speaker among the filters counts as the one named.

        Raises:
            FilterError: The name has neither letter nor number.
        """
        given = filters or Filters()
        named = _SPOKE.sub("", speaker or "").strip() or given.speaker
        left = {name: value for name, value in given.stated().items() if name != "speaker"}
        Filters(speaker=named)
        return cls(named, Filters(**left), delegations)

    @property
    def stated(self) -> Filters:
        """All of it as filters, for showing."""
        return self.filters if self.speaker is None else self.filters.with_speaker(self.speaker)

    def fits(self, speech: Speech) -> bool | None:
        """Whether the speech is one of those; None if its record does not tell."""
        answers = [
            self._alone(name, value, speech) for name, value in self.filters.stated().items()
        ]
        if self.speaker is not None:
            answers.append(self._said_by(self.speaker, speech))
        return False if False in answers else None if None in answers else True

    def _alone(self, name: str, value: str, speech: Speech) -> bool | None:
        field = "date" if name in ("since", "until") else name
        known = roles_of(speech) if field == "role" else getattr(speech, field)
        return Filters(**{name: value}).match(speech) if known else None

    def _said_by(self, named: str, speech: Speech) -> bool | None:
        if byline := _BYLINE.fullmatch(named):
            both = (self._said_by(byline[1], speech), self._is_delegation(byline[2], speech))
            return False if False in both else None if None in both else True
        country = _OF.sub("", named, count=1)
        if plain(country) in self.delegations:
            return self._is_delegation(country, speech)
        if Filters(speaker=named).match(speech) or (
            plain(country) and Filters(country=country).match(speech)
        ):
            return True
        if speech.speaker is None or speech.speaker.startswith("The "):
            return None
        # "Vassily Nebenzia" for "Mr. Nebenzia": the records print few first names.
        printed = name_words(speech.speaker)
        return bool(printed) and set(printed) <= set(name_words(named))

    def _is_delegation(self, country: str, speech: Speech) -> bool | None:
        return None if speech.country is None else Filters(country=country).match(speech)


def delegations(speeches: Iterable[Speech]) -> frozenset[str]:
    """The plain names, all that they go by, of the delegations that speak."""
    countries = {speech.country for speech in speeches if speech.country}
    return frozenset(plain(name) for country in countries for name in names_of(country))
