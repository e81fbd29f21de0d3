"""Which speeches a question is asked of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

from assistant.delegations import delegation_key
from assistant.errors import FilterError
from assistant.metadata import name_words, plain
from assistant.speech import Speech, period

Fits = Callable[[str, str | None], bool]
"""Whether a field's value is what is wanted."""
Condition = dict[str, Callable[[str | None], bool]]
"""Tests by field, one of which a speech must pass."""


@dataclass(frozen=True)
class Filters:
    """Conditions that a speech must meet, all of them; None asks nothing.

    Attributes:
        country: Delegation, in full or as commonly written ("Russia").
        speaker: Name, with or without title; every word of it must be in the record's name.
        symbol: Of the meeting: "S/PV.8349" or "8349".
        topic: Words of the agenda item.
        language: Language of delivery, where the record names one.
        role: Words of the part taken in the meeting, or of the capacity spoken in: "Guest",
            "The President", "representative of China".
        since: First day, or year, or month (ISO 8601).
        until: Last day, or year, or month. A speech whose date is known to the month or the
            year is kept when any day of it lies in the period; one without a date never is.
    """

    country: str | None = None
    speaker: str | None = None
    symbol: str | None = None
    topic: str | None = None
    language: str | None = None
    role: str | None = None
    since: str | None = None
    until: str | None = None

    def __post_init__(self) -> None:
        for name, value in self.stated().items():
            if not plain(value):
                raise FilterError(f"{name}: {value!r} has no letter or number in it")
        for name in ("since", "until"):
            value = getattr(self, name)
            if value is not None:
                try:
                    period(value)
                except ValueError as error:
                    raise FilterError(f"{name}: {error}") from error
        if self.since and self.until and period(self.since)[0] > period(self.until)[1]:
            raise FilterError(f"since {self.since} is after until {self.until}; swap them")

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Filters:
        """From names and values as a user gives them.

        `year` stands for a whole year, and `period` for a year, a month or a day, or for two of
        them with ".." or "/" between: "2018", "2018-09", "2018..2020", "2018-09/..", "../2017".

        Raises:
            FilterError: A name or a value that cannot be understood.
        """
        known = {*(field.name for field in fields(cls)), *_PERIODS}
        if unknown := sorted(set(given) - known):
            raise FilterError(
                f"unknown filter {unknown[0]!r}; there are {', '.join(sorted(known))}"
            )
        wrong = [name for name, value in given.items() if not _usable(name, value)]
        if wrong:
            raise FilterError(f"filter {wrong[0]!r} must be a text")
        values = {
            name: str(value).strip() or None for name, value in given.items() if value is not None
        }
        periods = [value for name in _PERIODS if (value := values.pop(name, None))]
        asked = cls(**values)
        for value in periods:
            asked = asked._within(_interval(value))
        return asked

    def _within(self, whole: Filters) -> Filters:
        """These conditions, and no day outside of another period."""
        since = [day for day in (self.since, whole.since) if day]
        until = [day for day in (self.until, whole.until) if day]
        return replace(
            self,
            since=max(since, key=lambda day: period(day)[0], default=None),
            until=min(until, key=lambda day: period(day)[1], default=None),
        )

    def with_speaker(self, speaker: str) -> Filters:
        return replace(self, speaker=speaker)

    def with_country(self, country: str) -> Filters:
        return replace(self, country=country)

    def stated(self) -> dict[str, str]:
        """The conditions that are set, by name."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name))}

    def match(self, speech: Speech) -> bool:
        """Whether a speech meets all of them."""
        return all(
            any(fits(getattr(speech, field)) for field, fits in condition.items())
            for condition in self.conditions()
        )

    def conditions(self) -> list[Condition]:
        """What the filters ask of single fields of a speech."""
        asked: dict[str, tuple[str | None, dict[str, Fits]]] = {
            "country": (self.country, {"country": _same_country}),
            "speaker": (self.speaker, {"speaker": _names}),
            "symbol": (self.symbol, {"symbol": _same_symbol}),
            "topic": (self.topic, {"topic": _has_phrase}),
            "language": (self.language, {"language": _same_language}),
            "role": (
                self.role,
                {"role": _has_phrase, "capacity": _has_phrase, "speaker": _is_office},
            ),
        }
        stated: list[Condition] = [
            {field: partial(fits, wanted) for field, fits in of.items()}
            for wanted, of in asked.values()
            if wanted is not None
        ]
        if self.since is None and self.until is None:
            return stated
        return [*stated, {"date": self._in_period}]

    def _in_period(self, date: str | None) -> bool:
        if date is None:
            return False
        first, last = period(date)
        return (self.since is None or last >= period(self.since)[0]) and (
            self.until is None or first <= period(self.until)[1]
        )


_PERIODS = ("year", "period")
_OPEN = ("", "..")


def _interval(value: str) -> Filters:
    """A period as it is written, ISO 8601 among the ways, as first and last day.

    Raises:
        FilterError: It is none, or has no end and no beginning.
    """
    if "/" not in value and ".." not in value:
        return Filters(since=value, until=value)
    days = [day.strip() for day in value.split("/" if "/" in value else "..")]
    since, until = (
        (None if day in _OPEN else day for day in days) if len(days) == 2 else (None, None)
    )
    if since is None and until is None:
        raise FilterError(f"period: {value!r} is none; write 2018, 2018-09 or 2018..2020")
    return Filters(since=since, until=until)


def _usable(name: str, value: object) -> bool:
    if value is None or isinstance(value, str):
        return True
    return name == "year" and isinstance(value, int) and not isinstance(value, bool)


def _same_country(wanted: str, country: str | None) -> bool:
    return country is not None and delegation_key(wanted) == delegation_key(country)


def _names(wanted: str, speaker: str | None) -> bool:
    present = name_words(speaker or "")
    words = name_words(wanted)
    return bool(words) and all(word in present for word in words)


def _same_language(wanted: str, language: str | None) -> bool:
    return plain(wanted) == plain(language or "")


def _has_phrase(wanted: str, topic: str | None) -> bool:
    """Whether the words stand in the topic one after the other."""
    words, among = ([plain(w) for w in text.split()] for text in (wanted, topic or ""))
    starts = range(len(among) - len(words) + 1)
    return any(among[start : start + len(words)] == words for start in starts)


def _is_office(wanted: str, speaker: str | None) -> bool:
    """Whether the words stand in the office that a record has for a name: "The President"."""
    return _has_phrase(wanted, _office(speaker))


def _office(speaker: str | None) -> str | None:
    return speaker if speaker and speaker.startswith("The ") else None


def roles_of(speech: Speech) -> list[str]:
    """What is known of the part a speaker takes: by the metadata, the header, their own words."""
    return [role for role in (speech.role, speech.capacity, _office(speech.speaker)) if role]


def _same_symbol(wanted: str, symbol: str | None) -> bool:
    if symbol is None:
        return False
    return plain(symbol) in (plain(wanted), plain("S/PV." + wanted))
