"""What is measured of every system, in a process of its own: standard library only.

    python with_NAME.py build  SPEECHES PASSAGES STORE
    python with_NAME.py first  STORE QUESTION
    python with_NAME.py search STORE QUESTIONS

Each prints one JSON object. PASSAGES has one `{"text": …}` a line; QUESTIONS one `{"question": …}`.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Protocol

K = 5


class System(Protocol):
    """A program that finds passages.

    `ways` names its ways of searching, the best first.
    """

    ways: tuple[str, ...]

    def build(self, speeches: Path, passages: Path, store: Path) -> None: ...

    def open(self, store: Path, way: str) -> None: ...

    def search(self, question: str, way: str) -> list[int]:
        """The numbers of the best `K` passages, best first, from 0 in the order of the file."""
        ...


def texts(passages: Path) -> list[str]:
    with passages.open(encoding="utf-8") as file:
        return [json.loads(line)["text"] for line in file]


def main(system: System) -> None:
    command, *given = sys.argv[1:]
    report = {"build": _build, "first": _first, "search": _search}[command](system, given)
    # Linux counts in KiB; a process begins with what its parent had, which here is little.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**report, "peak_mb": peak}))


def _build(system: System, given: list[str]) -> dict[str, object]:
    begin = time.perf_counter()
    system.build(*map(Path, given))
    return {"seconds": time.perf_counter() - begin}


def _first(system: System, given: list[str]) -> dict[str, object]:
    system.open(Path(given[0]), system.ways[0])
    return {"found": system.search(given[1], system.ways[0])}


def _search(system: System, given: list[str]) -> dict[str, object]:
    with Path(given[1]).open(encoding="utf-8") as file:
        questions = [json.loads(line)["question"] for line in file]
    ways = {}
    for way in system.ways:
        system.open(Path(given[0]), way)
        for question in questions[:5]:
            system.search(question, way)
        found, seconds = [], []
        for question in questions:
            begin = time.perf_counter()
            found.append(system.search(question, way))
            seconds.append(time.perf_counter() - begin)
        ways[way] = {"found": found, "seconds": seconds}
    return {"ways": ways}
