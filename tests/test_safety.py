"""Short versions of `crash.py` and `damage.py`, with the same draws each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash import Killing
from tests.damage import tried

pytestmark = pytest.mark.model


def test_killed_builds_lose_nothing_and_leave_nothing(tmp_path: Path) -> None:
    killing = Killing(tmp_path, seed=1)
    for number in range(12):
        killing.trial(number)
    killing.close()
    assert killing.failures == []
    assert sum(n for what, n in killing.told.items() if what.endswith("s killed")) >= 6


def test_damage_is_refused_or_harmless(tmp_path: Path) -> None:
    trials = tried(tmp_path, seed=1, each=1, share=0.15, disks=False)
    assert trials.failures == []
    refused = sum(count for what, count in trials.told.items() if what.endswith("refused"))
    assert refused > 50
