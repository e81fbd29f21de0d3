"""What the stance model is trained to compute: whether a passage bears a claim out."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from assistant.stance import CONTRADICTS, NEUTRAL, SUPPORTS
from assistant.training.groups import Group, draw_rows
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
_ATTRIBUTED = 0.3
"""Share of the claims on speeches that are put into the mouth of whoever speaks."""
_SAYS = ("said that", "says that", "stated that", "argued that", "holds that", "claimed that")
_SPEAKER = re.compile(r"^(?P<name>[^(,]*?)(?: \((?P<country>[^)]+)\))?, \d{4}")


SIDES = [SUPPORTS, CONTRADICTS]


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
        return _attributed(group, chance), rows

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
        """Of passages, of sentences, and of the side taken by sentences that bear on the claim.

        Most sentences do not bear, so that the side would hardly count without a part of its own.
        """
        layout = batch.layout
        tokens, passages = network(layout.ids, layout.mask, layout.types)
        passages = passages.float()
        # As `StanceModel` adds them.
        sentences = layout.sentence_means(tokens.float()) + passages[layout.row_of]
        bearing = batch.sentences[:, NEUTRAL] == 0
        total: Tensor = (
            _surprise(passages, batch.passages).mean()
            + (_surprise(sentences, batch.sentences) * batch.weight).sum() / batch.weight.sum()
        )
        if bool(bearing.any()):
            sides = sentences[bearing][:, SIDES]
            total = total + _surprise(sides, batch.sentences[bearing][:, SIDES]).mean()
        return total


def _attributed(group: Group, chance: random.Random) -> str:
    """The claim, sometimes with the one in front who makes it: "Ali said that …".

    Half of these go without the name, as a question does when all that is searched is his.
    """
    rows = group.positives or group.near
    speaker = _SPEAKER.match(rows[0].context) if rows else None
    if speaker is None or chance.random() >= _ATTRIBUTED:
        return group.question
    names = (speaker["name"].split(" ")[-1], speaker["country"] or "", "", "")
    said = f"{chance.choice(names)} {chance.choice(_SAYS)} {group.question}"
    return said.strip()


def _surprise(logits: Tensor, allowed: Tensor) -> Tensor:
    """(n,) negative log of the probability that (n, 3) logits give to what is allowed."""
    return logits.logsumexp(-1) - logits.masked_fill(allowed == 0, -1e4).logsumexp(-1)
