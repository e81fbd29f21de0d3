"""Fit a `Calibration`: what a reader's score is worth, and where refusing begins.

    python -m assistant.calibrate LIBRARY QUESTIONS OFF_DOMAIN [SPLIT]

QUESTIONS have answers in the library (`assistant.questions.read_judged`); OFF_DOMAIN are
questions, one JSON object a line, that no speech can answer. The result is printed, to be
copied to `assistant/answer.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.answer import Assistant, Calibration
from assistant.evaluate import evaluate
from assistant.library import Library
from assistant.questions import Judged, read_batch, read_judged

_OFF_DOMAIN_REFUSED = 0.975
_STRONG, _MODERATE = 0.75, 0.5
"""Shares of answers called so that should be right."""
_RAW = Calibration(slope=1.0, middle=0.0, refuse=0.0, moderate=0.0, strong=0.0)
_OFF_DOMAIN_QUESTIONS = 2000
_FEWEST = 50


def fit(
    scores: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], off_domain: Sequence[float]
) -> Calibration:
    """Fit by logistic regression (Platt scaling) and read the thresholds off the scores.

    Args:
        scores: (n,) the standing of the first quote of each question.
        right: (n,) whether that quote answers; never for an unanswerable question.
        off_domain: Scores of the first quotes for questions that no speech can answer.

    Returns:
        Refusing begins where 97.5 % of the off-domain questions are refused; "moderate" and
        "strong" begin where half and three quarters of the answers from there on are right,
        and are never reached (1.0) where no score achieves that.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1e6).fit(scores.reshape(-1, 1), right)
    slope = float(model.coef_[0, 0])
    curve = Calibration(slope, float(-model.intercept_[0] / slope), 0, 0, 0)
    refuse = float(np.quantile(off_domain, _OFF_DOMAIN_REFUSED))
    return Calibration(
        curve.slope,
        curve.middle,
        refuse=curve.probability(refuse),
        moderate=_begin(scores, right, _MODERATE, curve),
        strong=_begin(scores, right, _STRONG, curve),
    )


def _begin(
    scores: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], share: float, curve: Calibration
) -> float:
    """The lowest probability from which on `share` of the answers are right; 1.0 if none."""
    order = np.argsort(-scores)
    precision = np.cumsum(right[order]) / np.arange(1, len(scores) + 1)
    # A handful of lucky answers at the top do not make a threshold.
    enough = np.flatnonzero(precision[_FEWEST:] >= share)
    return curve.probability(scores[order][enough[-1] + _FEWEST]) if len(enough) else 1.0


def _scores(assistant: Assistant, questions: Sequence[Judged]) -> tuple[list[float], list[bool]]:
    outcomes = evaluate(assistant, questions)
    raw = [np.log(o.answer.score / (1 - o.answer.score)) for o in outcomes]
    return raw, [outcome.right_within(1) for outcome in outcomes]


def main() -> None:
    library, questions, off_domain, *split = sys.argv[1:]
    assistant = Assistant(Library.open(Path(library)), calibration=_RAW)
    judged = read_judged(Path(questions), split[0] if split else None)
    elsewhere = [
        Judged(asked.id, asked.turns[0], "off-domain", (), asked.filters)
        for asked in list(read_batch(Path(off_domain)))[:_OFF_DOMAIN_QUESTIONS]
    ]
    raw, right = _scores(assistant, judged)
    negatives, _ = _scores(assistant, elsewhere)
    sys.stdout.write(f"{fit(np.array(raw), np.array(right), negatives)}\n")


if __name__ == "__main__":
    main()
