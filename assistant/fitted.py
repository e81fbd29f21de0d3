"""Numbers that were fitted on judged questions, claims or topics, kept beside a model."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Self

from assistant.errors import ModelError


@dataclass(frozen=True)
class Fitted:
    """Thresholds and weights, as JSON in a folder of weights.

    Attributes:
        file: Name of the file.
    """

    file: ClassVar[str]

    def save(self, folder: Path) -> None:
        (folder / self.file).write_text(json.dumps(asdict(self), indent=2) + "\n", "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises ModelError when there are none in the folder."""
        path = folder / cls.file
        try:
            return cls(**json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise ModelError(f"{path}: cannot be read ({error})") from error
