"""What becomes of the speeches of a library when it is built again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import merge
from operator import attrgetter, length_hint

from assistant.speech import Speech

Keep = Callable[[Speech], bool]
"""Whether a speech that the library holds stays in it."""


class Compared:
    """Speeches on their way into a library, compared one by one with those that it holds.

    A speech is known by its id. It is changed if anything of it is: a word, where it stands in its
    file, or what is known of who spoke and when.

    Attributes:
        added, changed, unchanged: How many of those that were read until now.
    """

    def __init__(self, speeches: Iterable[Speech], before: Mapping[str, Speech]) -> None:
        self.added = self.changed = self.unchanged = 0
        self._speeches = speeches
        self._before = before

    def __iter__(self) -> Iterator[Speech]:
        for speech in self._speeches:
            known = self._before.get(speech.id)
            if known is None:
                self.added += 1
            elif known == speech:
                self.unchanged += 1
            else:
                self.changed += 1
            yield speech

    def __length_hint__(self) -> int:
        return length_hint(self._speeches)

    @property
    def removed(self) -> int:
        """Speeches of before that did not come, once all have."""
        return len(self._before) - self.changed - self.unchanged


def beside(kept: Iterable[Speech], new: Iterable[Speech]) -> Iterator[Speech]:
    """Speeches that stay and new ones, each in order of file name, in that order."""
    return merge(kept, new, key=attrgetter("file"))
