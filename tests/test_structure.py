"""How the packages depend on each other, and what they must not load or use."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("embeddings", "assistant", "ui")
HEAVY = {"torch", "sentence_transformers", "transformers", "gradio", "huggingface_hub"}
FILES = [path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py"))]


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_go_down_and_nothing_is_pickled(path: Path) -> None:
    names = {name.split(".")[0] for name in imports(parsed(path))}
    above = LAYERS[LAYERS.index(path.relative_to(ROOT).parts[0]) + 1 :]
    assert not names & {*above, "tests"}
    assert not names & {"pickle", "joblib", "shelve", "dill", "cloudpickle", "marshal"}
    assert "allow_pickle=True" not in path.read_text("utf-8")


def test_modules_of_a_layer_do_not_import_in_a_circle() -> None:
    uses = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): set(imports(parsed(path)))
        for path in FILES
    }
    left = dict(uses)
    while free := [name for name, used in left.items() if not used & set(left)]:
        for name in free:
            del left[name]
    assert not left


def test_only_the_export_and_training_know_torch() -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for path in FILES
        if {"torch", "sentence_transformers"} & {n.split(".")[0] for n in imports(parsed(path))}
        and "training" not in path.relative_to(ROOT).as_posix()
    }
    assert users == {"embeddings/export.py"}


@pytest.mark.parametrize(
    "module",
    "assistant assistant.answer assistant.builder embeddings.export ui.cli".split(),
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    if not (ROOT / Path(*module.split("."))).with_suffix(".py").exists() and "." in module:
        pytest.skip(f"{module} is not written yet")
    code = f"import sys, {module}; print(*sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_nothing_but_training_imports_training() -> None:
    users = [
        path.relative_to(ROOT).as_posix()
        for path in FILES
        if any("training" in name.split(".") for name in imports(parsed(path)))
    ]
    assert all("training" in user for user in users)
