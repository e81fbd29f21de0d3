"""Progress of long work: stage, rate and time left, on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

_PATIENCE = 2.0
"""Seconds of work before anything is shown."""
_PLAIN_EVERY = 10.0
"""Seconds between lines where the output is no terminal."""


class ProgressView:
    """Shows stages as they go on; called with (stage, done, total)."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TaskProgressColumn(show_speed=True),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=console,
        )
        self._tasks: dict[str, tuple[TaskID, float]] = {}
        self._begin = self._told = clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress.live.is_started:
            self._progress.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = self._clock()
        if stage not in self._tasks:
            self._tasks[stage] = (self._progress.add_task(stage, total=total, rate=""), now)
        task, begin = self._tasks[stage]
        rate = f"{done / (now - begin):,.0f}/s" if done and now > begin else ""
        self._progress.update(task, completed=done, total=total, rate=rate)
        if now - self._begin < _PATIENCE:
            return
        if self._console.is_terminal:
            self._progress.start()
        elif now - self._told >= _PLAIN_EVERY:
            self._told = now
            left = (total - done) * (now - begin) / done if done else 0
            self._console.print(f"{stage}: {done:,} of {total:,}, {rate}, {left:,.0f} s left")
