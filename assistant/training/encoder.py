"""Train the encoder: questions beside what answers them, away from what only looks so."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from assistant.training.groups import Group, Row
from embeddings.training import Recipe, Triplet, train_encoder

_WORDS = 70
"""Of the texts taken from passages, so that a passage is met in many cuts."""
_FEWEST = 5
"""Words of a sentence that is worth telling apart."""


def train(
    model: str, groups: Sequence[Group], general: Sequence[Group], folder: Path, recipe: Recipe
) -> Path:
    """Fine-tune `model` on both kinds of groups; return the folder it was saved in."""
    chance = random.Random(recipe.seed)
    return train_encoder(model, triplets(groups, general, chance), folder, recipe)


def triplets(
    groups: Sequence[Group], general: Sequence[Group], chance: random.Random
) -> dict[str, list[Triplet]]:
    """Triplets of passages, of sentences, and of sentences from the general sets.

    Negatives of questions on speeches come from the same speech only: there it was checked
    which sentences answer, while elsewhere somebody else may well have said the same.
    """
    passages: list[Triplet] = []
    sentences: list[Triplet] = []
    for group in groups:
        if not group.positives:
            continue
        positive = chance.choice(group.positives)
        if group.near:
            # Squared: what the search found first is taken oftener.
            negative = group.near[int(chance.random() ** 2 * len(group.near))]
            passages.append(
                Triplet(
                    group.question,
                    positive.around(chance.choice(positive.evidence), _WORDS, chance),
                    negative.around(chance.randrange(len(negative.sentences)), _WORDS, chance),
                )
            )
        gold = chance.choice(positive.evidence)
        wrong = [n for n in range(len(positive.sentences)) if n not in positive.evidence]
        others = [positive.sentence(n) for n in wrong]
        others += [row.sentence(n) for row in group.near[:2] for n in range(len(row.sentences))]
        others = [text for text in others if len(text.split()) >= _FEWEST]
        if others:
            negative_text = chance.choice(others)
            sentences.append(Triplet(group.question, positive.sentence(gold), negative_text))
    return {
        "passages": passages,
        "sentences": sentences,
        "general": [
            Triplet(
                group.question,
                _evidence(group.positives[0]),
                _any(chance.choice(group.far), chance),
            )
            for group in general
            if group.positives and group.far
        ],
    }


def _evidence(row: Row) -> str:
    return row.sentence(row.evidence[0])


def _any(row: Row, chance: random.Random) -> str:
    return row.sentence(chance.randrange(len(row.sentences))) if row.sentences else row.text
