"""Damage a library in every way one can think of, and see that no wrong word is said.

    python tests/damage.py [--each 10] [--seed 0]

Every file of a library of the seeds is truncated, deleted, swapped with that of another library
and gets flipped bits, `--each` of them at random places; pointer and manifest are edited; the disk
is full, or the folder cannot be written; two build at once. After each a question is asked, or a
build started, through the command line. What may come of it: one line that says what to do, or
the same answer as ever. Anything else, a traceback above all, is told as a failure.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from assistant import storage  # noqa: E402
from ui.cli import main  # noqa: E402

QUESTION = "What was said about women in peacekeeping?"
Damage = tuple[str, Callable[[], None]]
"""What is done, in words, and what does it."""


def called(*arguments: object) -> tuple[int, str, str]:
    """A command in this process: exit status, output, errors. What it raises is a failure."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = main(list(map(str, arguments)))
    return status, out.getvalue(), err.getvalue()


class Trials:
    """Two libraries of different speeches, and what came of what was done to the first."""

    def __init__(self, place: Path, seed: int, each: int, share: float) -> None:
        self.place, self.each, self.share = place, each, share
        self.random = random.Random(seed)
        self.told = Counter[str]()
        self.failures: list[str] = []
        self.library, self.other = place / "library", place / "other"
        self.texts, others = place / "texts", place / "others"
        shutil.copytree(ROOT / "seeds", self.texts)
        shutil.copytree(ROOT / "seeds", others)
        sorted(others.glob("*.txt"))[0].unlink()
        for folder, texts in ((self.library, self.texts), (self.other, others)):
            assert called("index", texts, "--library", folder)[0] == 0
        self.answer = self._asked()[1]
        assert json.loads(self.answer)["answered"]

    @property
    def state(self) -> Path:
        return storage.present_state(self.library)

    def _asked(self) -> tuple[int, str, str]:
        return called("ask", QUESTION, "--json", "--library", self.library)

    # damage to files

    def files(self) -> None:
        """Damage to every file, and to pointer and manifest; each undone after it was tried."""
        self._damaged("")
        self._pointers()
        self._manifests()
        self._encoders()
        if self._asked()[1] != self.answer:
            self.failures.append("what was undone is not as before")

    def blocks(self) -> None:
        """Damage to the files of a library that are checked block by block, as large ones are."""
        whole, storage.WHOLE = storage.WHOLE, 0
        try:
            for folder in (self.library, self.other):
                texts = self.texts if folder == self.library else self.place / "others"
                assert called("index", texts, "--library", folder)[0] == 0
            self._damaged("in blocks, ")
        finally:
            storage.WHOLE = whole
        assert called("index", self.texts, "--library", self.library)[0] == 0

    def _damaged(self, which: str) -> None:
        for path in sorted(p for p in self.state.rglob("*") if p.is_file()):
            name, data = path.relative_to(self.state).as_posix(), path.read_bytes()
            for what, damage in self._damages(path, data):
                damage()
                self._try_asking(f"{which}{name}: {what}", which + what.split()[0])
                path.unlink(missing_ok=True)
                path.write_bytes(data)

    def _damages(self, path: Path, data: bytes) -> Iterator[Damage]:
        def write(content: bytes) -> Callable[[], None]:
            return lambda: void(path.write_bytes(content))

        for _ in range(self.each):
            at, bit = self.random.randrange(max(len(data), 1)), self.random.randrange(8)
            flipped = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :] if data else b"x"
            yield f"flipped bit {bit} of byte {at}", write(flipped)
        for size in (0, len(data) // 2, len(data) - 1):
            yield f"truncated to {size}", write(data[:size])
        yield "lengthened", write(data + b"\0")
        yield "deleted", path.unlink
        other = storage.present_state(self.other) / path.relative_to(self.state)
        swapped = other.read_bytes() if other.exists() else b""
        if swapped != data:
            yield "swapped with that of another library", write(swapped)

    def _pointers(self) -> None:
        pointer = self.library / storage.POINTER
        data, other = pointer.read_bytes(), (self.other / storage.POINTER).read_bytes()
        flips = [bytes([*data[:n], data[n] ^ 1, *data[n + 1 :]]) for n in range(len(data) - 1)]
        for content in (b"", data[:-5], other, b"../x\n", b"\xff", b"\0" * 20, *flips):
            pointer.write_bytes(content)
            self._try_asking(f"pointer: {content!r}", "pointer")
        pointer.unlink()
        self._try_asking("pointer: deleted", "pointer")
        pointer.mkdir()
        self._try_asking("pointer: a folder", "pointer")
        pointer.rmdir()
        pointer.write_bytes(data)

    def _manifests(self) -> None:
        path = self.state / storage.MANIFEST
        data = path.read_text("utf-8")
        manifest = json.loads(data)
        changes = [{key: None} for key in manifest] + [{key: "x"} for key in manifest]
        changes += [{"format": version} for version in (0, 1, 2, 4, 99)]
        changes += [{"model": "0" * 64}, {"dimension": 7}, {"files": {}}, {"speeches": 9}]
        for change in changes:
            path.write_text(json.dumps(manifest | change))
            self._try_asking(f"manifest: {change}", "manifest")
        for text in ("", "[]", "7", "{}", "[" * 9999):
            path.write_text(text)
            self._try_asking(f"manifest: {text[:9]}", "manifest")
        path.write_text(data, "utf-8")

    def _encoders(self) -> None:
        """An index with the encoder of another model."""
        from tests.conftest import export_toy

        folder, kept = self.state / storage.ENCODER, self.place / "encoder"
        folder.rename(kept)
        folder.mkdir()
        export_toy(folder)
        self._try_asking("encoder: of another model", "another")
        shutil.rmtree(folder)
        kept.rename(folder)

    def _try_asking(self, what: str, kind: str) -> None:
        if self.random.random() >= self.share:
            return
        try:
            status, out, err = self._asked()
            if status == 1 and not out and err.count("\n") == 1 and "uild" in err:
                self.told[f"{kind}: refused"] += 1
            elif status == 0 and out == self.answer:
                self.told[f"{kind}: the same answer"] += 1
            else:
                self.failures.append(f"{what}: {status} {out[:200]!r} {err[-500:]!r}")
            if status and called("doctor", "--library", self.library)[0] != 1:
                self.failures.append(f"{what}: doctor finds nothing")
        except Exception as error:
            self.failures.append(f"{what}: {error!r}")

    # no room, no right, no turn

    def room(self, disks: bool) -> None:
        """Updates that run out of room: no file may grow beyond a size, or the disk is full."""
        largest = max(p.stat().st_size for p in self.state.rglob("*") if p.is_file())
        for _ in range(self.each):
            size = int(largest ** self.random.uniform(0, 1))
            with no_file_above(size):
                self._try_building(f"no file above {size} bytes", "no room")
        if disks and os.geteuid() == 0:
            self._mounted("size=80m", self._fill)
            self._mounted("size=80m", self._read_only)

    def _fill(self, library: Path) -> None:
        """Room for a part of an update only."""
        needs = sum(p.stat().st_size for p in self.state.rglob("*") if p.is_file())
        for _ in range(self.each):
            ballast = library.parent / "ballast"
            leaves = self.random.randrange(needs)
            with ballast.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(library).free - leaves)
            self._try_building(f"{leaves} bytes left", "disk full", library, ballast.unlink)

    def _read_only(self, library: Path) -> None:
        subprocess.run(["mount", "-o", "remount,ro", library.parent], check=True)
        self._try_building("read-only", "read-only", library, lambda: None, mends=False)

    def _mounted(self, options: str, trial: Callable[[Path], None]) -> None:
        """Run a trial with a copy of the library on a small disk of its own."""
        place = self.place / "disk"
        place.mkdir(exist_ok=True)
        mount = ["mount", "-t", "tmpfs", "-o", options, "none", place]
        if subprocess.run(mount, capture_output=True).returncode:
            self.told["no disk could be mounted"] += 1
            return
        try:
            shutil.copytree(self.library, place / "library")
            trial(place / "library")
        finally:
            # At once for whoever looks; what this process has mapped of it is let go later.
            subprocess.run(["umount", "--lazy", place], check=True)

    def _try_building(
        self,
        what: str,
        kind: str,
        library: Path | None = None,
        mend: Callable[[], None] = lambda: None,
        mends: bool = True,
    ) -> None:
        """A build that cannot be done leaves the library; once it can be, it is done."""
        folder = library or self.library
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        try:
            # With an encoder of its own, so that all has to be written.
            arguments = ["index", self.texts, "--model", "rapporteur-encoder", "--library", folder]
            status, _, err = called(*arguments)
            refused = status == 1 and err.count("\n") == 1 and "cannot be written" in err
            if status != 0 and not refused:
                self.failures.append(f"{what}: {status} {err[-500:]!r}")
            self.told[f"{kind}: {'refused' if status else 'built'}"] += 1
            mend()
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, limit[1]))
            if called("ask", QUESTION, "--json", "--library", folder)[1] != self.answer:
                self.failures.append(f"{what}: another answer")
            if mends and called(*arguments)[0] != 0:
                self.failures.append(f"{what}: the next build fails")
            if mends and (left := storage.leftovers(folder)):
                self.failures.append(f"{what}: left lying: {left}")
        except Exception as error:
            self.failures.append(f"{what}: {error!r}")

    def writers(self) -> None:
        """Two build at once: one does, the other is told to wait, and the library is whole."""
        command = [sys.executable, "-m", "ui.cli", "index", self.texts, "--library", self.library]
        for _ in range(max(1, self.each // 3)):
            both = [
                subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True,
                                 stdout=subprocess.DEVNULL)
                for _ in range(2)
            ]  # fmt: skip
            told = [(process.communicate()[1], process.returncode) for process in both]
            for err, status in told:
                self.told[f"two writers: {'told to wait' if status else 'built'}"] += 1
                if status and "wait until it is done" not in err:
                    self.failures.append(f"two writers: {err[-500:]!r}")
            if all(status for _, status in told) or self._asked()[1] != self.answer:
                self.failures.append("two writers: no library, or another")


def void(_: object) -> None:
    """For a call whose value is of no interest."""


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """As on a full disk, every write beyond a size fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def tried(place: Path, seed: int, each: int, share: float = 1.0, disks: bool = True) -> Trials:
    """All trials, or of those with files a share that is drawn.

    Args:
        place: An empty folder.
        seed: Of what is drawn.
        each: Flipped bits for each file, and builds without room.
        share: Of the trials with files.
        disks: Whether small disks may be mounted, if this is run as root.
    """
    trials = Trials(place, seed, each, share)
    trials.files()
    trials.blocks()
    trials.room(disks)
    trials.writers()
    return trials


def run() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        trials = tried(Path(place), options.seed, options.each)
    for line in trials.failures:
        print(line)
    print(f"{sum(trials.told.values())} trials, {len(trials.failures)} failures")
    for what, count in sorted(trials.told.items()):
        print(f"  {count:4d} {what}")
    return 1 if trials.failures else 0


if __name__ == "__main__":
    sys.exit(run())
