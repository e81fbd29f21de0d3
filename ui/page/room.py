"""What the page is served from: one state of a library, and the next once there is one."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from time import sleep

from assistant import storage
from assistant.answer import Assistant
from assistant.claims import ClaimChecker
from assistant.errors import RapporteurError
from assistant.library import Library
from assistant.milvus.uses import quotations_of
from ui.page.desk import Desk
from ui.page.source import Catalogue

EVERY = 1.0
"""Seconds between two looks at the pointer of a library: each is one call of `stat`."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Room:
    """All that the page needs of one state of a library. What is under way keeps its room."""

    library: Library
    desk: Desk
    catalogue: Catalogue

    @classmethod
    def of(cls, assistant: Assistant) -> Room:
        library = assistant.library
        desk = Desk(assistant, ClaimChecker.shipped(library), quotations_of(library))
        return cls(library, desk, Catalogue(library))


class Present:
    """The room for the present state of a library.

    Attributes:
        room: To be taken once for everything that one request does.
    """

    def __init__(self, assistant: Assistant, folder: Path | None = None) -> None:
        """Begin with what is open.

        Args:
            assistant: For the state to begin with.
            folder: Of its library; None for one that does not change.
        """
        self.room = Room.of(assistant)
        self._folder = folder
        self._seen: tuple[int, ...] | None = ()  # nothing was looked at yet

    def renew(self) -> bool:
        """Open the state that the library's pointer names, if it is another.

        The room is replaced when all of the new one is ready. A library that cannot be opened is
        told in one line of the log, and the page goes on with what it has.
        """
        if self._folder is None or (seen := _pointer(self._folder)) == self._seen:
            return False
        self._seen = seen
        try:
            if storage.present_state(self._folder) == self.room.library.state:
                return False
            self.room = Room.of(Assistant(Library.open(self._folder)))
        except (RapporteurError, OSError) as error:
            _log.warning("the page goes on with the library as it was: %s", error)
            return False
        return True

    def watch(self, renewed: Callable[[Room], None], served: Callable[[], bool]) -> None:
        """Look once a second, on a thread of its own, whether there is another state.

        Args:
            renewed: Told of the room for it.
            served: Whether the page is; when it is no longer, the thread ends.
        """

        def look() -> None:
            while served():
                try:
                    if self.renew():
                        renewed(self.room)
                except Exception:  # the page must go on being served, and being renewed
                    _log.exception("the library could not be opened again")
                sleep(EVERY)

        if self._folder is not None:
            Thread(target=look, name="library", daemon=True).start()


def _pointer(folder: Path) -> tuple[int, ...] | None:
    """What tells one pointer from the next, without reading it; None if there is none."""
    try:
        found = os.stat(folder / storage.POINTER)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
