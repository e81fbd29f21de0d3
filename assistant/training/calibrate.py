"""Fit what the models' signals are worth, where refusing begins, and where a stance is told."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from assistant.claims import StanceCalibration
from assistant.evaluate import ClaimOutcome, Outcome
from assistant.filters import Filters
from assistant.library import Library
from assistant.questions import Judged, JudgedClaim, read_judged, read_judged_claims
from assistant.reader import LOGITS, Calibration
from assistant.training.groups import read_records

SIMILARITY, SURROUNDINGS = 40.0, 40.0
"""Weights in the rank of a sentence, chosen on the validation questions: `docs/quality.md`."""
SIGNALS = ("passage answers", "meaning too near chance")
REFUSE = 0.16
"""Probability below which nothing is offered as an answer. From 0.1 to 0.3 about as many questions
end right on the validation split; `docs/quality.md` has the curve."""
STRONG, MODERATE = 0.85, 0.65
"""Shares of the answers called so, or better, that are right."""
_FEWEST = 50


def unfitted(encoder: str) -> Calibration:
    """Ranks as the fitted one does, and refuses nothing."""
    return Calibration(
        encoder, SIMILARITY, SURROUNDINGS, weights={"passage answers": 1.0}, bias=0.0,
        refuse=0.0, moderate=0.0, strong=0.0,
    )  # fmt: skip


def questions(path: Path, split: str, library: Library) -> list[Judged]:
    """The questions of a split, each twice: of the whole library and of one agenda item.

    How often a first quote is right depends on how much is searched, so both are asked for.
    """
    records = [record for record in read_records(path) if record["split"] == split]
    asked = []
    for judged, record in zip(read_judged(path, split), records, strict=True):
        speech = library.speeches.get(str(record["speech"]))
        if speech:
            asked.append(judged)
        if speech and speech.topic:
            asked.append(replace(judged, filters=Filters(topic=speech.topic)))
    return asked


def fit(outcomes: Sequence[Outcome], encoder: str) -> Calibration:
    """Logistic regression of "the first quote is right" on its signals, and the thresholds.

    "Moderate" and "strong" begin where the shares above of the answers from there on are right.
    """
    outcomes = [outcome for outcome in outcomes if outcome.answer.findings]
    signals = np.array([[signals_of(o)[name] for name in SIGNALS] for o in outcomes])
    right = np.array([outcome.right_within(1) for outcome in outcomes])
    model = LogisticRegression(C=1.0).fit(signals, right)
    probability = model.predict_proba(signals)[:, 1]
    return replace(
        unfitted(encoder),
        weights=dict(zip(SIGNALS, (round(float(w), 4) for w in model.coef_[0]), strict=True)),
        bias=round(float(model.intercept_[0]), 4),
        refuse=REFUSE,
        moderate=_begin(probability, right, MODERATE),
        strong=_begin(probability, right, STRONG),
    )


def signals_of(outcome: Outcome) -> dict[str, float]:
    """The parts of the first quote's score, as the logits that they were."""
    parts = dict(outcome.answer.findings[0].parts)
    return {
        name: math.log(parts[name] / (1 - parts[name])) if name in LOGITS else parts[name]
        for name in SIGNALS
    }


EVIDENCE_SIMILARITY, EVIDENCE_SURROUNDINGS = 20.0, 20.0
"""Weights in the rank of evidence, chosen on the validation claims: `docs/quality.md`."""
STANCE = 0.9
"""Share of the stances told as fact that are right on the validation claims, or better."""


def unfitted_stance() -> StanceCalibration:
    """Tells every stance, however unsure."""
    return StanceCalibration(EVIDENCE_SIMILARITY, EVIDENCE_SURROUNDINGS, 0.0, 0.0)


def claims(path: Path, split: str, library: Library) -> list[JudgedClaim]:
    """The claims of a split, each to be checked against what the same delegation said.

    They were written on one speech, and another delegation may well hold the contrary.
    """
    records = [record for record in read_records(path) if record["split"] == split]
    return [
        replace(judged, filters=Filters(country=speech.country))
        for judged, record in zip(read_judged_claims(path, split), records, strict=True)
        if (speech := library.speeches.get(str(record["speech"])))
    ]


def fit_stance(outcomes: Sequence[ClaimOutcome]) -> StanceCalibration:
    """The thresholds from which on so many of the verdicts are right."""
    thresholds = {}
    for verdict in ("supported", "contradicted"):
        called = [o for o in outcomes if o.checked.verdict == verdict]
        scores = np.array([o.checked.score for o in called])
        right = np.array([o.judged.verdict == verdict for o in called])
        thresholds[verdict] = _begin(scores, right, STANCE)
    return replace(
        unfitted_stance(),
        supports=thresholds["supported"],
        contradicts=thresholds["contradicted"],
    )


def _begin(
    probability: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], share: float
) -> float:
    """The lowest probability from which on `share` of the answers are right; 1.0 if none."""
    order = np.argsort(-probability)
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # A handful of lucky answers at the top do not make a threshold.
    enough = np.flatnonzero(precision[_FEWEST:] >= share)
    return round(float(probability[order][enough[-1] + _FEWEST]), 4) if len(enough) else 1.0
