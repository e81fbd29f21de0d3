"""The README's commands run, and print what it says."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands() -> list[tuple[str, str]]:
    """Each command shown, with the output shown under it."""
    parts = [part for block in blocks("console") for part in block.split("$ ")[1:]]
    return [(command, printed) for command, _, printed in (p.partition("\n") for p in parts)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh user's folder: the seeds in it, and no library yet."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    return folder


def run(place: Path, *command: str) -> str:
    environment = os.environ | {"XDG_DATA_HOME": str(place / "data"), "COLUMNS": "80"}
    done = subprocess.run(
        command, cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return "\n".join(line.rstrip() for line in done.stdout.splitlines())


@pytest.mark.model
def test_the_commands_print_what_is_shown(place: Path) -> None:
    assert len(commands()) == 12
    for command, printed in commands():
        program, *arguments = shlex.split(command)
        assert program == "rapporteur"
        output = run(place, sys.executable, "-m", "ui.cli", *arguments)
        assert not printed.strip() or output.strip() == printed.strip()
        refused = "The speeches do not answer this." in output
        assert refused == ("World Cup" in command)


@pytest.mark.model
def test_the_python_example_runs(place: Path) -> None:
    (example,) = blocks("python")
    # The library is the one that the commands above have built.
    assert "international standards" in run(place, sys.executable, "-c", example)
