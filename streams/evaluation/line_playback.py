"""Playing single lines through the text detector and the playbooks, each as a call of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.detector import UnusableUtteranceError
from detectors.utterance import MAX_LINE_LENGTH, Speaker, TimeSpan, TranscriptLine
from playbooks.engine.engine import advance
from playbooks.engine.state import INITIAL_CALL_STATE
from playbooks.events import CallStarted, event_time
from streams.evaluation.themes import SAFETY_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from detectors.text.model import TextEmotion
    from detectors.utterance import Language
    from playbooks.alert import Alert
    from playbooks.engine.rulebook import Rulebook
    from playbooks.events import Event
    from playbooks.reason import Reason

CALL = "evaluation"
QUEUE = "bank"
"""Some playbooks want a queue of a bank or an insurer; the others want none."""

SPAN = TimeSpan(20_000, 23_000)
"""After the greeting, long before a goodbye."""

BATCH = 256
"""Lines that are read at once."""


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """What one line alone brought.

    Attributes:
        playbook_ids: of the playbooks that fired.
        has_safety_alert: one of them is about a danger, abuse or harassment.
        reasons: why, as the alerts say, for reading by a person.
    """

    playbook_ids: frozenset[str]
    has_safety_alert: bool
    reasons: tuple[str, ...] = ()


def play_lines(
    lines: Iterable[tuple[str, Language]], detector: TextEmotion, rulebook: Rulebook
) -> Iterator[LineOutcome]:
    """Play each line as the one final line of a customer: the line first, its reading after it.

    Moods are left out: one line makes none. A line without words brings nothing.

    Args:
        lines: text and language of each; a longer text than a line may be is cut.
        detector: reads the lines.
        rulebook: the playbooks.
    """
    batch: list[TranscriptLine] = []
    for text, language in lines:
        batch.append(
            TranscriptLine(CALL, Speaker.CUSTOMER, SPAN, text[:MAX_LINE_LENGTH] or " ", language)
        )
        if len(batch) == BATCH:
            yield from _play_batch(batch, detector, rulebook)
            batch = []
    yield from _play_batch(batch, detector, rulebook)


def _play_batch(
    lines: Sequence[TranscriptLine], detector: TextEmotion, rulebook: Rulebook
) -> Iterator[LineOutcome]:
    readings = detector.read_batch(lines)
    for line, reading in zip(lines, readings, strict=True):
        events: list[Event] = [CallStarted(CALL, QUEUE, line.language), line]
        if not isinstance(reading, UnusableUtteranceError):
            events.append(reading)
        yield _summarise(_play_events(events, rulebook))


def _play_events(events: Iterable[Event], rulebook: Rulebook) -> list[Alert]:
    state = INITIAL_CALL_STATE
    alerts: list[Alert] = []
    for event in events:
        state, new_alerts = advance(rulebook, state, event, now=event_time(event))
        alerts += new_alerts
    return alerts


def _summarise(alerts: Sequence[Alert]) -> LineOutcome:
    return LineOutcome(
        frozenset(alert.playbook_id for alert in alerts),
        any(alert.sensitive in SAFETY_KINDS for alert in alerts),
        tuple(_word_alert(alert, reason) for alert in alerts for reason in alert.reasons),
    )


def _word_alert(alert: Alert, reason: Reason) -> str:
    words = reason.parameters.get("text") or reason.parameters.get("words") or ""
    shown = ", ".join(words) if isinstance(words, tuple) else words
    return f"{alert.playbook_id}: {reason.code} {shown}".strip()
