"""Which speeches a question is asked of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

from assistant.errors import FilterError
from assistant.metadata import name_words, plain
from assistant.speech import Speech, period

# Names of one delegation: as records and lists print them, and as people write them.
_SAME_DELEGATION = (
    ("Bolivia", "Bolivia (Plurinational State of)", "Plurinational State of Bolivia"),
    ("Côte d'Ivoire", "Ivory Coast"),
    ("Democratic People's Republic of Korea", "DPRK", "North Korea"),
    ("Democratic Republic of the Congo", "DRC"),
    ("Iran", "Iran (Islamic Republic of)", "Islamic Republic of Iran"),
    ("Republic of Korea", "South Korea"),
    ("Russian Federation", "Russia"),
    ("Syrian Arab Republic", "Syria"),
    ("Turkey", "Türkiye"),
    ("United Arab Emirates", "UAE"),
    ("United Kingdom", "UK", "Great Britain",
     "United Kingdom of Great Britain and Northern Ireland"),
    ("United Republic of Tanzania", "Tanzania"),
    ("United States of America", "United States", "USA", "US"),
    ("Venezuela", "Venezuela (Bolivarian Republic of)", "Bolivarian Republic of Venezuela"),
    ("Viet Nam", "Vietnam"),
)  # fmt: skip


@dataclass(frozen=True)
class Filters:
    """Conditions that a speech must meet, all of them; None asks nothing.

    Attributes:
        country: Delegation, in full or as commonly written ("Russia").
        speaker: Name, with or without title; every word of it must be in the record's name.
        symbol: Of the meeting: "S/PV.8349" or "8349".
        topic: Words of the agenda item.
        language: Language of delivery, where the record names one.
        since: First day, or year, or month (ISO 8601).
        until: Last day, or year, or month. A speech whose date is known to the month or the
            year is kept when any day of it lies in the period; one without a date never is.
    """

    country: str | None = None
    speaker: str | None = None
    symbol: str | None = None
    topic: str | None = None
    language: str | None = None
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
        """From names and values as a user gives them; `year` stands for a whole year.

        Raises:
            FilterError: A name or a value that cannot be understood.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(given) - known - {"year"}):
            raise FilterError(
                f"unknown filter {unknown[0]!r}; there are {', '.join(sorted(known | {'year'}))}"
            )
        wrong = [name for name, value in given.items() if not _usable(name, value)]
        if wrong:
            raise FilterError(f"filter {wrong[0]!r} must be a text")
        values = {
            name: str(value).strip() or None for name, value in given.items() if value is not None
        }
        year = values.pop("year", None)
        asked = cls(**values)
        return asked if year is None else asked._within(year)

    def _within(self, year: str) -> Filters:
        """These conditions, and the period no wider than a year."""
        whole = Filters(since=year, until=year)
        since = max(filter(None, (self.since, whole.since)), key=lambda day: period(day)[0])
        until = min(filter(None, (self.until, whole.until)), key=lambda day: period(day)[1])
        return replace(self, since=since, until=until)

    def with_speaker(self, speaker: str) -> Filters:
        return replace(self, speaker=speaker)

    def with_country(self, country: str) -> Filters:
        return replace(self, country=country)

    def stated(self) -> dict[str, str]:
        """The conditions that are set, by name."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name))}

    def match(self, speech: Speech) -> bool:
        return all(fits(getattr(speech, field)) for field, fits in self.conditions())

    def conditions(self) -> list[tuple[str, Callable[[str | None], bool]]]:
        """What the filters ask of single fields of a speech, by the name of the field."""
        asked: dict[str, tuple[str | None, Callable[[str, str | None], bool]]] = {
            "country": (self.country, _same_country),
            "speaker": (self.speaker, _names),
            "symbol": (self.symbol, _same_symbol),
            "topic": (self.topic, _has_phrase),
            "language": (self.language, _same_language),
        }
        stated: list[tuple[str, Callable[[str | None], bool]]] = [
            (field, partial(fits, wanted))
            for field, (wanted, fits) in asked.items()
            if wanted is not None
        ]
        if self.since is None and self.until is None:
            return stated
        return [*stated, ("date", self._in_period)]

    def _in_period(self, date: str | None) -> bool:
        if date is None:
            return False
        first, last = period(date)
        return (self.since is None or last >= period(self.since)[0]) and (
            self.until is None or first <= period(self.until)[1]
        )


def _usable(name: str, value: object) -> bool:
    if value is None or isinstance(value, str):
        return True
    return name == "year" and isinstance(value, int) and not isinstance(value, bool)


def _same_country(wanted: str, country: str | None) -> bool:
    return country is not None and _delegation(wanted) == _delegation(country)


def names_of(country: str) -> set[str]:
    """The delegation's name and the other names it goes by."""
    same = (names for names in _SAME_DELEGATION if plain(country) in map(plain, names))
    return {country, *next(same, ())}


def _delegation(name: str) -> str:
    """One plain name for all names of a delegation."""
    return _FIRST_NAMES.get(plain(name), plain(name))


_FIRST_NAMES = {plain(name): plain(names[0]) for names in _SAME_DELEGATION for name in names}


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


def _same_symbol(wanted: str, symbol: str | None) -> bool:
    if symbol is None:
        return False
    return plain(symbol) in (plain(wanted), plain("S/PV." + wanted))
