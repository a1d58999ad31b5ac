"""Small records and rules to try on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from detectors.utterance import Language, Speaker
from streams.backtest.call_sorter import Period
from streams.backtest.dry_run import DryRun
from streams.backtest.record_lines import LineProblems
from streams.backtest.recorded_call import encode_message
from streams.backtest.sources import RecordFile
from streams.backtest.worker_pool import RulePaths
from streams.messages.calls import CallEvent, TranscriptMessage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from streams.backtest.dry_run import DryRunResult
    from streams.cloudevents import Message

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message and when it was sent."""

    after_s: float
    message: Message

    @property
    def line(self) -> bytes:
        sent_at = T0 + timedelta(seconds=self.after_s)
        return encode_message(self.message, source="test", sent_at=sent_at)


def started(call_id: str, *, at_s: float = 0, language: Language = Language.ENGLISH) -> Sent:
    at = T0 + timedelta(seconds=at_s)
    return Sent(at_s, CallEvent(call_id=call_id, event="started", at=at, language=language))


def ended(call_id: str, *, at_s: float) -> Sent:
    at = T0 + timedelta(seconds=at_s)
    return Sent(at_s, CallEvent(call_id=call_id, event="ended", at=at))


def said(  # noqa: PLR0913  (what a line is made of)
    call_id: str,
    at_s: float,
    text: str,
    *,
    since_s: float = 0,
    final: bool = True,
    language: Language = Language.ENGLISH,
) -> Sent:
    """``at_s`` into a call that began ``since_s`` after T0."""
    line = TranscriptMessage(
        call_id=call_id,
        speaker=Speaker.CUSTOMER,
        start_ms=int(at_s * 1000) - 1_000,
        end_ms=int(at_s * 1000),
        text=text,
        final=final,
        language=language,
    )
    return Sent(since_s + at_s, line)


def call(call_id: str, *lines: tuple[float, str], at_s: float = 0) -> list[Sent]:
    told = [said(call_id, after_s, text, since_s=at_s) for after_s, text in lines]
    return [started(call_id, at_s=at_s), *told]


def record(path: Path, sent: Iterable[Sent]) -> Path:
    path.write_bytes(b"".join(one.line for one in sent))
    return path


def rule(name: str, *phrases: str, cooldown: str = "60s", level: str = "notice") -> str:
    """A playbook about words."""
    return f"""\
id: {name}
version: 1
owner: tests
level: {level}
title: {{ko: {name} 제목, en: The {name} page}}
why: {{ko: 이유, en: because}}
steps:
  - {{ko: 하세요, en: do it}}
when:
  said:
    en: [{", ".join(phrases)}]
cooldown: {cooldown}
tests:
  - name: comes
    language: en
    timeline: [{{at: 5s, customer says: {phrases[0]}}}]
    alerts: [{{at: 5s}}]
  - name: does not
    language: en
    timeline: [{{at: 5s, customer says: something else}}]
    alerts: none
"""


def rules(folder: Path, **files: str) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def tried(  # noqa: PLR0913  (what a dry-run is made of)
    path: Path,
    before: Path | None,
    after: Path | None,
    *,
    period: Period | None = None,
    jobs: int = 1,
    problems: LineProblems | None = None,
) -> DryRunResult:
    run = DryRun(RulePaths(before, after), period or Period(), jobs)
    source = RecordFile(path, path.stat().st_size)
    return run.run(source, problems or LineProblems(str(path)), on_read=_nobody, on_play=_nobody)


def _nobody(_done: int, _whole: int) -> None:
    """Does not listen."""
