"""What the stance model is trained to compute: whether a passage bears a claim out."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from assistant.stance import CONTRADICTS, NEUTRAL, SUPPORTS
from assistant.training.examples import Group, draw_rows
from assistant.training.loop import Drawn
from assistant.training.network import Layout, PassageNetwork, lay_out, moved

STANCES = {
    "supported": (SUPPORTS,),
    "contradicted": (CONTRADICTS,),
    "not_addressed": (NEUTRAL,),
    "entailment": (SUPPORTS,),
    "contradiction": (CONTRADICTS,),
    "neutral": (NEUTRAL,),
    "not_entailment": (NEUTRAL, CONTRADICTS),
}
"""What the evidence of a label may say; FEVER does not tell the last two apart."""
BESIDE_WEIGHT = 0.5
"""Of the loss of a sentence beside the evidence: some of them say the same in part."""


class StanceNetwork(PassageNetwork):
    """Neutral, supports and contradicts, for each token and for the passage."""

    def __init__(self, base: Path) -> None:
        super().__init__(base, passage_outputs=3)


@dataclass(frozen=True)
class StanceBatch:
    """Rows of several claims.

    Attributes:
        layout: The rows.
        sentences: (s, 3) 1.0 for each stance that the sentence may have.
        passages: (b, 3) the same of the passage.
        weight: (s,) of the sentence's loss.
    """

    layout: Layout
    sentences: Tensor
    passages: Tensor
    weight: Tensor

    def to(self, device: torch.device) -> StanceBatch:
        return StanceBatch(**moved(self, device))


@dataclass(frozen=True)
class TakingStance:
    """The task: the stance of each sentence, and of the passage as a whole."""

    tokenizer: Tokenizer

    def draw(self, group: Group, negatives: int, chance: random.Random) -> Drawn:
        """The evidence, if there is any, and passages of the same speech that are none."""
        rows: list[tuple[Any, Any]] = []
        if group.positives:
            rows.append((chance.choice(group.positives), STANCES[group.label]))
        others = negatives + (not group.positives)
        rows += [(row, (NEUTRAL,)) for row in draw_rows(group.near, others, chance)]
        return group.question, rows

    def collate(self, drawn: Sequence[Drawn]) -> StanceBatch:
        rows = [(claim, row, allowed) for claim, rs in drawn for row, allowed in rs]
        _, layout = lay_out(self.tokenizer, [(claim, row) for claim, row, _ in rows])
        sentences = torch.zeros(len(layout.row_of), 3)
        weight = torch.ones(len(layout.row_of))
        places = zip(layout.row_of.tolist(), layout.place_of.tolist(), strict=True)
        for number, (at, place) in enumerate(places):
            _, row, allowed = rows[at]
            if place in row.evidence:
                sentences[number, list(allowed)] = 1.0
            else:
                sentences[number, NEUTRAL] = 1.0
                weight[number] = BESIDE_WEIGHT if row.evidence else 1.0
        passages = torch.zeros(len(rows), 3)
        for at, (_, _, allowed) in enumerate(rows):
            passages[at, list(allowed)] = 1.0
        return StanceBatch(layout, sentences, passages, weight)

    def loss(self, network: nn.Module, batch: StanceBatch) -> Tensor:
        layout = batch.layout
        tokens, passages = network(layout.ids, layout.mask, layout.types)
        sentences = _surprise(layout.sentence_means(tokens.float()), batch.sentences)
        total: Tensor = (
            _surprise(passages.float(), batch.passages).mean()
            + (sentences * batch.weight).sum() / batch.weight.sum()
        )
        return total


def _surprise(logits: Tensor, allowed: Tensor) -> Tensor:
    """(n,) negative log of the probability that (n, 3) logits give to what is allowed."""
    return logits.logsumexp(-1) - logits.masked_fill(allowed == 0, -1e4).logsumexp(-1)
