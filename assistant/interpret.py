"""What a question says of the speeches it is asked of."""

from __future__ import annotations

import re
from collections.abc import Collection

from assistant.delegations import names_of
from assistant.filters import Filters
from assistant.metadata import name_words, plain
from assistant.speech import Speech
from embeddings.lexical import STOP_WORDS

_WORD = re.compile(r"[^\s?,;:()“”\"]+")
_POSSESSIVE = re.compile(r"['’]s?$")
_SHORTEST = 3
_NO_NAMES = STOP_WORDS | {"may", "might", "must", "shall", "the"}


_ASKED = "did|does|do|has|have|is|was|would|should|will|what|how"
_SPEAKS = (
    "announce|appeal|argue|ask|believe|call|claim|condemn|consider|deem|demand|deplore|describe|"
    "express|favou?r|feel|hope|insist|make of|mention|name|note|oppose|pledge|praise|promise|"
    "propose|recommend|regard|regret|reiterate|reject|report|say|said|see|state|stress|suggest|"
    "support|think|underline|urge|view|voice|want|welcome"
)
_HOLDS = (
    _SPEAKS
    + "|accept|advocate|agree|back|blame|caution|complain|criticis|criticiz|declar|denounc|den[iy]|"
    "disagree|doubt|emphasi[sz]e|encourag|endors|estimat|hold|held|judge|maintain|object|"
    "plead|refus|report|request|seek|s[eo]ugh|thank|told|tell|thought|urge|vow|warn|wish"
)
_SOURCE = (
    "according to|in the eyes of|in the opinion of|in the view of|per|Per|said|says|According to"
)
_SPOKESMAN = (
    "ambassador|delegate|delegation|envoy|opinion|permanent representative|position|"
    "representative|spokesman|spokeswoman|stance|view|views"
)


class Interpreter:
    """Reads filters from questions; made once for a library, whose speakers it knows.

    "What did Sadykov say about climate change?" is asked of what Sadykov said: a quote of
    somebody else answers it wrongly, however near it is. On the 18 questions on the seeds that
    name a speaker the first quote is right for four more, and for two more of ten on 2,091
    speeches. A delegation counts only where the question says that it speaks ("did China say",
    "according to France", "Kuwait's ambassador"): what was said *about* Mali or *to*
    Nebenzia's country is asked as often as what it said.
    """

    def __init__(self, speeches: Collection[Speech]) -> None:
        speakers = {s.speaker for s in speeches if s.speaker and not s.speaker.startswith("The ")}
        last_names = {words[-1] for name in speakers if (words := name_words(name))}
        places = {plain(name) for name in {s.country for s in speeches if s.country}}
        self._last_names = last_names - places
        countries = {s.country for s in speeches if s.country}
        # Where all speeches are one delegation's, its name tells none apart.
        self._delegations = {
            plain(name): country
            for country in (sorted(countries) if len(countries) > 1 else ())
            for name in names_of(country)
        }
        names = {name for country in countries for name in names_of(country)}
        self.delegation_names = frozenset(names)
        longest_first = sorted(names, key=lambda name: (-len(name), name))
        name = "(?:the )?(" + "|".join(re.escape(name) for name in longest_first) + ")"
        self._speaking = re.compile(
            rf"\b(?i:{_ASKED}) {name} (?:{_SPEAKS})\b"
            rf"|\b(?i:{_SOURCE}) {name}(?![\w'’-])"
            rf"|(?<![\w-]){name}['’]s? (?:{_SPOKESMAN})\b"
        )
        self._claiming = re.compile(
            rf"(?i:{_SOURCE}) {name}(?![\w'’-])"
            rf"|(?i:{name}) (?:(?:has|had|have|also|does not|did not|never|no longer) )*"
            rf"(?i:{_HOLDS})(?:e?s|e?d|t)?\b"
            rf"|(?i:{name})['’]s? (?:{_SPOKESMAN})\b"
        )

    def delegation(self, name: str) -> str | None:
        """The delegation that goes by a name, as its speeches have it; None if all are one's."""
        return self._delegations.get(plain(name))

    def claimed_by(self, claim: str, given: Filters) -> Filters:
        """The given filters, and the one whom a claim says something of, if they leave it open.

        A delegation counts where the claim begins with what it says or holds: "China opposes
        …", "According to France …".
        """
        if given.speaker is not None or given.country is not None:
            return given
        if speaker := self.named_speaker(claim):
            return given.with_speaker(speaker)
        match = self._claiming.match(claim)
        names = [name for name in match.groups() if name] if match else []
        country = self._delegations.get(plain(names[0])) if names else None
        return given if country is None else given.with_country(country)

    def unattributed(self, claim: str) -> str:
        """The claim without whom it names: "The speaker said that …"."""
        speaker = self.named_speaker(claim)
        if speaker:
            pattern = rf"(?:(?:Mr|Mrs|Ms|Dr|Sir)\.?\s+)?{re.escape(speaker)}"
            return re.sub(pattern, "The speaker", claim)
        match = self._claiming.match(claim)
        if match is None:
            return claim
        name = next(name for name in match.groups() if name)
        return re.sub(rf"(?:the )?{re.escape(name)}", "The speaker", claim, count=1, flags=re.I)

    def filters(self, question: str, given: Filters) -> Filters:
        """The given filters, and the one who speaks in the question if they leave that open."""
        if given.speaker is not None or given.country is not None:
            return given
        if speaker := self.named_speaker(question):
            return given.with_speaker(speaker)
        delegation = self.named_delegation(question)
        return given if delegation is None else given.with_country(delegation)

    def names_who_speaks(self, question: str) -> bool:
        """Whether a question names a speaker or a delegation that speaks."""
        return bool(self.named_speaker(question) or self.named_delegation(question))

    def named_delegation(self, question: str) -> str | None:
        """The one delegation that the question says to speak, as its speeches have it."""
        if not self._delegations:
            return None
        found = {
            self._delegations[plain(name)]
            for match in self._speaking.finditer(question)
            for name in match.groups()
            if name
        }
        return next(iter(found)) if len(found) == 1 else None

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
