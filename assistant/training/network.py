"""The reader as a network: what it computes, and what it is trained to compute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from transformers import AutoModel

from assistant.cross_encoder import END, EVIDENCE, START, Prepared, prepare
from assistant.training.examples import Row

UNCHECKED_WEIGHT = 0.3
"""Of the loss of passages that were only found by a search: some of them answer after all."""
SHORT_WEIGHT = 0.5
"""Of the loss of the short span, which matters less than the sentence."""


class ReaderNetwork(nn.Module):
    """A transformer with two heads: three numbers for each token, one for the passage."""

    def __init__(self, base: Path) -> None:
        super().__init__()
        # Without dropout inside attention torch takes its fused kernel: 1.3 times faster.
        self.transformer = AutoModel.from_pretrained(
            str(base), attention_probs_dropout_prob=0.0, add_pooling_layer=False
        )
        width = self.transformer.config.hidden_size
        self.tokens = nn.Linear(width, 3)
        self.answers = nn.Linear(width, 1)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(b, t) ids, mask and types to (b, t, 3) token logits and (b,) passage logits."""
        hidden = self.transformer(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        return self.tokens(hidden), self.answers(hidden[:, 0]).squeeze(-1)


@dataclass(frozen=True)
class Batch:
    """Rows of several questions, padded.

    Attributes:
        ids, mask, types: (b, t).
        tokens: (n, 2) sentence, and place in the flattened ids, of each token of a sentence.
        row_of: (s,) row of each sentence.
        question_of: (s,) question of each sentence, numbered from 0.
        evidence: (s,) 1.0 where the sentence answers.
        answering: (b,) 1.0 where the passage does.
        weight: (b,) of the row's loss.
        short: (n, 3) row, first and last token of the short answer; the first token of all
            stands for none.
    """

    ids: Tensor
    mask: Tensor
    types: Tensor
    tokens: Tensor
    row_of: Tensor
    question_of: Tensor
    evidence: Tensor
    answering: Tensor
    weight: Tensor
    short: Tensor

    def to(self, device: torch.device) -> Batch:
        return Batch(**{name: tensor.to(device) for name, tensor in vars(self).items()})


def collate(tokenizer: Tokenizer, groups: Sequence[tuple[str, list[tuple[Row, bool]]]]) -> Batch:
    """Questions with their rows, and whether each row was checked, to a batch."""
    rows = [(number, q, row, ok) for number, (q, rs) in enumerate(groups) for row, ok in rs]
    prepared = [prepare(tokenizer, question, row) for _, question, row, _ in rows]
    width = max(len(one.ids) for one in prepared)

    def pad(values: list[int]) -> list[int]:
        return values + [0] * (width - len(values))

    places: list[tuple[int, int]] = []
    row_of: list[int] = []
    question_of: list[int] = []
    evidence: list[float] = []
    short: list[tuple[int, int, int]] = []
    for number, ((group, _, row, checked), one) in enumerate(zip(rows, prepared, strict=True)):
        for place, (first, last) in enumerate(one.sentences):
            if last > first:
                places += [(len(row_of), number * width + token) for token in range(first, last)]
                row_of.append(number)
                question_of.append(group)
                evidence.append(float(place in row.evidence))
        if row.short and (tokens := _tokens(one, row)):
            short.append((number, *tokens))
        elif checked and not row.evidence:
            short.append((number, 0, 0))
    return Batch(
        ids=torch.tensor([pad(one.ids) for one in prepared]),
        mask=torch.tensor([pad([1] * len(one.ids)) for one in prepared]),
        types=torch.tensor([pad(one.types) for one in prepared]),
        tokens=torch.tensor(places),
        row_of=torch.tensor(row_of),
        question_of=torch.tensor(question_of),
        evidence=torch.tensor(evidence),
        answering=torch.tensor([float(bool(row.evidence)) for _, _, row, _ in rows]),
        weight=torch.tensor([1.0 if checked else UNCHECKED_WEIGHT for *_, checked in rows]),
        short=torch.tensor(short, dtype=torch.long).reshape(-1, 3),
    )


def _tokens(prepared: Prepared, row: Row) -> tuple[int, int] | None:
    """First and last token of the row's short span."""
    assert row.short is not None
    inside = [
        token
        for token, (start, end) in enumerate(prepared.offsets)
        if end and start < row.short.end and end > row.short.start
    ]
    return (inside[0], inside[-1]) if inside else None


def loss_of(network: ReaderNetwork, batch: Batch) -> Tensor:
    """Four tasks: does the passage answer, does the sentence, which is best, which words if any.

    The third sets the sentences of all passages of a question against each other, so that
    scores of different passages can be compared, which is what ranking needs.
    """
    tokens, answers = network(batch.ids, batch.mask, batch.types)
    tokens, answers = tokens.float(), answers.float()
    sentence, place = batch.tokens.T
    sentences = torch.zeros_like(batch.evidence).index_add(
        0, sentence, tokens[..., EVIDENCE].flatten()[place]
    ) / sentence.bincount(minlength=len(batch.evidence))

    passage = binary_cross_entropy_with_logits(answers, batch.answering, batch.weight)
    evidence = binary_cross_entropy_with_logits(
        sentences, batch.evidence, batch.weight[batch.row_of]
    )
    best = _listwise(sentences + answers[batch.row_of], batch)
    short = tokens.new_zeros(())
    if len(batch.short):
        row, first, last = batch.short.T
        allowed = (batch.types[row] == 1) & (batch.mask[row] == 1)
        allowed[:, 0] = True
        logits = tokens[row].masked_fill(~allowed.unsqueeze(-1), -1e4)
        short = cross_entropy(logits[..., START], first) + cross_entropy(logits[..., END], last)
    total: Tensor = passage + evidence + best + SHORT_WEIGHT * short
    return total


def _listwise(scores: Tensor, batch: Batch) -> Tensor:
    """Negative log of the share that the answering sentences of a question have of its softmax."""
    # Unchecked sentences count for less by being shifted down.
    scores = scores + batch.weight[batch.row_of].log()
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
