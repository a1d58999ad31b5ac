"""Rule files for tests: small, sound, and changed as people change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_TEXT = """\
id: {name}
version: {version}
owner: desk
level: notice
title: {{ko: 규칙, en: Rule}}
why: {{ko: 까닭, en: Reason}}
steps:
  - {{ko: 말하기, en: Speak}}
when:
  - {queue}
  - said: {{ko: [{phrase}], en: [a phrase]}}
cooldown: 10s
tests:
  - name: it fires
    {test_queue}
    timeline:
      - at: 5s
        customer says: {tested}
    alerts: [{{at: 5s}}]
  - name: it does not
    {test_queue}
    timeline:
      - at: 5s
        customer says: 안녕하세요
    alerts: none
"""


def build_playbook_yaml(
    name: str, version: int = 1, *, phrase: str = "안 됩니다", tested: str = "", queue: str = ""
) -> str:
    """A playbook that fires at a phrase; ``tested``: what its own test says instead."""
    text = _TEXT.format(
        name=name,
        version=version,
        phrase=phrase,
        tested=tested or phrase,
        queue=f"queue: [{queue}]" if queue else "call_time: {after: 1s}",
        test_queue=f"queue: {queue}" if queue else "",
    )
    return "".join(line + "\n" for line in text.splitlines() if line.strip())


def save_atomically(file: Path, text: str) -> None:
    """As most editors do: beside it, then over it in one step."""
    beside = file.with_name(f".{file.name}.swp")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)
