"""What a question is asked of, once filters are understood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.speech import Speech
from embeddings.dense import Rows


@dataclass(frozen=True)
class Scope:
    """A part of a library.

    Attributes:
        speeches, passages: How many there are.
        who: A speech for each delegation and speaker among them.
        rows: Of the passages; None for all, or where they lie in a store.
        condition: What the passages meet, as a store takes it.
    """

    speeches: int
    passages: int
    who: Sequence[Speech]
    rows: Rows | None = None
    condition: str = ""
