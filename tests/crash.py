"""Kill `rapporteur index` at random moments and see that nothing is lost.

    python tests/crash.py 100

Each trial builds a library of copies of the seeds, or updates one (a speech added, one changed,
one removed), in a process of its own that is killed with SIGKILL. Then

- the library opens, with the speeches of before or, if the pointer was swapped already, of after,
  and answers a question as a library does that was built undisturbed; where there was none before,
  there is none or the whole;
- the next run completes, the library has the speeches and the answer of after, and the folder
  holds nothing but the pointer, the lock, and the last two states.

Prints a line for each trial that fails, and at the end what was tried. The moments are drawn
evenly from the time that an undisturbed run takes, with a seed, so that they can be drawn again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from assistant.answer import Assistant  # noqa: E402
from assistant.errors import LibraryError  # noqa: E402
from assistant.library import Library  # noqa: E402

QUESTION = "What was said about women in peacekeeping?"
_FORKS = """
import json, os, sys
import bm25s, faiss, onnxruntime
from assistant import builder
from embeddings import shipped
from ui.cli import main
for line in sys.stdin:
    child = os.fork()
    if not child:
        sys.stderr = open(os.devnull, "w")
        sys.stdout = open(os.devnull, "w")
        os._exit(main(json.loads(line)))
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""A process that has imported what a build needs, and forks one for each line of arguments."""


@dataclass(frozen=True)
class Content:
    """What a library says: its speeches, and an answer."""

    speeches: tuple[tuple[str, str], ...]
    answer: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path) -> Content:
        library = Library.open(folder)
        speeches = tuple((id_, library.speeches[id_].text) for id_ in library.speeches)
        answer = Assistant(library).ask(QUESTION)
        for finding in answer.findings:
            cited = finding.citation
            assert cited.quote == library.speeches[cited.speech.id].text[slice(*cited.span)]
        told = (f"{f.citation.reference}: {f.citation.quote}" for f in answer.findings)
        return cls(speeches, tuple(told))


class Killing:
    """A place with texts before and after, and what libraries of them say."""

    def __init__(self, place: Path, seed: int) -> None:
        self.place = place
        self.random = random.Random(seed)
        self._forks = subprocess.Popen(
            [sys.executable, "-c", _FORKS], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.lasts: dict[str, float] = {}
        self.told = Counter[str]()
        self.failures: list[str] = []
        self.texts = {name: _texts(place / name, name) for name in ("before", "after")}
        self.built = {name: place / f"built-{name}" for name in self.texts}
        self.said = {name: self._undisturbed(name) for name in self.texts}

    def close(self) -> None:
        self._forks.communicate()

    def _undisturbed(self, name: str) -> Content:
        assert self._run(name, self.built[name]) == 0
        return Content.of(self.built[name])

    def _library(self, begin: Path | None) -> Path:
        folder = self.place / "library"
        if begin is not None:
            shutil.copytree(begin, folder)
        return folder

    def _run(self, name: str, folder: Path, moment: float | None = None) -> int:
        """The exit status of indexing, killed at a moment if it is not done by then."""
        assert self._forks.stdin is not None
        assert self._forks.stdout is not None
        arguments = ["index", str(self.texts[name]), "--library", str(folder)]
        self._forks.stdin.write(json.dumps(arguments) + "\n")
        self._forks.stdin.flush()
        child = int(self._forks.stdout.readline())
        if moment is not None:
            time.sleep(moment)
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return int(self._forks.stdout.readline())

    def _last(self, kind: str, number: int) -> float:
        """Seconds that an undisturbed run takes now; measured anew every ten trials."""
        if number % 10 < 3:
            folder = self._library(self.built["before"] if kind == "update" else None)
            started = time.perf_counter()
            self._run("after" if kind == "update" else "before", folder)
            self.lasts[kind] = time.perf_counter() - started
            shutil.rmtree(folder)
        return self.lasts[kind]

    def trial(self, number: int) -> None:
        """One kill: in turn of a first build and of updates."""
        kind = "build" if number % 3 == 0 else "update"
        after = "before" if kind == "build" else "after"
        moment = self.random.uniform(0, self._last(kind, number))
        folder = self._library(self.built["before"] if kind == "update" else None)
        status = self._run(after, folder, moment)
        self.told[f"{kind}s {'done' if status == 0 else 'killed'}"] += 1
        try:
            self._survived(folder, kind, after)
            self._completes(folder, after)
        except Exception as error:
            self.failures.append(f"trial {number}, {kind}, {moment:.3f} s: {error!r}")
        shutil.rmtree(folder, ignore_errors=True)

    def _survived(self, folder: Path, kind: str, after: str) -> None:
        left = {path.name.split("-")[0] for path in folder.iterdir()} if folder.exists() else set()
        self.told["libraries with something left lying"] += bool(
            "CURRENT.new" in left or "vectors" in left or len(list(folder.glob("state-*"))) > 1
        )
        try:
            found = Content.of(folder)
        except LibraryError as error:
            if kind == "update" or "no library here" not in str(error):
                raise
            self.told["no library yet"] += 1
            return
        if found == self.said[after]:
            self.told["the new state"] += 1
        elif kind == "update" and found == self.said["before"]:
            self.told["the state of before"] += 1
        else:
            raise AssertionError(f"neither before nor after: {found}")

    def _completes(self, folder: Path, after: str) -> None:
        if status := self._run(after, folder):
            raise AssertionError(f"the next run ended with {status}")
        if Content.of(folder) != self.said[after]:
            raise AssertionError("the next run made another library")
        names = {path.name for path in folder.iterdir()}
        states = {name for name in names if name.startswith("state-")}
        if names - states - {".lock"} != {"CURRENT"} or len(states) > 2:
            raise AssertionError(f"left lying: {sorted(names)}")


def _texts(folder: Path, name: str) -> Path:
    """Copies of the seeds; after an update one is gone, one changed and one new."""
    shutil.copytree(ROOT / "seeds", folder)
    if name == "after":
        first, second, *_ = sorted(folder.glob("*.txt"))
        first.unlink()
        text = second.read_text("utf-8")
        second.write_text(
            text + "\nWe shall say more on women in peacekeeping tomorrow.\n", "utf-8"
        )
        (folder / "new.txt").write_text(
            "Ms. Bo (Niger): Women in peacekeeping were praised by all. We thank them.\n", "utf-8"
        )
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kills", nargs="?", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        killing = Killing(Path(place), options.seed)
        for number in range(options.kills):
            killing.trial(number)
        killing.close()
    for line in killing.failures:
        print(line)
    lasts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in killing.lasts.items())
    print(f"{options.kills} kills (undisturbed: {lasts}), {len(killing.failures)} failures")
    for what, count in sorted(killing.told.items()):
        print(f"  {count:4d} {what}")
    return 1 if killing.failures else 0


if __name__ == "__main__":
    sys.exit(main())
