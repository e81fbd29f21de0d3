"""What can go wrong in this layer. The whole tree is drawn in `assistant/errors.py`."""


class RapporteurError(Exception):
    """Expected trouble, told in one line: what happened, to which thing, what to do."""


class ModelError(RapporteurError):
    """A model cannot be found, loaded or exported."""


class DamagedIndexError(RapporteurError):
    """Index files are missing, unreadable or do not belong together."""


class StoreError(RapporteurError):
    """A Milvus store cannot be reached, or refuses what is asked of it."""
