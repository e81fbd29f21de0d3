"""A claim to the statements that bear on it, and to a careful verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from assistant.answer import Citation, Searched
from assistant.cross_encoder import ReaderInput, opened
from assistant.errors import QuestionError
from assistant.facts import missing
from assistant.filters import Filters
from assistant.fitted import Fitted
from assistant.interpret import Interpreter
from assistant.library import Library
from assistant.passage import sentences
from assistant.reader import reader_input
from assistant.retriever import PASSAGES_READ, Hit, Retrieval, Retriever
from assistant.stance import CONTRADICTS, SUPPORTS, Stance, StanceModel, Stances
from assistant.text import Span
from embeddings.shipped import verified

WEIGHTS = Path(__file__).parent / "weights" / "stance"
LONGEST_TEXT = 5000
"""Characters of the text that is checked."""
MOST_CLAIMS = 20
_EVIDENCE = 10
"""Statements shown for a claim."""

Verdict = Literal["supported", "contradicted", "not_addressed"]


@dataclass(frozen=True)
class Evidence:
    """A sentence that bears on a claim.

    Attributes:
        passage: Id of the passage it is from.
        citation: The quote.
        stance: What it does to the claim; "related" unless that is as good as sure.
        score: Estimated probability of the stance; of "related", that of the likelier other.
        missing: Numbers and names of the claim that neither passage nor record has.
    """

    passage: str
    citation: Citation
    stance: Stance
    score: float
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckedClaim:
    """A claim with what the speeches say to it.

    Attributes:
        claim: As given.
        verdict: What the evidence amounts to, in the speeches searched.
        score: Of the evidence that decides; of "not_addressed" one less the best there is.
        evidence: Best first: what decides, then whatever else bears on it.
        searched: What the claim was checked against.
        named: The speaker or delegation that the claim says speaks.
        said_by_other: Whether the evidence is somebody else's, and not that of the one named.
    """

    claim: str
    verdict: Verdict
    score: float
    evidence: tuple[Evidence, ...]
    searched: Searched
    named: str | None = None
    said_by_other: bool = False


def overall(checked: Sequence[CheckedClaim]) -> CheckedClaim:
    """The claim that decides on a text: the surest contradicted one, else one not addressed."""
    order: dict[Verdict, int] = {"contradicted": 0, "not_addressed": 1, "supported": 2}
    return min(checked, key=lambda one: (order[one.verdict], -one.score))


@dataclass(frozen=True)
class StanceCalibration(Fitted):
    """From which probability on a stance is told, and how evidence is ranked.

    Fitted by `python -m assistant.training calibrate`; `docs/quality.md`.

    Attributes:
        similarity: Of the hybrid score of the sentence in its rank, beside the log-odds that
            it bears on the claim at all.
        surroundings: Of the hybrid score of the passage.
        supports, contradicts: Thresholds.
    """

    file = "stance.json"

    similarity: float
    surroundings: float
    supports: float
    contradicts: float


class PassageJudge(Protocol):
    """What `StanceModel` does."""

    def judge(self, claim: str, reads: Sequence[ReaderInput]) -> list[Stances]: ...


class ClaimChecker:
    """Checks claims against a library."""

    def __init__(
        self, library: Library, model: PassageJudge, calibration: StanceCalibration
    ) -> None:
        self.library = library
        self._model = model
        self._calibration = calibration
        self._interpreter = Interpreter(library.speeches.one_of_each("country", "speaker"))
        self._retriever = Retriever(library)

    @classmethod
    def shipped(cls, library: Library) -> ClaimChecker:
        """With the model that ships with Rapporteur.

        Raises:
            ModelError: Its weights are incomplete or not what was shipped.
        """
        folder = verified(WEIGHTS)
        model = StanceModel(opened(folder))
        return cls(library, model, StanceCalibration.load(folder))

    def check(self, text: str, filters: Filters | None = None) -> list[CheckedClaim]:
        """Check each sentence of a text.

        Raises:
            QuestionError: The text is empty, too long, or in another language.
        """
        return [self._check(claim, filters or Filters()) for claim in self.claims(text)]

    def claims(self, text: str) -> list[str]:
        """The claims that a text makes: its sentences.

        Raises:
            QuestionError: There is none, there are too many, or no word of them is known here.
        """
        stated = " ".join(text.split())
        if not any(char.isalnum() for char in stated):
            raise QuestionError(
                "the claim is empty; write, for example: Kazakhstan wants more women peacekeepers"
            )
        if any(0xD800 <= ord(char) <= 0xDFFF for char in stated):
            raise QuestionError("the claim is not proper Unicode text; type it again")
        if "\0" in stated:
            raise QuestionError("the claim is not text; paste words")
        if len(stated) > LONGEST_TEXT:
            raise QuestionError(
                f"the claim has {len(stated):,} characters; check at most {LONGEST_TEXT:,} at once"
            )
        if not self.library.passage_index.knows(stated):
            raise QuestionError(
                "no word of the claim occurs in these speeches; write it in their language"
            )
        found = [span.of(stated) for span in sentences(stated, Span(0, len(stated)))]
        if len(found) > MOST_CLAIMS:
            raise QuestionError(
                f"the text has {len(found)} sentences; check at most {MOST_CLAIMS} at once"
            )
        return found

    def _check(self, claim: str, given: Filters) -> CheckedClaim:
        filters = self._interpreter.claimed_by(claim, given)
        checked = self._verdict(claim, claim, filters)
        if filters == given:
            return checked
        named = filters.speaker or filters.country
        checked = replace(checked, named=named)
        if checked.verdict != "not_addressed":
            return checked
        return self._said_by_other(checked, filters, given) or checked

    def _said_by_other(
        self, checked: CheckedClaim, named: Filters, given: Filters
    ) -> CheckedClaim | None:
        """The claim as made by somebody else, when the one it names did not say it.

        A delegation has more speeches than a library; that a speaker did not say what a
        colleague said is clear enough to be called wrong.
        """
        said = self._interpreter.unattributed(checked.claim)
        elsewhere = self._verdict(checked.claim, said, given)
        saying = [e.citation.speech for e in elsewhere.evidence if e.stance == "supports"]
        # Read without the name, a statement of the one named may be found to support after all.
        if elsewhere.verdict != "supported" or any(map(named.match, saying)):
            return None
        return replace(
            elsewhere,
            verdict="contradicted" if named.speaker else "not_addressed",
            named=checked.named,
            said_by_other=True,
        )

    def _verdict(self, claim: str, said: str, filters: Filters) -> CheckedClaim:
        found = self._retriever.retrieve(said, filters, PASSAGES_READ)
        evidence = self._evidence(claim, found)
        told = [one for one in evidence if one.stance != "related"]
        best = max(told, key=lambda one: one.score, default=None)
        searched = Searched(found.speeches, found.passages, filters)
        if best is None:
            doubt = max((one.score for one in evidence), default=0.0)
            return CheckedClaim(claim, "not_addressed", 1 - doubt, tuple(evidence), searched)
        verdict: Verdict = "supported" if best.stance == "supports" else "contradicted"
        # What decides first, then what else takes a stance, then the rest as ranked.
        evidence.sort(key=lambda one: (one is not best, one.stance == "related"))
        return CheckedClaim(claim, verdict, best.score, tuple(evidence), searched)

    def _evidence(self, claim: str, found: Retrieval) -> list[Evidence]:
        """The sentences that bear on a claim, best first; of one speech the same words once."""
        inputs = [reader_input(self.library.speech_of(h.passage), h.passage) for h in found.hits]
        stances = self._model.judge(found.question, inputs)
        ranked = sorted(
            (
                (-self._rank(hit, one, number), hit.sentences[number].row, hit, one, number)
                for hit, one in zip(found.hits, stances, strict=True)
                for number in range(len(hit.sentences))
            ),
            key=lambda entry: entry[:2],
        )
        evidence: dict[tuple[str, str], Evidence] = {}
        for *_, hit, one, number in ranked:
            made = self._made(claim, hit, one, number)
            evidence.setdefault((hit.passage.speech, made.citation.quote), made)
            if len(evidence) == _EVIDENCE:
                break
        return list(evidence.values())

    def _rank(self, hit: Hit, stances: Stances, number: int) -> float:
        return (
            stances.bearing(number)
            + self._calibration.similarity * hit.sentences[number].score
            + self._calibration.surroundings * hit.match.score
        )

    def _made(self, claim: str, hit: Hit, stances: Stances, number: int) -> Evidence:
        passage = hit.passage
        speech = self.library.speech_of(passage)
        citation = Citation(speech, passage.paragraph, passage.sentences[number])
        lacks = missing(claim, passage.span.of(speech.text), speech)
        supports, contradicts = (
            float(stances.sentences[number][side]) for side in (SUPPORTS, CONTRADICTS)
        )
        stance: Stance = "related"
        if supports >= max(contradicts, self._calibration.supports) and not lacks.numbers:
            stance = "supports"
        elif contradicts >= max(supports, self._calibration.contradicts):
            stance = "contradicts"
        return Evidence(
            passage.id, citation, stance, max(supports, contradicts), (*lacks.numbers, *lacks.names)
        )
