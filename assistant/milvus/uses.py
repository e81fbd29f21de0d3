"""What is made for a library, wherever it lies."""

from __future__ import annotations

from assistant.briefing import Briefer
from assistant.library import Library
from assistant.milvus.briefing import StoreBriefer
from assistant.milvus.quotations import StoreQuotations
from assistant.quotation.quotations import Quotations


def briefer_of(library: Library) -> Briefer:
    """With the models that ship with Rapporteur.

    Raises:
        ModelError: Weights are incomplete or not what was shipped.
    """
    if isinstance(library, Library):
        return Briefer.shipped(library)
    return StoreBriefer.shipped(library)


def quotations_of(library: Library) -> Quotations:
    """Checks quotations against it."""
    return Quotations(library) if isinstance(library, Library) else StoreQuotations(library)
