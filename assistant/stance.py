"""The model that reads a claim beside a passage: does it bear the claim out, or speak against it.

Like the reader (`assistant.cross_encoder`), it reads a passage once and judges each of its
sentences, as MultiVerS does (Wadden and others, 2022).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from assistant.cross_encoder import CrossEncoder, ReaderInput

NEUTRAL, SUPPORTS, CONTRADICTS = range(3)
"""Columns of the model's outputs."""
Stance = Literal["supports", "contradicts", "related"]


@dataclass(frozen=True)
class Stances:
    """What the model says of one passage. Probabilities of neutral, supports, contradicts.

    Attributes:
        passage: (3,) of the passage as a whole.
        sentences: (s, 3) of each sentence; neutral for one that was not read.
    """

    passage: npt.NDArray[np.float32]
    sentences: npt.NDArray[np.float32]

    def bearing(self, number: int) -> float:
        """Log-odds that a sentence bears on the claim, one way or the other."""
        neutral = float(np.clip(self.sentences[number, NEUTRAL], 1e-6, 1 - 1e-6))
        return math.log((1 - neutral) / neutral)


class StanceModel:
    """A cross-encoder with three outputs for each token and three for the passage."""

    def __init__(self, model: CrossEncoder) -> None:
        self._model = model

    def judge(self, claim: str, reads: Sequence[ReaderInput]) -> list[Stances]:
        """The stance of every passage and its sentences, each read alone."""
        stances = []
        for output in self._model.outputs(claim, reads):
            passage = output.passage
            sentences = np.zeros((len(output.prepared.sentences), 3), np.float32)
            for number, (first, last) in enumerate(output.prepared.sentences):
                if last > first:
                    # Both see the claim; the sentence's own tokens know which sentence it is.
                    sentences[number] = _softmax(output.tokens[first:last].mean(axis=0) + passage)
                else:
                    sentences[number, NEUTRAL] = 1.0
            stances.append(Stances(_softmax(passage), sentences))
        return stances


def _softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    powers = np.exp(logits - logits.max())
    share: npt.NDArray[np.float32] = powers / powers.sum()
    return share
