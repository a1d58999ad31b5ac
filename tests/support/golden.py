"""Files that hold what the code should say: `pytest --update-golden` writes them anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Golden:
    update: bool

    def check(self, path: Path, text: str) -> None:
        """Compare, or write where ``update``."""
        if self.update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing: pytest --update-golden"
        assert path.read_text(encoding="utf-8") == text, f"{path}: pytest --update-golden"
