"""Which speeches a question is asked of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from assistant.corpus import plain
from assistant.errors import FilterError
from assistant.speech import Speech, period

# What people write for delegations whose records use another name.
_ALIASES = {
    "bolivia": "bolivia (plurinational state of)",
    "dprk": "democratic people's republic of korea",
    "drc": "democratic republic of the congo",
    "great britain": "united kingdom",
    "iran": "islamic republic of iran",
    "ivory coast": "cote d'ivoire",
    "north korea": "democratic people's republic of korea",
    "russia": "russian federation",
    "south korea": "republic of korea",
    "syria": "syrian arab republic",
    "tanzania": "united republic of tanzania",
    "uae": "united arab emirates",
    "uk": "united kingdom",
    "us": "united states of america",
    "usa": "united states of america",
    "united states": "united states of america",
    "venezuela": "bolivarian republic of venezuela",
}
_TITLE = re.compile(r"^(?:mr|mrs|ms|miss|dr|sir|dame)\.?\s+", re.IGNORECASE)


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
        if year := values.pop("year", None):
            values["since"] = values.get("since") or year
            values["until"] = values.get("until") or year
        return cls(**values)

    def stated(self) -> dict[str, str]:
        """The conditions that are set, by name."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name))}

    def match(self, speech: Speech) -> bool:
        return (
            (self.country is None or _same_country(self.country, speech.country))
            and (self.speaker is None or _names(self.speaker, speech.speaker))
            and (self.symbol is None or _same_symbol(self.symbol, speech.symbol))
            and (self.topic is None or plain(self.topic) in plain(speech.topic or ""))
            and (self.language is None or plain(self.language) == plain(speech.language or ""))
            and self._in_period(speech)
        )

    def _in_period(self, speech: Speech) -> bool:
        if self.since is None and self.until is None:
            return True
        if speech.date is None:
            return False
        first, last = period(speech.date)
        return (self.since is None or last >= period(self.since)[0]) and (
            self.until is None or first <= period(self.until)[1]
        )


def _usable(name: str, value: object) -> bool:
    if value is None or isinstance(value, str):
        return True
    return name == "year" and isinstance(value, int) and not isinstance(value, bool)


def _same_country(wanted: str, country: str | None) -> bool:
    if country is None:
        return False
    names = {plain(wanted), plain(_ALIASES.get(wanted.strip().casefold(), wanted))}
    known = country.casefold()
    return bool(names & {plain(known), plain(_ALIASES.get(known, known))})


def _names(wanted: str, speaker: str | None) -> bool:
    present = {plain(word) for word in (speaker or "").split()}
    words = [plain(word) for word in _TITLE.sub("", wanted.strip()).split()]
    return bool(words) and all(word in present for word in words)


def _same_symbol(wanted: str, symbol: str | None) -> bool:
    if symbol is None:
        return False
    return plain(symbol) in (plain(wanted), plain("S/PV." + wanted))
