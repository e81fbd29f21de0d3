"""Every error a user can meet, in one tree. The outer layer prints it as one line.

RapporteurError           expected trouble: what happened, to which thing, what to do
├── ModelError            a model cannot be found, loaded or exported
├── DamagedIndexError     index files do not belong together, or cannot be read
├── SourceError           a file with speeches cannot be read
├── LibraryError          a library is missing, damaged or in use
├── StoreError            a Milvus store cannot be reached, or refuses
├── FilterError           a filter that cannot be understood
├── QuestionError         a question, or a file of questions, that cannot be used
└── ExportError           a document cannot be written, or is none of ours
"""

from embeddings.errors import DamagedIndexError, ModelError, RapporteurError, StoreError

__all__ = [
    "DamagedIndexError",
    "ExportError",
    "FilterError",
    "LibraryError",
    "ModelError",
    "QuestionError",
    "RapporteurError",
    "SourceError",
    "StoreError",
]


class SourceError(RapporteurError):
    """A file with speeches cannot be read."""


class LibraryError(RapporteurError):
    """A library is missing, damaged or in use."""


class FilterError(RapporteurError):
    """A filter that cannot be understood."""


class QuestionError(RapporteurError):
    """A question, or a file of questions, that cannot be used."""


class ExportError(RapporteurError):
    """A document cannot be written, or is none of ours."""
