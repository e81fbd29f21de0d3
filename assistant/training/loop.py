"""The loop that trains a network on groups, and goes on where it was broken off."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from assistant.errors import RapporteurError
from assistant.training.groups import Group, Row

WEIGHTS_FILE = "weights.safetensors"
_CHECKPOINT = "checkpoint.pt"
_SORTED_TOGETHER = 20
"""Batches whose questions are sorted by length before they are parted, to pad less."""


class TrainingError(RapporteurError):
    """A folder holds what was trained from something else."""


Report = Callable[[int, int, float], None]
"""Called with (step, steps, mean loss since the last call)."""


Drawn = tuple[str, list[tuple[Row, Any]]]
"""A question or a claim with passages, and what the task knows of each."""


class Batch(Protocol):
    def to(self, device: torch.device) -> Batch: ...


class Task(Protocol):
    """What a network is trained to do."""

    def draw(self, group: Group, negatives: int, chance: random.Random) -> Drawn: ...

    def collate(self, drawn: Sequence[Drawn]) -> Batch: ...

    def loss(self, network: nn.Module, batch: Any) -> Tensor: ...


@dataclass(frozen=True)
class Stage:
    """A run over some groups.

    Attributes:
        negatives: Passages that do not answer, beside one that does.
        questions: In a batch.
        rate: Peak learning rate, after a warm-up of a twentieth of the steps, then linear
            to zero.
        ema_decay: Of the running mean of the weights, which is what is kept.
    """

    epochs: float
    negatives: int
    questions: int
    rate: float
    ema_decay: float = 0.995
    seed: int = 7


def train(
    network: nn.Module,
    task: Task,
    groups: Sequence[Group],
    folder: Path,
    stage: Stage,
    report: Report = lambda step, steps, loss: None,
    every: int = 50,
) -> None:
    """Train the network in place and save it to `folder`.

    A run that was broken off goes on from its last checkpoint; a finished one is loaded; both
    only if they were made from the same network, groups and stage.

    Args:
        network: Ends with the averaged weights.
        task: What it learns from a group.
        groups: Questions or claims with passages.
        folder: For the checkpoint and the result.
        stage: The hyperparameters.
        report: Told how it goes.
        every: Steps between reports; a checkpoint is written every four.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made_from = _fingerprint(network, groups, stage)
    if (folder / WEIGHTS_FILE).exists():
        with safe_open(folder / WEIGHTS_FILE, "pt") as file:
            if file.metadata() != {"made_from": made_from}:
                raise TrainingError(
                    f"{folder}: was trained from other data or settings; remove it to train again"
                )
        network.load_state_dict(load_file(folder / WEIGHTS_FILE))
        return
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device).train()
    per_epoch = -(-len(groups) // stage.questions)
    steps = max(1, round(per_epoch * stage.epochs))
    optimizer = torch.optim.AdamW(network.parameters(), lr=stage.rate, fused=True)
    warm_up = max(1, steps // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm_up, max(0.0, (steps - step) / steps))
    )
    averaged = AveragedModel(
        network,
        multi_avg_fn=get_ema_multi_avg_fn(stage.ema_decay),  # type: ignore[no-untyped-call]
    )
    parts: dict[str, Any] = {
        "network": network, "averaged": averaged, "optimizer": optimizer, "schedule": schedule
    }  # fmt: skip
    done = _resume(folder / _CHECKPOINT, parts, made_from)
    losses: list[float] = []
    for step, batch in enumerate(_batches(task, groups, stage, done, steps), start=done + 1):
        # By step, so that a resumed run drops out the same units as one that was never broken off.
        torch.manual_seed(1_000_003 * stage.seed + step)
        with torch.autocast(device.type, torch.bfloat16):
            loss = task.loss(network, batch.to(device))
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        schedule.step()
        averaged.update_parameters(network)
        losses.append(loss.item())
        if step % every == 0 or step == steps:
            report(step, steps, sum(losses) / len(losses))
            losses.clear()
        if step % (4 * every) == 0 and step < steps:
            _save(folder / _CHECKPOINT, parts, made_from, step)
    network.load_state_dict(averaged.module.state_dict())
    network.eval()
    weights = {name: value.contiguous() for name, value in network.state_dict().items()}
    save_file(weights, folder / WEIGHTS_FILE, {"made_from": made_from})
    (folder / _CHECKPOINT).unlink(missing_ok=True)


def mean_weights(*folders: Path) -> dict[str, Tensor]:
    """The mean of the weights that `train` left in each folder, by name."""
    states = [load_file(folder / WEIGHTS_FILE) for folder in folders]
    return {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}


def _fingerprint(network: nn.Module, groups: Sequence[Group], stage: Stage) -> str:
    digest = hashlib.sha256(repr(stage).encode())
    for group in groups:
        digest.update(repr(group).encode())
    for value in network.state_dict().values():
        digest.update(value.cpu().numpy().tobytes())
    return digest.hexdigest()


def _batches(
    task: Task, groups: Sequence[Group], stage: Stage, done: int, steps: int
) -> Iterator[Batch]:
    """Batches of steps `done` to `steps`: the same whether or not the run was broken off."""
    step = 0
    epoch = 0
    while True:
        chance = random.Random(f"{stage.seed}/{epoch}")
        order = chance.sample(range(len(groups)), len(groups))
        drawn = [task.draw(groups[n], stage.negatives, chance) for n in order]
        for batch in _sorted_alike(drawn, stage.questions, chance):
            if step == steps:
                return
            if step >= done:
                yield task.collate(batch)
            step += 1
        epoch += 1


def _sorted_alike(drawn: list[Drawn], size: int, chance: random.Random) -> Iterator[list[Drawn]]:
    together = size * _SORTED_TOGETHER
    for start in range(0, len(drawn), together):
        part = sorted(
            drawn[start : start + together],
            key=lambda one: max(len(row.text) for row, _ in one[1]),
        )
        batches = [part[n : n + size] for n in range(0, len(part), size)]
        chance.shuffle(batches)
        yield from batches


def _save(path: Path, parts: dict[str, Any], made_from: str, step: int) -> None:
    state = {name: part.state_dict() for name, part in parts.items()}
    partial = path.with_suffix(".partial")
    torch.save({**state, "made_from": made_from, "step": step}, partial)
    partial.replace(path)


def _resume(path: Path, parts: dict[str, Any], made_from: str) -> int:
    """Load a checkpoint of the same run, if there is one; return the steps done."""
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True, map_location="cpu")
    if state["made_from"] != made_from:
        return 0
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return int(state["step"])
