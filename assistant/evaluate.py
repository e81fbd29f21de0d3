"""How good the answers are on questions and claims whose answers are known."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.answer import Answer, Assistant, Citation
from assistant.claims import CheckedClaim, ClaimChecker, Verdict, overall
from assistant.conversation.conversation import Conversation
from assistant.questions import Gold, Judged, JudgedClaim

LONGEST_QUOTE = 90
"""Words. A longer quote answers nothing: anybody can quote a whole page."""
_SAME = 0.6


@dataclass(frozen=True)
class Outcome:
    """A judged question with its answer and the time that took."""

    judged: Judged
    answer: Answer
    seconds: float

    def right_within(self, k: int) -> bool:
        """Whether one of the first `k` quotes is right."""
        return any(
            is_right(finding.citation, self.judged.gold) for finding in self.answer.findings[:k]
        )

    @property
    def end_to_end(self) -> bool:
        """Answered with the right quote first, or rightly refused."""
        if not self.judged.answerable:
            return not self.answer.answered
        return self.answer.answered and self.right_within(1)


@dataclass(frozen=True)
class Scores:
    """Shares of a set of questions, 0 to 1; None where there is nothing to count.

    Attributes:
        questions: How many.
        hit1, hit3, hit5: Answerable questions with a right quote among the first 1, 3, 5.
        answered: Answerable questions that were answered.
        refused: Unanswerable questions that were refused.
        auroc: How well the score tells answerable from unanswerable: 0.5 is chance.
        end_to_end: Questions answered with the right quote first, or rightly refused.
        median_ms, p95_ms: Time for one question.
    """

    questions: int
    hit1: float | None
    hit3: float | None
    hit5: float | None
    answered: float | None
    refused: float | None
    auroc: float | None
    end_to_end: float | None
    median_ms: float
    p95_ms: float


def evaluate(
    assistant: Assistant,
    questions: Sequence[Judged],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Outcome]:
    """Ask every question as the first of a conversation, which is how the program asks them."""
    assistant.ask(questions[0].question)  # the first run of a model also allocates its memory
    outcomes = []
    for done, judged in enumerate(questions, start=1):
        begin = time.perf_counter()
        answer = Conversation(assistant).ask(judged.question, judged.filters)
        outcomes.append(Outcome(judged, answer, time.perf_counter() - begin))
        progress(done, len(questions))
    return outcomes


def scores(outcomes: Sequence[Outcome]) -> Scores:
    can = [outcome for outcome in outcomes if outcome.judged.answerable]
    cannot = [outcome for outcome in outcomes if not outcome.judged.answerable]
    milliseconds = [outcome.seconds * 1000 for outcome in outcomes]
    return Scores(
        questions=len(outcomes),
        hit1=_share([outcome.right_within(1) for outcome in can]),
        hit3=_share([outcome.right_within(3) for outcome in can]),
        hit5=_share([outcome.right_within(5) for outcome in can]),
        answered=_share([outcome.answer.answered for outcome in can]),
        refused=_share([not outcome.answer.answered for outcome in cannot]),
        auroc=auroc([o.answer.score for o in can], [o.answer.score for o in cannot]),
        end_to_end=_share([outcome.end_to_end for outcome in outcomes]),
        median_ms=float(np.percentile(milliseconds, 50)),
        p95_ms=float(np.percentile(milliseconds, 95)),
    )


def by_kind(outcomes: Sequence[Outcome]) -> dict[str, Scores]:
    """Scores of each kind of question, and of all of them under "all"."""
    kinds = sorted({outcome.judged.kind for outcome in outcomes})
    of_kind = {kind: [o for o in outcomes if o.judged.kind == kind] for kind in kinds}
    return {**{kind: scores(members) for kind, members in of_kind.items()}, "all": scores(outcomes)}


@dataclass(frozen=True)
class ClaimOutcome:
    """A judged claim with what was made of it and the time that took."""

    judged: JudgedClaim
    checked: CheckedClaim
    seconds: float

    def evidence_within(self, k: int) -> bool:
        """Whether one of the first `k` statements is among those that bear on the claim."""
        shown = self.checked.evidence[:k]
        return any(is_right(one.citation, self.judged.evidence) for one in shown)


VERDICTS: tuple[Verdict, ...] = ("supported", "contradicted", "not_addressed")


@dataclass(frozen=True)
class ClaimScores:
    """Figures of a set of claims; shares are 0 to 1, None where there is nothing to count.

    Attributes:
        claims: How many.
        accuracy: Share of right verdicts.
        macro_f1: Mean over the verdicts of the harmonic mean of precision and recall.
        evidence3: Of the claims that something bears on, those with it among the first three.
        flips: Supported claims called contradicted and the other way round.
        confusion: How many claims of each verdict got which.
        median_ms, p95_ms: Time for one claim.
    """

    claims: int
    accuracy: float
    macro_f1: float
    evidence3: float | None
    flips: int
    confusion: dict[Verdict, dict[Verdict, int]]
    median_ms: float
    p95_ms: float

    def precision(self, verdict: str) -> float | None:
        """Of the claims that got a verdict, those that it is right of."""
        return _share([given == verdict for given, got in self._pairs() if got == verdict])

    def recall(self, verdict: str) -> float | None:
        return _share([got == verdict for given, got in self._pairs() if given == verdict])

    def _pairs(self) -> list[tuple[str, str]]:
        return [
            (given, got)
            for given, row in self.confusion.items()
            for got, number in row.items()
            for _ in range(number)
        ]


def evaluate_claims(
    checker: ClaimChecker,
    claims: Sequence[JudgedClaim],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[ClaimOutcome]:
    """Check every claim. One of several sentences is judged by its overall verdict."""
    checker.check(claims[0].claim)  # the first run of a model also allocates its memory
    outcomes = []
    for done, judged in enumerate(claims, start=1):
        begin = time.perf_counter()
        checked = overall(checker.check(judged.claim, judged.filters))
        outcomes.append(ClaimOutcome(judged, checked, time.perf_counter() - begin))
        progress(done, len(claims))
    return outcomes


def claim_scores(outcomes: Sequence[ClaimOutcome]) -> ClaimScores:
    pairs = Counter((o.judged.verdict, o.checked.verdict) for o in outcomes)
    confusion = {given: {got: pairs[given, got] for got in VERDICTS} for given in VERDICTS}
    milliseconds = [outcome.seconds * 1000 for outcome in outcomes]
    f1 = []
    for verdict in VERDICTS:
        right = pairs[verdict, verdict]
        both = sum(n * ((given == verdict) + (got == verdict)) for (given, got), n in pairs.items())
        f1.append(2 * right / both if both else 0.0)
    return ClaimScores(
        claims=len(outcomes),
        accuracy=sum(pairs[verdict, verdict] for verdict in VERDICTS) / len(outcomes),
        macro_f1=float(np.mean(f1)),
        evidence3=_share([o.evidence_within(3) for o in outcomes if o.judged.evidence]),
        flips=pairs["supported", "contradicted"] + pairs["contradicted", "supported"],
        confusion=confusion,
        median_ms=float(np.percentile(milliseconds, 50)),
        p95_ms=float(np.percentile(milliseconds, 95)),
    )


def is_right(citation: Citation, gold: Sequence[Gold]) -> bool:
    """Whether a quote answers: the right speech, and the right words.

    It has the gold's short span in it, or lies within the gold quote, or overlaps with it by
    a token F1 of 0.6 or more.
    """
    quote = _normal(citation.quote)
    if not quote or len(quote.split()) > LONGEST_QUOTE:
        return False
    stem = Path(citation.speech.file).stem
    return any(
        Path(one.file).stem == stem
        and (
            _normal(one.short or one.quote) in quote
            or (quote in _normal(one.quote) and len(_tokens(quote)) >= 3)
            or token_f1(quote, one.quote) >= _SAME
        )
        for one in gold
    )


def token_f1(one: str, other: str) -> float:
    """Harmonic mean of precision and recall over words (the measure of SQuAD)."""
    left, right = Counter(_tokens(_normal(one))), Counter(_tokens(_normal(other)))
    common = sum((left & right).values())
    return 2 * common / (left.total() + right.total()) if common else 0.0


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """Chance that a positive scores above a negative, ties counting half."""
    if not positive or not negative:
        return None
    above = np.subtract.outer(np.array(positive), np.array(negative))
    return float(((above > 0) + 0.5 * (above == 0)).mean())


def _share(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None


def _normal(text: str) -> str:
    text = " ".join(text.split())
    text = re.sub(r"(\w)-\s+(\w)", r"\1-\2", text)
    return text.replace("’", "'").replace("“", '"').replace("”", '"').lower()


def _tokens(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text)
