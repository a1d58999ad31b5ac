"""`make` alone says what there is."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path


def test_make_alone_explains_every_target_that_people_use() -> None:
    done = subprocess.run(["make", "-s"], capture_output=True, text=True, check=True)
    head = Path("Makefile").read_text(encoding="utf-8").split("\n\n")[0]
    assert done.stdout.splitlines() == [re.sub("^# ?", "", line) for line in head.splitlines()]
    for target in ("run", "test", "test-fast", "lint", "fmt", "install", "clean"):
        assert f"make {target}" in done.stdout
