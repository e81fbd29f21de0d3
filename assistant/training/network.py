"""The networks that read a passage, and what the reader is trained to compute."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from transformers import AutoModel

from assistant.cross_encoder import END, EVIDENCE, START, Prepared, prepare
from assistant.training.groups import Group, Row
from assistant.training.loop import Drawn

UNCHECKED_WEIGHT = 0.3
"""Of the loss of passages that were only found by a search: some of them answer after all."""
SHORT_WEIGHT = 0.5
"""Of the loss of the short span, which matters less than the sentence."""


class PassageNetwork(nn.Module):
    """A transformer with two heads: three numbers for each token, one or more for the passage."""

    def __init__(self, base: Path, passage_outputs: int) -> None:
        super().__init__()
        # Without dropout inside attention torch takes its fused kernel: 1.3 times faster.
        self.transformer = AutoModel.from_pretrained(
            str(base), attention_probs_dropout_prob=0.0, add_pooling_layer=False
        )
        width = self.transformer.config.hidden_size
        self.tokens = nn.Linear(width, 3)
        self.answers = nn.Linear(width, passage_outputs)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(b, t) ids, mask and types to (b, t, 3) token logits and (b, n) passage logits.

        Where there is one number for a passage, its axis is left out.
        """
        hidden = self.transformer(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        return self.tokens(hidden), self.answers(hidden[:, 0]).squeeze(-1)


class ReaderNetwork(PassageNetwork):
    """Evidence, start and end for each token; whether the passage answers."""

    def __init__(self, base: Path) -> None:
        super().__init__(base, passage_outputs=1)


@dataclass(frozen=True)
class Layout:
    """Questions beside passages as tensors, padded.

    Attributes:
        ids, mask, types: (b, t).
        tokens: (n, 2) sentence, and place in the flattened ids, of each token of a sentence.
        row_of: (s,) row of each sentence that was read.
        place_of: (s,) its number in the passage.
    """

    ids: Tensor
    mask: Tensor
    types: Tensor
    tokens: Tensor
    row_of: Tensor
    place_of: Tensor

    def sentence_means(self, of_tokens: Tensor) -> Tensor:
        """(b, t, c) outputs of tokens to (s, c) means over the tokens of each sentence."""
        sentence, place = self.tokens.T
        sums = of_tokens.new_zeros(len(self.row_of), of_tokens.shape[-1]).index_add(
            0, sentence, of_tokens.flatten(0, 1)[place]
        )
        means: Tensor = sums / sentence.bincount(minlength=len(self.row_of)).unsqueeze(-1)
        return means

    def to(self, device: torch.device) -> Layout:
        return Layout(**moved(self, device))


def lay_out(
    tokenizer: Tokenizer, pairs: Sequence[tuple[str, Row]]
) -> tuple[list[Prepared], Layout]:
    """Tokenize each (question, passage)."""
    prepared = [prepare(tokenizer, question, row) for question, row in pairs]
    width = max(len(one.ids) for one in prepared)

    def pad(values: list[int]) -> list[int]:
        return values + [0] * (width - len(values))

    tokens: list[tuple[int, int]] = []
    row_of: list[int] = []
    place_of: list[int] = []
    for row, one in enumerate(prepared):
        for place, (first, last) in enumerate(one.sentences):
            if last > first:
                tokens += [(len(row_of), row * width + token) for token in range(first, last)]
                row_of.append(row)
                place_of.append(place)
    return prepared, Layout(
        ids=torch.tensor([pad(one.ids) for one in prepared]),
        mask=torch.tensor([pad([1] * len(one.ids)) for one in prepared]),
        types=torch.tensor([pad(one.types) for one in prepared]),
        tokens=torch.tensor(tokens),
        row_of=torch.tensor(row_of),
        place_of=torch.tensor(place_of),
    )


def moved(batch: Any, device: torch.device) -> dict[str, Any]:
    """The parts of a batch on a device, by name."""
    return {name: part.to(device) for name, part in vars(batch).items()}


@dataclass(frozen=True)
class ReaderBatch:
    """Rows of several questions, and what is known of them.

    Attributes:
        layout: The rows.
        question_of: (s,) question of each sentence, numbered from 0.
        evidence: (s,) 1.0 where the sentence answers.
        answering: (b,) 1.0 where the passage does.
        weight: (b,) of the row's loss.
        short: (n, 3) row, first and last token of the short answer; the first token of all
            stands for none.
    """

    layout: Layout
    question_of: Tensor
    evidence: Tensor
    answering: Tensor
    weight: Tensor
    short: Tensor

    def to(self, device: torch.device) -> ReaderBatch:
        return ReaderBatch(**moved(self, device))


@dataclass(frozen=True)
class Reading:
    """The task of the reader.

    Four parts: does the passage answer, does the sentence, which is best, which words if any.
    The third sets the sentences of all passages of a question against each other, so that
    scores of different passages can be compared, which is what ranking needs.
    """

    tokenizer: Tokenizer

    def draw(self, group: Group, negatives: int, chance: random.Random) -> Drawn:
        """With each passage whether its sentences are known not to answer but for the evidence."""
        return group.question, group.drawn(negatives, chance)

    def collate(self, drawn: Sequence[Drawn]) -> ReaderBatch:
        rows = [(number, q, row, ok) for number, (q, rs) in enumerate(drawn) for row, ok in rs]
        prepared, layout = lay_out(self.tokenizer, [(q, row) for _, q, row, _ in rows])
        short: list[tuple[int, int, int]] = []
        for number, ((_, _, row, checked), one) in enumerate(zip(rows, prepared, strict=True)):
            if row.short and (tokens := _tokens(one, row)):
                short.append((number, *tokens))
            elif checked and not row.evidence:
                short.append((number, 0, 0))
        sentences = zip(layout.row_of.tolist(), layout.place_of.tolist(), strict=True)
        groups = torch.tensor([group for group, *_ in rows])
        return ReaderBatch(
            layout,
            question_of=groups[layout.row_of],
            evidence=torch.tensor(
                [float(place in rows[row][2].evidence) for row, place in sentences]
            ),
            answering=torch.tensor([float(bool(row.evidence)) for _, _, row, _ in rows]),
            weight=torch.tensor([1.0 if checked else UNCHECKED_WEIGHT for *_, checked in rows]),
            short=torch.tensor(short, dtype=torch.long).reshape(-1, 3),
        )

    def loss(self, network: nn.Module, batch: ReaderBatch) -> Tensor:
        layout = batch.layout
        tokens, answers = network(layout.ids, layout.mask, layout.types)
        tokens, answers = tokens.float(), answers.float()
        sentences = layout.sentence_means(tokens)[:, EVIDENCE]
        passage = binary_cross_entropy_with_logits(answers, batch.answering, batch.weight)
        evidence = binary_cross_entropy_with_logits(
            sentences, batch.evidence, batch.weight[layout.row_of]
        )
        best = _listwise(sentences + answers[layout.row_of], batch)
        short = tokens.new_zeros(())
        if len(batch.short):
            row, first, last = batch.short.T
            allowed = (layout.types[row] == 1) & (layout.mask[row] == 1)
            allowed[:, 0] = True
            logits = tokens[row].masked_fill(~allowed.unsqueeze(-1), -1e4)
            short = cross_entropy(logits[..., START], first) + cross_entropy(logits[..., END], last)
        total: Tensor = passage + evidence + best + SHORT_WEIGHT * short
        return total


def _tokens(prepared: Prepared, row: Row) -> tuple[int, int] | None:
    """First and last token of the row's short span."""
    assert row.short is not None
    inside = [
        token
        for token, (start, end) in enumerate(prepared.offsets)
        if end and start < row.short.end and end > row.short.start
    ]
    return (inside[0], inside[-1]) if inside else None


def _listwise(scores: Tensor, batch: ReaderBatch) -> Tensor:
    """Negative log of the share that the answering sentences of a question have of its softmax."""
    # Unchecked sentences count for less by being shifted down.
    scores = scores + batch.weight[batch.layout.row_of].log()
    questions = int(batch.question_of.max()) + 1
    same = batch.question_of == torch.arange(questions, device=scores.device).unsqueeze(1)
    gold = same & (batch.evidence > 0)
    answerable = gold.any(dim=1)
    if not bool(answerable.any()):
        return scores.new_zeros(())
    every = scores.masked_fill(~same, -1e4).logsumexp(dim=1)
    right = scores.masked_fill(~gold, -1e4).logsumexp(dim=1)
    mean: Tensor = (every - right)[answerable].mean()
    return mean
