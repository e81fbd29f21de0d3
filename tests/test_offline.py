"""Nothing leaves the machine: every address that a process names is a loopback one."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.test_browser import QUESTION, QUOTE, ask, chromium, expect, free_port, opened

pytestmark = pytest.mark.model
__all__ = ["chromium"]  # the fixture

WATCHED = """
import json, sys
log = open(sys.argv.pop(1), "a", buffering=1)
def watch(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        log.write(json.dumps(address[0] if isinstance(address, tuple) else "local") + "\\n")
    elif event == "socket.getaddrinfo":
        log.write(json.dumps(arguments[0]) + "\\n")
sys.addaudithook(watch)
from ui.cli import main
sys.exit(main(sys.argv[1:]))
"""
HERE = {"127.0.0.1", "::1", "localhost", "local", None, ""}


def environment(place: Path) -> dict[str, str]:
    """Without the switches that the tests may have set for themselves."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "GRADIO_"))}
    return kept | {"XDG_DATA_HOME": str(place), "HOME": str(place)}


def addresses(log: Path) -> set[str | None]:
    return {json.loads(line) for line in log.read_text("utf-8").splitlines()}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("offline")


@pytest.fixture(scope="module")
def log(place: Path) -> Path:
    """What a process that builds the first library, exporting the model, asked for."""
    log = place / "ask.log"
    log.touch()
    command = [sys.executable, "-c", WATCHED, str(log), "ask", "What is KAZCENT?"]
    subprocess.run(command, env=environment(place), check=True, capture_output=True)
    return log


def test_building_and_asking_open_no_connection(log: Path) -> None:
    assert addresses(log) == set()


def test_no_library_keeps_a_record_of_its_use(place: Path, log: Path) -> None:
    """onnxruntime does, in the user's home, unless it is told not to before it is imported."""
    assert [path for path in place.rglob("*") if "onnxruntime" in path.name] == []


def test_native_code_opens_no_connection(place: Path, log: Path) -> None:
    """Below Python, where the watch above does not see."""
    strace = shutil.which("strace")
    if strace is None:
        reason = "no strace on the PATH"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    trace = place / "strace.log"
    watch = [strace, "-f", "-e", "trace=connect,sendto,sendmsg", "-o", str(trace)]
    ask = [sys.executable, "-m", "ui.cli", "index", str(ROOT / "seeds"), "--library"]
    library = str(place / "traced")
    subprocess.run([*watch, *ask, library], env=environment(place), check=True, cwd=ROOT)
    calls = trace.read_text("utf-8", "replace")
    assert "exited with 0" in calls
    assert re.findall(r"AF_INET6?.*", calls) == []


@pytest.fixture
def served(place: Path, log: Path) -> Iterator[str]:
    command = [sys.executable, "-c", WATCHED, str(place / "serve.log"), "serve"]
    (place / "serve.log").touch()
    with subprocess.Popen(
        [*command, "--port", str(free_port())],
        env=environment(place),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found is not None
        yield found.group()
        process.terminate()


@pytest.mark.browser
def test_serving_asking_and_reading_stay_on_this_machine(chromium, served, place) -> None:
    context = chromium.new_context()
    page = opened(context, served)
    turn = ask(page, QUESTION)
    turn.locator("button.marker").first.click()
    expect(page.locator(".reading mark").first).to_be_visible()
    assert page.locator(".reading mark").first.text_content() == QUOTE
    context.close()
    asked_for = addresses(place / "serve.log")
    assert "127.0.0.1" in asked_for  # the watch works: the server looks whether it is up
    assert asked_for <= HERE
